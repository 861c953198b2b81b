import type { List } from '../core/objects/base.ts'
import type { Kind, Resources } from '../core/resources.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, missingParameter } from './errors.ts'

export type PageParams = { limit?: number; starting_after?: string; ending_before?: string }
export const pageParams = ['limit', 'starting_after', 'ending_before'] as const

/** A moment or a range of them, as Stripe's lists take it for `created`. */
export type Range = number | { gt?: number; gte?: number; lt?: number; lte?: number }

export const isWithin = (time: number, range: Range | undefined): boolean => {
  if (range === undefined) return true
  if (typeof range === 'number') return time === range
  const { gt = -1, gte = 0, lt = Number.POSITIVE_INFINITY, lte = Number.POSITIVE_INFINITY } = range
  return time > gt && time >= gte && time < lt && time <= lte
}

/** A page of a kind's objects, the newest first: https://docs.stripe.com/api/pagination. */
export function listOf<K extends Kind>(
  sandbox: Sandbox,
  kind: K,
  url: string,
  params: PageParams,
  isWanted: (row: Resources[K]) => boolean = () => true,
): List<Resources[K]> {
  const table = sandbox.table(kind)
  const limit = limitOf(params)
  const { starting_after: after, ending_before: before } = params
  if (after !== undefined) sandbox.get(kind, after, 'starting_after')
  if (before !== undefined) sandbox.get(kind, before, 'ending_before')
  const rows = before === undefined ? table.newestFirst(after) : table.oldestFirst(before)
  const found: Resources[K][] = []
  for (const row of rows) {
    if (!isWanted(row)) continue
    found.push(row)
    if (found.length > limit) break
  }
  const data = found.slice(0, limit)
  return {
    object: 'list',
    data: before === undefined ? data : data.reverse(),
    has_more: found.length > limit,
    url,
  }
}

/** The same of a list that an object holds, in its own order. */
export function pageOf<Row extends { id: string }>(
  rows: readonly Row[],
  url: string,
  params: PageParams,
): List<Row> {
  const limit = limitOf(params)
  const placeOf = (id: string, param: string) => {
    const place = rows.findIndex((row) => row.id === id)
    if (place < 0) throw missingParameter('object', id, param)
    return place
  }
  const { starting_after: after, ending_before: before } = params
  if (before !== undefined) {
    const end = placeOf(before, 'ending_before')
    const start = Math.max(0, end - limit)
    return { object: 'list', data: rows.slice(start, end), has_more: start > 0, url }
  }
  const start = after === undefined ? 0 : placeOf(after, 'starting_after') + 1
  return {
    object: 'list',
    data: rows.slice(start, start + limit),
    has_more: rows.length > start + limit,
    url,
  }
}

function limitOf({ limit = 10, starting_after: after, ending_before: before }: PageParams): number {
  if (after !== undefined && before !== undefined)
    throw invalid('Received both starting_after and ending_before; only one can be given.', 'ending_before')
  if (limit < 1)
    throw invalid('This value must be greater than or equal to 1.', 'limit', 'parameter_invalid_integer')
  if (limit > 100)
    throw invalid('This value must be less than or equal to 100.', 'limit', 'parameter_invalid_integer')
  return limit
}
