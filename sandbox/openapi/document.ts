import { readFileSync } from 'node:fs'

/** The part of JSON Schema that Stripe's document uses. */
export type Schema = {
  $ref?: string
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array'
  nullable?: boolean
  enum?: string[]
  format?: string
  maxLength?: number
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  required?: string[]
  'x-expandableFields'?: string[]
}

export type DescribedOperation = { parameters: Schema; answer: Schema }

type Document = {
  version: string
  operations: Record<string, DescribedOperation>
  schemas: Record<string, Schema>
}

/** Stripe's own description of the operations that the sandbox speaks (extract.ts makes it). */
export const document = JSON.parse(
  readFileSync(new URL('../generated/openapi.json', import.meta.url), 'utf8'),
) as Document

/** @param name as in the document, for example "checkout.session" */
export function schemaOf(name: string): Schema {
  const schema = document.schemas[name]
  if (!schema) throw new Error(`Stripe's document has no schema "${name}"; see openapi/extract.ts`)
  return schema
}

/** The schema itself, or the one that it refers to. */
export const resolve = (schema: Schema): Schema =>
  schema.$ref ? resolve(schemaOf(schema.$ref.split('/').at(-1) ?? '')) : schema
