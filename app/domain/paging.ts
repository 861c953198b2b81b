import { z } from 'zod'
import { invalidField } from './errors.ts'

/** Of lists that are read whole by many; whoever needs the rest goes on with the cursor. */
export const listSize = z.number().int().min(1).max(200).default(200)

/** Of a search there are ever new words: only the whole list is worth keeping (`when` of a CacheRule). */
export const isWholeList = ({ search }: { search?: string | undefined }): boolean => search === undefined

export const pageSize = z.number().int().min(1).max(100).default(50)

/** The id of the last row seen: ids are UUIDs of version 7, which stand in the order of their making. */
export const IdCursor = z
  .uuid({ version: undefined, error: 'must be the nextCursor of an earlier page' })
  .optional()

/** Time and id of the last row seen: two rows can have the same time, and none may be lost between pages. */
export const TimeCursor = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'must be the nextCursor of an earlier page',
  )
  // Postgres has no year 0.
  .refine((cursor) => !cursor.startsWith('0000') && !Number.isNaN(Date.parse(cursor.split('_')[0] ?? '')), {
    error: 'must be the nextCursor of an earlier page',
  })
  .optional()

export const timeCursorOf = (at: Date, id: string) => `${at.toISOString()}_${id}`

/** The time and the id of a cursor. */
export function timeAndId(cursor: string): { at: Date; id: string } {
  const [at = '', id = ''] = cursor.split('_')
  return { at: new Date(at), id }
}

/** What comes after a row where rows stand by their names. @throws Problem invalid where the cursor's row is gone */
export function afterName(cursor: string | undefined, row: { name: string } | null) {
  if (cursor === undefined) return {}
  if (!row) throw invalidField('cursor', 'must be the nextCursor of an earlier page')
  return { OR: [{ name: { gt: row.name } }, { name: row.name, id: { gt: cursor } }] }
}

/** A page of rows that were asked for with one more than its size, and where the next one begins. */
export function pageOf<Row, Item>(
  rows: Row[],
  limit: number,
  itemOf: (row: Row) => Item,
  cursorOf: (row: Row) => string,
): { items: Item[]; nextCursor: string | null } {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { items: rows.slice(0, limit).map(itemOf), nextCursor: last ? cursorOf(last) : null }
}

export const pageOfItems = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() })
