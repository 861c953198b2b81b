import { z } from 'zod'
import { line, lines } from './text.ts'

/** Of lists that are read whole by many; whoever needs the rest goes on with the cursor. */
export const listSize = z.number().int().min(1).max(200).default(200)

/** How a list is kept that everybody of an organisation reads. Of a search there are ever new words: it is not kept. */
export const keptWhole = (tag: string) => ({
  tags: () => [tag],
  shared: true,
  seconds: 300,
  when: ({ search }: { search?: string | undefined }) => search === undefined,
})

export const pageSize = z.number().int().min(1).max(100).default(50)

const notGiven = 'must be the nextCursor of an earlier page'

/** The id of the last row seen: ids are UUIDs of version 7, which stand in the order of their making. */
export const IdCursor = z.uuid({ version: undefined, error: notGiven }).optional()

/** Time and id of the last row seen: two rows can have the same time, and none may be lost between pages. */
export const timeCursor = (id: string) =>
  z
    .string()
    .regex(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z_${id}$`), notGiven)
    // Postgres has no year 0.
    .refine((cursor) => !cursor.startsWith('0000') && !Number.isNaN(Date.parse(cursor.split('_')[0] ?? '')), {
      error: notGiven,
    })
    .optional()
export const TimeCursor = timeCursor('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')

export const timeCursorOf = (at: Date, id: string) => `${at.toISOString()}_${id}`

/** The time and the id of a cursor. */
export function timeAndId(cursor: string): { at: Date; id: string } {
  const end = cursor.indexOf('_')
  return { at: new Date(cursor.slice(0, end)), id: cursor.slice(end + 1) }
}

/** The number of the last thing seen, where they are numbered from 1. */
export const numberCursor = (most: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,9}$/, notGiven)
    .refine((cursor) => Number(cursor) <= most, { error: notGiven })
    .optional()

/**
 * Id and name of the last row seen, where rows stand by their names: the next page begins after them, whatever became of
 * that row. A name may hold anything, and a cursor stands in addresses: it is in base64url (RFC 4648, 5).
 */
export const NameCursor = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}_[A-Za-z0-9_-]{1,2000}$/, notGiven)
  .refine((cursor) => lines(2_000).safeParse(nameAndId(cursor).name).success, {
    error: notGiven,
  })
  .optional()

export const nameCursorOf = ({ id, name }: { id: string; name: string }) =>
  `${id}_${Buffer.from(name).toString('base64url')}`

/** The name and the id of a cursor. */
export function nameAndId(cursor: string): { name: string; id: string } {
  const end = cursor.indexOf('_')
  return { name: Buffer.from(cursor.slice(end + 1), 'base64url').toString(), id: cursor.slice(0, end) }
}

/** Who asks for a list by name, or for what of it holds some words. */
export const SearchByName = z.strictObject({
  /** Somewhere in what names it. */
  search: line(80).optional(),
  cursor: NameCursor,
  limit: listSize,
})

/** The page that is asked for of rows that stand by their names. @param where what each of them is as well */
export const byName = <Where extends object>(
  { cursor, limit }: { cursor?: string | undefined; limit: number },
  where: Where,
) => ({
  where: { AND: [where, cursor === undefined ? {} : afterName(cursor)] },
  orderBy: [{ name: 'asc' as const }, { id: 'asc' as const }],
  take: limit + 1,
})

function afterName(cursor: string) {
  const { name, id } = nameAndId(cursor)
  return { OR: [{ name: { gt: name } }, { name, id: { gt: id } }] }
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
