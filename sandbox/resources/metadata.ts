import type { Metadata } from '../core/objects/base.ts'

/** What was there with what came: an empty value takes its key away, and empty metadata all of them. */
export function merged(before: Metadata = {}, given: Metadata | '' | undefined): Metadata {
  if (given === undefined) return before
  if (given === '') return {}
  return Object.fromEntries(Object.entries({ ...before, ...given }).filter(([, value]) => value !== ''))
}

/** The fields among these that were given, and no others. */
export function given<Params extends object, Key extends keyof Params>(
  params: Params,
  keys: readonly Key[],
): Partial<Pick<Params, Key>> {
  const present = keys.filter((key) => params[key] !== undefined).map((key) => [key, params[key]])
  return Object.fromEntries(present)
}
