import { Plan } from '@worklane/domain/actor.ts'
import { type AnyOperation, isRead, methodOf, pathOf } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { capabilityOf, scopeOf } from '@worklane/domain/permission.ts'
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
    need: z.string().optional().meta({ description: 'Of 402: what the plan does not allow, or no more of' }),
    plan: Plan.optional().meta({ description: 'Of 402: the plan that the organisation has' }),
    limit: z.number().int().optional(),
    used: z.number().int().optional(),
    liftedBy: Plan.nullable().optional().meta({ description: 'Of 402: the smallest plan that allows it' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' })

const seconds = z.number().int().nonnegative()
const limitHeaders = {
  'RateLimit-Limit': { schema: seconds, description: 'Requests in a minute, of the limit that is nearest' },
  'RateLimit-Remaining': { schema: seconds, description: 'What is left of them' },
  'RateLimit-Reset': { schema: seconds, description: 'Seconds until they begin anew' },
}
const tag = { schema: z.string(), description: 'Names this answer; send it back in If-None-Match' }
const ReadHeaders = z.object({ 'If-None-Match': z.string().optional() })
const WriteHeaders = z.object({
  'Idempotency-Key': z.string().max(200).optional().meta({
    description: 'A write that is sent again with the same key within a day happens once',
  }),
})

/** Who may do it, in words. */
const describe = (operation: AnyOperation) =>
  operation.peopleOnly
    ? `Least role: ${operation.allow}. For signed-in people, not for API keys.`
    : `Least role: ${operation.allow}. Scope of an API key: \`${scopeOf(operation)}\`.`

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
      description: describe(operation),
      tags: [capabilityOf(operation)],
      ...(operation.peopleOnly ? { security: [{ session: [] }] } : {}),
      requestParams: {
        ...(inPath.length > 0 ? { path: input.pick(known(inPath)) } : {}),
        ...(isRead(operation) && hasRest ? { query: rest } : {}),
        header: isRead(operation) ? ReadHeaders : WriteHeaders,
      },
      ...(!isRead(operation) && hasRest
        ? { requestBody: { required: true, content: { 'application/json': { schema: rest } } } }
        : {}),
      responses: {
        [success]: {
          description: 'Done',
          headers: isRead(operation) ? { ...limitHeaders, ETag: tag } : limitHeaders,
          content: { 'application/json': { schema: operation.output } },
        },
        ...(isRead(operation) ? { 304: { description: 'What the caller has is what there is' } } : {}),
        400: problem('The input is not valid; `errors` names the fields'),
        401: problem('Not signed in'),
        ...(operation.needs === undefined && (isRead(operation) || operation.evenReadOnly)
          ? {}
          : {
              402: problem(
                'The plan does not allow it (`need`, `liftedBy`), an invoice is not paid, or a card is declined',
              ),
            }),
        403: problem('The role or the scopes do not suffice, or the write came from another site'),
        404: problem('Not there, or of another organisation'),
        ...(operation.reads === 'elsewhere' ? { 409: problem('It stands against what is there') } : {}),
        ...(isRead(operation)
          ? {}
          : {
              409: problem('It stands against what is there, or against an Idempotency-Key'),
              413: problem('The body is larger than 1 MB'),
            }),
        429: {
          ...problem('Too many requests'),
          headers: { ...limitHeaders, 'Retry-After': { schema: seconds, description: 'Seconds to wait' } },
        },
        500: problem('Our own mistake; the request id helps to find it'),
        503: {
          ...problem('Busy or not there for a moment; nothing was changed, unless `detail` says otherwise'),
          headers: { 'Retry-After': { schema: seconds, description: 'Seconds to wait' } },
        },
      },
    }
    paths[path] = { ...paths[path], [methodOf(operation.rest).toLowerCase()]: described }
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Worklane', version: '1.0.0', description: 'Projects and tasks of your organisation.' },
    servers: [{ url: origin }],
    security: [{ key: [] }, { session: [] }],
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key of an organisation: `wl_…`' },
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
