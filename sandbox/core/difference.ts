import { isDeepStrictEqual } from 'node:util'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * What a change overwrote, as an event's `previous_attributes`: of objects only the fields that differ, lists whole;
 * null where there was nothing.
 * @returns undefined where nothing differs
 */
export function difference(before: object, after: object): Record<string, unknown> | undefined {
  const [old, now] = [before, after] as Record<string, unknown>[]
  const changed: Record<string, unknown> = {}
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [old?.[key], now?.[key]]
    if (isDeepStrictEqual(was, is)) continue
    changed[key] = isObject(was) && isObject(is) ? difference(was, is) : (was ?? null)
  }
  return Object.keys(changed).length === 0 ? undefined : changed
}
