import { Ajv, type ValidateFunction } from 'ajv'
import { document, type Schema } from '../openapi/document.ts'
import { newer } from '../openapi/newer.ts'

/** What is wrong with an object, in the order in which it was found; empty where nothing is. */
export type Problems = string[]

const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false })
ajv.addSchema({
  $id: 'stripe',
  $defs: Object.fromEntries(
    Object.entries(document.schemas).map(([name, schema]) => [name, toJsonSchema(withNewer(name, schema))]),
  ),
})
/** With the fields that the document does not have yet, whatever they hold. */
function withNewer(name: string, schema: Schema): Schema {
  const added = Object.keys(newer[name] ?? {}).map((field) => [field, {}])
  return { ...schema, properties: { ...schema.properties, ...Object.fromEntries(added) } }
}

const validators = new Map<string, ValidateFunction>()

/** Checks an answer against what Stripe's document says of the operation; of an error, against its error. */
export function problemsOfAnswer(route: string, status: number, body: unknown): Problems {
  if (status >= 400) return problems('error', { $ref: '#/schemas/error' }, body)
  const described = document.operations[route]
  if (!described) return [`Stripe's document has no ${route}`]
  return problems(route, described.answer, body)
}

/** Checks an event and the object that it tells of. */
export function problemsOfEvent(event: { type: string; data: { object: object } }): Problems {
  const { object: kind } = event.data.object as { object: string }
  // An upcoming invoice has no id.
  const object = event.type === 'invoice.upcoming' ? { id: '', ...event.data.object } : event.data.object
  return [
    ...(eventTypes().has(event.type) ? [] : [`Stripe has no event ${event.type}`]),
    ...problems('event', { $ref: '#/schemas/event' }, event),
    ...problems(`object ${kind}`, { $ref: `#/schemas/${kind}` }, object),
  ]
}

/** Checks what was sent: every parameter known, none missing, all of their type. */
export function problemsOfRequest(route: string, params: unknown): Problems {
  const described = document.operations[route]
  if (!described) return [`Stripe's document has no ${route}`]
  return problems(`parameters of ${route}`, described.parameters, params)
}

/** Those that an endpoint can ask for. */
const eventTypes = (): Set<string> =>
  new Set(
    document.operations['POST /v1/webhook_endpoints']?.parameters.properties?.enabled_events?.items?.enum ??
      [],
  )

function problems(name: string, schema: Schema, value: unknown): Problems {
  const kept = validators.get(name) ?? ajv.compile(toJsonSchema(schema))
  validators.set(name, kept)
  if (kept(value)) return []
  // Of an object that is none of several kinds, each kind complains: those that are about a missing match say the least.
  const errors = (kept.errors ?? []).filter(({ keyword }) => keyword !== 'anyOf')
  return errors
    .slice(0, 10)
    .map(({ instancePath, message, params }) => `${name}${instancePath} ${message} ${JSON.stringify(params)}`)
}

/**
 * OpenAPI 3.0 says `nullable` where JSON Schema has a type. Stripe's document lets objects have more fields than it names;
 * here they may not, so that a field with a wrong name is found.
 */
function toJsonSchema(schema: Schema): object {
  const {
    nullable,
    $ref,
    properties,
    additionalProperties,
    items,
    anyOf,
    required = [],
    type,
    enum: values,
  } = schema
  if ($ref) return { $ref: `stripe${$ref.replace('#/schemas/', '#/$defs/')}` }
  const isClosed = properties && Object.keys(properties).length > 0 && additionalProperties === undefined
  const plain = {
    ...(type ? { type } : {}),
    ...(values ? { enum: values } : {}),
    ...(schema.maxLength === undefined ? {} : { maxLength: schema.maxLength }),
    ...(anyOf ? { anyOf: anyOf.map(toJsonSchema) } : {}),
    ...(items ? { items: toJsonSchema(items) } : {}),
    ...(required.length > 0 ? { required } : {}),
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, toJsonSchema(property)]),
          ),
        }
      : {}),
    ...(isClosed ? { additionalProperties: false } : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: toJsonSchema(additionalProperties) }
      : {}),
  }
  return nullable ? { anyOf: [plain, { type: 'null' }] } : plain
}

/** How many operations Stripe has in the families of resources that the sandbox speaks. */
export const describedOperations = (): string[] => Object.keys(document.operations)
