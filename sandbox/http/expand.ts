import { kinds } from '../core/kinds.ts'
import type { Kind } from '../core/resources.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from './errors.ts'

type Holder = Record<string, unknown>

/** Fields that are there only when somebody asks for them, by the kind of their object. */
export type Included = Record<string, (sandbox: Sandbox, holder: never) => unknown>

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Puts objects in the place of ids: https://docs.stripe.com/api/expanding_objects.
 * @param included as "invoice.payments"
 */
export function expand(
  sandbox: Sandbox,
  answer: object,
  paths: readonly string[],
  included: Included,
): object {
  return paths.reduce<object>((value, path) => {
    const steps = path.split('.')
    if (steps.filter((one) => one !== 'data').length > 4)
      throw invalid(`You cannot expand more than 4 levels of a property. (${path})`, 'expand')
    return step(value, steps, path) as object
  }, answer)

  function step(value: unknown, [key, ...rest]: string[], path: string): unknown {
    if (key === undefined || value === null) return value
    if (Array.isArray(value)) return value.map((one) => step(one, [key, ...rest], path))
    if (!isHolder(value)) throw refusal(path)
    const include = included[`${String(value.object)}.${key}`]
    if (!include && !Object.hasOwn(value, key)) throw refusal(path)
    const inner = value[key] ?? include?.(sandbox, value as never) ?? null
    const loaded = Array.isArray(inner) ? inner.map((one) => load(one, key)) : load(inner, key)
    if (loaded === inner && inner !== null && !isHolder(inner) && !Array.isArray(inner)) throw refusal(path)
    return { ...value, [key]: step(loaded, rest, path) }
  }

  function load(value: unknown, key: string): unknown {
    if (typeof value !== 'string') return value
    if (sandbox.deletedCustomers.has(value)) return { id: value, object: 'customer', deleted: true }
    const kind = kindOf(value, key)
    return (kind && sandbox.find(kind, value)) ?? value
  }
}

/** Products and coupons may have ids of the user's own. */
const byName: Record<string, Kind> = { coupon: 'coupon', product: 'product' }

function kindOf(id: string, key: string): Kind | undefined {
  if (byName[key]) return byName[key]
  const named = Object.entries(kinds).filter(([, { prefix }]) => prefix && id.startsWith(`${prefix}_`))
  const longest = named.sort(([, a], [, b]) => b.prefix.length - a.prefix.length)[0]
  return longest?.[0] as Kind | undefined
}

const refusal = (path: string) =>
  invalid(
    `This property cannot be expanded (${path}). You may want to try expanding one of its parents.`,
    'expand',
  )
