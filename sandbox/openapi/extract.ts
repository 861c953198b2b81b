import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/**
 * Writes the part of Stripe's OpenAPI document that the sandbox speaks to generated/openapi.json:
 * `node sandbox/openapi/extract.ts <spec3.json>`, where the document is the one that stripe-mock embeds
 * (its Go module, embedded/openapi/spec3.json; MIT, © Stripe).
 */
const families = [
  'billing/meter_event_adjustments',
  'billing/meter_events',
  'billing/meters',
  'billing_portal',
  'charges',
  'checkout/sessions',
  'coupons',
  'customers',
  'disputes',
  'events',
  'invoice_payments',
  'invoiceitems',
  'invoices',
  'payment_intents',
  'payment_methods',
  'prices',
  'products',
  'promotion_codes',
  'refunds',
  'setup_intents',
  'subscription_items',
  'subscription_schedules',
  'subscriptions',
  'tax_ids',
  'test_helpers/test_clocks',
  'webhook_endpoints',
]

/** Below customers: what came before payment methods, and kinds of money that the sandbox has none of. */
const foreign = /sources|bank_accounts|\/cards|cash_balance|funding|\/search$|microdeposits|increment_auth/

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

const Document = z.object({
  info: z.object({ version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.json())),
  components: z.object({ schemas: z.record(z.string(), z.json()) }),
})

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const nameOf = (reference: Json | undefined) => String(reference).split('/').at(-1) ?? ''

/** Texts for people, and Stripe's own hints for its generators. */
const isProse = (key: string, value: Json) =>
  (key === 'description' && typeof value === 'string') ||
  key === 'summary' ||
  (key.startsWith('x-') && key !== 'x-expandableFields')

/** Fields that are really named so stand below `properties`, and stay. */
function strip(value: Json, isNames = false): Json {
  if (Array.isArray(value)) return value.map((one) => strip(one))
  if (!isObject(value)) return value
  const kept = Object.entries(value).filter(([key, inner]) => isNames || !isProse(key, inner))
  return Object.fromEntries(kept.map(([key, inner]) => [key, strip(inner, key === 'properties' && !isNames)]))
}

/** An object that tells something of each kind of payment method: of all those the sandbox has cards. */
const otherKinds = (properties: JsonObject, kinds: ReadonlySet<string>) =>
  properties.card ? Object.keys(properties).filter((key) => key !== 'card' && kinds.has(key)) : []

/** The kinds of payment methods that Stripe has. */
function methodKinds(schemas: JsonObject): Set<string> {
  const { properties } = schemas.payment_method as { properties: { type: { enum: string[] } } }
  return new Set(properties.type.enum)
}

/** One operation: what may be sent, as one object, and what comes back. */
function operationOf(operation: JsonObject): JsonObject {
  const {
    parameters = [],
    requestBody,
    responses,
  } = operation as {
    parameters?: { in: string; name: string; required?: boolean; schema: JsonObject }[]
    requestBody?: { content: Record<string, { schema: JsonObject }> }
    responses: { 200: { content: Record<string, { schema: JsonObject }> } }
  }
  const query = parameters.filter((parameter) => parameter.in === 'query')
  const body = requestBody?.content['application/x-www-form-urlencoded']?.schema
  const properties: JsonObject = { ...Object.fromEntries(query.map(({ name, schema }) => [name, schema])) }
  Object.assign(properties, body?.properties ?? {})
  const required = [
    ...query.filter((parameter) => parameter.required).map(({ name }) => name),
    ...((body?.required as string[] | undefined) ?? []),
  ]
  const answer = responses[200].content['application/json']?.schema ?? {}
  return { parameters: { type: 'object', properties, required }, answer }
}

async function extract(file: string): Promise<void> {
  const { info, paths, components } = Document.parse(JSON.parse(await readFile(file, 'utf8')))
  const schemas = components.schemas as JsonObject
  const kinds = methodKinds(schemas)
  const operations: JsonObject = {}
  for (const [path, methods] of Object.entries(paths)) {
    const isOurs = families.some((one) => path === `/v1/${one}` || path.startsWith(`/v1/${one}/`))
    if (!isOurs || foreign.test(path)) continue
    for (const [method, operation] of Object.entries(methods)) {
      operations[`${method.toUpperCase()} ${path}`] = operationOf(operation as JsonObject)
    }
  }
  const resources = new Set(
    Object.values(operations).flatMap((one) =>
      [...JSON.stringify((one as JsonObject).answer).matchAll(/schemas\/(\w+)/g)].map(([, name]) => name),
    ),
  )
  const isSpoken = (one: Json) => !isObject(one) || one.$ref === undefined || resources.has(nameOf(one.$ref))
  const kept: JsonObject = {}
  const keep = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(keep)
    if (!isObject(value)) return value
    if (typeof value.$ref === 'string') {
      const name = nameOf(value.$ref)
      if (!Object.hasOwn(kept, name)) {
        kept[name] = null
        kept[name] = keep(strip(schemas[name] ?? null))
      }
      return { $ref: `#/schemas/${name}` }
    }
    const alternatives = Array.isArray(value.anyOf) ? value.anyOf : []
    const isExpandable = alternatives.some((one) => isObject(one) && one.type === 'string')
    const dropped = isObject(value.properties) ? otherKinds(value.properties, kinds) : []
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (key === 'anyOf' && isExpandable) return [key, keep(alternatives.filter(isSpoken))]
        if (key === 'properties' && isObject(inner))
          return [
            key,
            keep(Object.fromEntries(Object.entries(inner).filter(([name]) => !dropped.includes(name)))),
          ]
        if (key === 'required' && Array.isArray(inner))
          return [key, inner.filter((name) => !dropped.includes(String(name)))]
        return [key, keep(inner)]
      }),
    )
  }
  const spoken = keep(strip(operations)) as JsonObject
  for (const name of ['error', 'event', 'deleted_customer']) keep({ $ref: name })
  // A line an operation and a schema, so that a difference shows what changed.
  const lines = (part: JsonObject) =>
    Object.entries(part)
      .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
      .join(',\n')
  const text = `{"version":${JSON.stringify(info.version)},\n"operations":{\n${lines(spoken)}\n},\n"schemas":{\n${lines(kept)}\n}}\n`
  await writeFile(join(import.meta.dirname, '../generated/openapi.json'), text)
  console.log(`${Object.keys(operations).length} operations, ${Object.keys(kept).length} schemas`)
}

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('no document: node sandbox/openapi/extract.ts <spec3.json>')
await extract(file)
