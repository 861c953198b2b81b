import { openApiDocument } from '@worklane/api/openapi.ts'
import { z } from 'zod'

const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  get anyOf() {
    return z.array(Schema).optional()
  },
  get items() {
    return Schema.optional()
  },
  get properties() {
    return z.record(z.string(), Schema).optional()
  },
  required: z.array(z.string()).optional(),
})
type Schema = z.infer<typeof Schema>

const Content = z.record(z.string(), z.object({ schema: Schema }))
const Described = z.object({
  operationId: z.string(),
  summary: z.string(),
  description: z.string(),
  tags: z.tuple([z.string()]),
  parameters: z
    .array(z.object({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema: Schema }))
    .default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: Content.optional() })),
})
const OpenApi = z.object({ paths: z.record(z.string(), z.record(z.string(), Described)) })

type Field = { name: string; type: string; where: string; required: boolean }
export type DocumentedOperation = {
  name: string
  method: string
  path: string
  summary: string
  description: string
  capability: string
  fields: Field[]
  answers: { status: string; description: string; type: string }[]
}

/** Every operation as the OpenAPI document has it, by capability in the document's order. */
export function documentedOperations(): Map<string, DocumentedOperation[]> {
  const { paths } = OpenApi.parse(openApiDocument('/'))
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => documented(method.toUpperCase(), path, described)),
  )
  return Map.groupBy(all, ({ capability }) => capability)
}

function documented(method: string, path: string, from: z.infer<typeof Described>): DocumentedOperation {
  const body = from.requestBody?.content['application/json']?.schema
  return {
    ...{ method, path, name: from.operationId, summary: from.summary, description: from.description },
    capability: from.tags[0],
    fields: [
      ...from.parameters.map((parameter) => ({
        name: parameter.name,
        type: typeOf(parameter.schema),
        where: parameter.in,
        required: parameter.required ?? false,
      })),
      ...Object.entries(body?.properties ?? {}).map(([name, schema]) => ({
        ...{ name, type: typeOf(schema), where: 'body' },
        required: body?.required?.includes(name) ?? false,
      })),
    ],
    answers: Object.entries(from.responses).map(([status, { description, content }]) => {
      const [schema] = Object.values(content ?? {})
      return { status, description, type: schema ? typeOf(schema.schema) : '' }
    }),
  }
}

/** A schema in one line, as one would write it in TypeScript. */
function typeOf(schema: Schema): string {
  if (schema.$ref) return schema.$ref.split('/').at(-1) ?? ''
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ')
  if (schema.items) return `${typeOf(schema.items)}[]`
  if (schema.properties) return `{ ${Object.keys(schema.properties).join(', ')} }`
  return [schema.type ?? 'unknown'].flat().join(' | ')
}
