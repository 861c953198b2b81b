import { isRead, methodOf, pathOf } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'

const ProblemDocument = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' })

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: ProblemDocument } },
})

/** The OpenAPI 3.1 document, made from the operations. */
export function openApiDocument(origin: string): object {
  const paths: ZodOpenApiPathsObject = {}
  for (const operation of operationList) {
    const path = pathOf(operation.rest).replaceAll(/:(\w+)/g, '{$1}')
    const input = operation.input as z.ZodObject<Record<string, z.ZodType>>
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string)
    const known = (names: string[]) =>
      Object.fromEntries(names.map((name) => [name, true])) as Record<string, never>
    const rest = input.omit(known(inPath))
    const hasRest = Object.keys(rest.shape).length > 0
    const success = operation.name.endsWith('.create') ? '201' : '200'
    const described: ZodOpenApiOperationObject = {
      operationId: operation.name,
      summary: operation.summary,
      description: `Least role: ${operation.allow}.`,
      tags: [operation.name.split('.')[0] as string],
      requestParams: {
        ...(inPath.length > 0 ? { path: input.pick(known(inPath)) } : {}),
        ...(isRead(operation) && hasRest ? { query: rest } : {}),
      },
      ...(!isRead(operation) && hasRest
        ? { requestBody: { required: true, content: { 'application/json': { schema: rest } } } }
        : {}),
      responses: {
        [success]: { description: 'Done', content: { 'application/json': { schema: operation.output } } },
        400: problem('The input is not valid; `errors` names the fields'),
        401: problem('Not signed in'),
        403: problem('The role is too low, or the write came from another site'),
        404: problem('Not there, or of another organisation'),
        ...(operation.name === 'project.create' ? { 409: problem('The key is taken') } : {}),
      },
    }
    paths[path] = { ...paths[path], [methodOf(operation.rest).toLowerCase()]: described }
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Worklane', version: '1.0.0', description: 'Projects and tasks of your organisation.' },
    servers: [{ url: origin }],
    security: [{ session: [] }],
    components: {
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'authjs.session-token',
          description: 'Set by signing in.',
        },
      },
    },
    paths,
  })
}
