import { type DescribedOperation, resolve, type Schema } from '../openapi/document.ts'
import { invalid } from './errors.ts'

/** What a form body parses to: text, or lists and objects of it. */
export type Form = string | Form[] | { [key: string]: Form }

/**
 * Checks what came against Stripe's own description of the operation, and makes numbers and booleans of text.
 * @throws StripeError as Stripe does: parameter_unknown, parameter_missing, parameter_invalid_integer, …
 */
export function readParameters({ parameters }: DescribedOperation, form: Form): Record<string, unknown> {
  return readObject(parameters, form, '') as Record<string, unknown>
}

function read(given: Schema, value: Form, path: string): unknown {
  const schema = resolve(given)
  if (schema.anyOf) return readAnyOf(schema.anyOf, value, path)
  switch (schema.type) {
    case 'object':
      return readObject(schema, value, path)
    case 'array':
      return readArray(schema, value, path)
    case 'boolean':
      return readBoolean(value, path)
    case 'integer':
    case 'number':
      return readNumber(schema.type, value, path)
    default:
      return readString(schema, value, path)
  }
}

/** The first alternative that fits; of none, the complaint of the one that has the value's shape. */
function readAnyOf(alternatives: readonly Schema[], value: Form, path: string): unknown {
  const isText = typeof value === 'string'
  const complaints: { isOfShape: boolean; error: unknown }[] = []
  for (const alternative of alternatives) {
    try {
      return read(alternative, value, path)
    } catch (error) {
      const { type = 'string', enum: values } = resolve(alternative)
      const isOfShape = isText !== (type === 'object' || type === 'array') && values?.[0] !== ''
      complaints.push({ isOfShape, error })
    }
  }
  throw (complaints.find(({ isOfShape }) => isOfShape) ?? complaints[0])?.error
}

function readObject(schema: Schema, value: Form, path: string): unknown {
  if (typeof value === 'string' || Array.isArray(value)) {
    if (value.length === 0 && path === '') return {}
    throw invalid('Invalid object', path, 'parameter_invalid_object')
  }
  const { properties = {}, additionalProperties, required = [] } = schema
  const isMap = typeof additionalProperties === 'object' && Object.keys(properties).length === 0
  const entries = Object.entries(value).map(([key, inner]) => {
    const at = path === '' ? key : `${path}[${key}]`
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined
    const described = property ?? (isMap ? additionalProperties : undefined)
    if (!described) throw invalid(`Received unknown parameter: ${at}`, at, 'parameter_unknown')
    return [key, read(described, inner, at)]
  })
  for (const key of required) {
    if (Object.hasOwn(value, key)) continue
    const at = path === '' ? key : `${path}[${key}]`
    throw invalid(`Missing required param: ${at}.`, at, 'parameter_missing')
  }
  return Object.fromEntries(entries)
}

function readArray({ items = {} }: Schema, value: Form, path: string): unknown[] {
  if (typeof value === 'string') throw invalid('Invalid array', path)
  // Indices beyond what the parser makes a list of come as an object's keys.
  return Object.values(value).map((inner, index) => read(items, inner, `${path}[${index}]`))
}

function readBoolean(value: Form, path: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  throw invalid(`Invalid boolean: ${String(value)}`, path)
}

function readNumber(type: 'integer' | 'number', value: Form, path: string): number {
  const pattern = type === 'integer' ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/
  const number = typeof value === 'string' && pattern.test(value) ? Number(value) : Number.NaN
  if (type === 'integer' && !Number.isSafeInteger(number))
    throw invalid(`Invalid integer: ${String(value)}`, path, 'parameter_invalid_integer')
  if (Number.isNaN(number)) throw invalid(`Invalid number: ${String(value)}`, path)
  return number
}

function readString(schema: Schema, value: Form, path: string): string {
  if (typeof value !== 'string') throw invalid('Invalid string', path, 'parameter_invalid_string_blank')
  if (schema.enum && !schema.enum.includes(value)) {
    const known = schema.enum.filter(Boolean)
    throw invalid(`Invalid ${path}: must be one of ${known.join(', ')}`, path)
  }
  if (schema.maxLength !== undefined && value.length > schema.maxLength)
    throw invalid(`Invalid string: must be at most ${schema.maxLength} characters`, path)
  if (schema.format === 'decimal' && !/^-?\d+(\.\d{1,12})?$/.test(value))
    throw invalid(`Invalid decimal: ${value}`, path, 'parameter_invalid_decimal')
  return value
}
