import { z } from 'zod'
import { record } from '../effects.ts'
import { notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { byName, listSize, NameCursor, nameCursorOf, pageOf, pageOfItems } from '../paging.ts'
import { unlessTaken } from '../refusals.ts'
import { tenantDb } from '../runtime.ts'
import { TaskQuery } from '../tasks/reads.ts'
import { Id } from '../tasks/shapes.ts'
import { line } from '../text.ts'

export const SavedFilter = z
  .object({ id: Id, name: z.string(), query: TaskQuery })
  .meta({ id: 'SavedFilter' })
export type SavedFilter = z.infer<typeof SavedFilter>

const columns = { id: true, name: true, query: true } as const
const filterOf = (row: { id: string; name: string; query: unknown }): SavedFilter => ({
  ...row,
  query: TaskQuery.parse(row.query),
})

export const listFilters = operation({
  name: 'filter.list',
  rest: 'GET /v1/filters',
  summary: 'Your saved filters, by name',
  allow: 'viewer',
  input: z.strictObject({ cursor: NameCursor, limit: listSize.default(100) }),
  output: pageOfItems(SavedFilter),
  run: (actor, asked) =>
    tenantDb(actor).read(async (db) => {
      const mine = { userId: actor.userId }
      const rows = await db.savedFilter.findMany({ ...byName(asked, mine), select: columns })
      return pageOf(rows, asked.limit, filterOf, nameCursorOf)
    }),
})

export const createFilter = operation({
  name: 'filter.create',
  rest: 'POST /v1/filters',
  summary: 'Keeps a question about tasks under a name',
  allow: 'viewer',
  input: z.strictObject({ name: line(80), query: TaskQuery }),
  output: SavedFilter,
  run: (actor, { name, query }) =>
    tenantDb(actor).transaction(async (tx) => {
      const data = { orgId: actor.orgId, userId: actor.userId, name, query }
      const saved = filterOf(
        await unlessTaken(
          tx.savedFilter.create({ data, select: columns }),
          `You already have a filter "${name}".`,
        ),
      )
      record(`filter ${saved.id}`, null, saved)
      return saved
    }),
})

export const removeFilter = operation({
  name: 'filter.remove',
  rest: 'DELETE /v1/filters/:filterId',
  summary: 'Removes a saved filter of yours',
  allow: 'viewer',
  input: z.strictObject({ filterId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { filterId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const mine = { id: filterId, userId: actor.userId }
      const known = await tx.savedFilter.findFirst({ where: mine, select: columns })
      if (!known) throw notFound('filter')
      await tx.savedFilter.deleteMany({ where: mine })
      record(`filter ${filterId}`, filterOf(known), null)
      return { id: filterId }
    }),
})
