import { stringify } from 'csv-stringify/sync'
import { harmless } from './formulas.ts'
import { joined } from './lists.ts'

/** What a column of a table may hold. */
export type Cell = string | number | boolean | null | undefined | Date | readonly string[] | object

/** By it Excel knows that a file is UTF-8; every reader of ours and of others leaves it out. */
export const byteOrderMark = '\uFEFF'

/** Rows as RFC 4180 has them, each with its end. Texts that could begin a formula are made harmless. */
export const csvRows = (rows: readonly (readonly Cell[])[]): string =>
  stringify(
    rows.map((row) => row.map(cellOf)),
    // By itself the library quotes only its own line end.
    { record_delimiter: '\r\n', quoted_match: /[\r\n]/ },
  )

function cellOf(value: Cell): string {
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'string') return harmless(value)
  if (Array.isArray(value)) return harmless(joined(value as readonly string[]))
  if (typeof value === 'object') return harmless(JSON.stringify(value))
  return String(value)
}
