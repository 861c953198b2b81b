import fc from 'fast-check'
import type { Input } from './asks.ts'

export type Schema = {
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  format?: string
  pattern?: string
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  maxLength?: number
  minimum?: number
  maximum?: number
}

/** What nobody should send, and somebody does. */
const absurd = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      '\0',
      'a\0b',
      '\ud800',
      '‮',
      'null',
      '../../etc/passwd',
      "'; drop table tasks; --",
      '%00',
      '💥'.repeat(60),
    ],
    ...[
      'x'.repeat(20_000),
      '00000000-0000-0000-0000-000000000000',
      '2026-02-31',
      '9999-12-31',
      '-1',
      '1e400',
    ],
  ),
  fc.constantFrom<unknown>(null, true, -1, 0, 2 ** 53, 1.5, [], {}, [[]], { id: 1 }),
  fc.string({ unit: 'binary' }),
  fc.jsonValue(),
)

/** Values that a schema allows, as far as it says; and now and then one that it may not. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const fitting = fittingOf(schema)
  return fc.oneof({ weight: 4, arbitrary: fitting }, { weight: 1, arbitrary: absurd })
}

function fittingOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(fittingOf))
  if (schema.format === 'uuid') return fc.uuid()
  if (schema.format === 'date') {
    return fc
      .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10))
  }
  if (schema.format === 'email') return fc.emailAddress()
  if (schema.type === 'string')
    return fc.string({ maxLength: Math.min(60, schema.maxLength ?? 60), unit: 'grapheme' })
  if (schema.type === 'integer' || schema.type === 'number') {
    return fc.integer({ min: schema.minimum ?? -5, max: Math.min(2 ** 31, schema.maximum ?? 500) })
  }
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'null') return fc.constant(null)
  if (schema.type === 'array') return fc.array(valuesOf(schema.items ?? {}), { maxLength: 4 })
  if (schema.type === 'object') return inputOf(schema, {})
  return absurd
}

/** Inputs of an operation: each field from its schema, or what really is there. */
export function inputOf(schema: Schema, known: Input): fc.Arbitrary<Input> {
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const value =
      name in known
        ? fc.oneof({ weight: 3, arbitrary: fc.constant(known[name]) }, valuesOf(field))
        : valuesOf(field)
    return [name, value] as const
  })
  return fc.record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] }) as fc.Arbitrary<Input>
}
