import { resolve, type Schema, schemaOf } from './document.ts'
import { newer } from './newer.ts'

/**
 * Fields that are there only when somebody asks to expand them, or when the account has a feature that the sandbox
 * does not have.
 */
const onRequest = new Set([
  'payments',
  'confirmation_secret',
  'tax_ids',
  'subscriptions',
  'sources',
  'cash_balance',
  'refunds',
])

/**
 * An object of Stripe's with every field that its document wants or lets be null: what the sandbox does not model is
 * there, and empty. Whatever has a meaning is laid over it.
 */
export function blank(name: string): Record<string, unknown> {
  const kept = blanks.get(name) ?? { ...(blankOf(schemaOf(name)) as object), ...newer[name] }
  blanks.set(name, kept)
  return structuredClone(kept)
}

const blanks = new Map<string, Record<string, unknown>>()

function blankOf(given: Schema): unknown {
  if (given.nullable) return null
  const schema = resolve(given)
  if (schema.nullable) return null
  if (schema.anyOf?.[0]) return blankOf(schema.anyOf[0])
  if (schema.enum) return schema.enum[0]
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 0
    case 'boolean':
      return false
    case 'array':
      return []
    case 'string':
      // The SDK makes a number of it.
      return schema.format === 'decimal' ? '0' : ''
    default:
      return blankObject(schema)
  }
}

function blankObject({ properties = {}, required = [] }: Schema): Record<string, unknown> {
  const wanted = Object.entries(properties).filter(
    ([name, property]) => !onRequest.has(name) && (required.includes(name) || property.nullable),
  )
  return Object.fromEntries(wanted.map(([name, property]) => [name, blankOf(property)]))
}
