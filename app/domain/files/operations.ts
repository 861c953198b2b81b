import { z } from 'zod'
import { type Actor, mayAct } from '../actor.ts'
import { record } from '../effects.ts'
import { notFound, Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { IdCursor, pageOf, pageOfItems, pageSize } from '../paging.ts'
import { tenantDb } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { dispositionOf } from './disposition.ts'
import { File, fileColumns } from './shapes.ts'
import { blobs, fileFrom, originalKey } from './store.ts'
import { kindOf } from './types.ts'

/** What one sees: what was checked, and of one's own also what is under way, can be gone on with, or was refused. */
export const visibleTo = ({ userId }: Actor) => ({
  OR: [
    { readyAt: { not: null }, refused: null },
    { createdBy: userId, uploadedAt: { not: null } },
    { createdBy: userId, partsId: { not: null }, uploadUntil: { gt: new Date() } },
  ],
})

export const listFiles = operation({
  name: 'file.list',
  rest: 'GET /v1/tasks/:taskId/files',
  summary: 'The files of a task and its comments, newest first',
  allow: 'viewer',
  input: z.strictObject({ taskId: Id, cursor: IdCursor, limit: pageSize }),
  output: pageOfItems(File),
  async run(actor, { taskId, cursor, limit }) {
    const rows = await tenantDb(actor).read((db) =>
      db.file.findMany({
        relationLoadStrategy: 'join',
        where: { taskId, ...visibleTo(actor), ...(cursor ? { id: { lt: cursor } } : {}) },
        orderBy: { id: 'desc' },
        take: limit + 1,
        select: fileColumns,
      }),
    )
    const { items, nextCursor } = pageOf(
      rows,
      limit,
      (row) => row,
      ({ id }) => id,
    )
    return { items: await Promise.all(items.map((row) => fileFrom(actor, row))), nextCursor }
  },
})

/** How long a link to a file is good: to begin with, it may go on for as long as it takes. Seconds. */
const linkSeconds = 60

export const linkFile = operation({
  name: 'file.link',
  rest: 'GET /v1/files/:fileId/link',
  summary: 'A link to a file that is good for a minute: to download it, or for a picture to look at it',
  allow: 'viewer',
  input: z.strictObject({
    fileId: Id,
    to: z.enum(['download', 'show']).default('download').meta({ description: 'show is for pictures' }),
  }),
  output: z.object({ url: z.url(), until: z.iso.datetime() }),
  async run(actor, { fileId, to }) {
    const row = await tenantDb(actor).read((db) =>
      db.file.findFirst({
        where: { id: fileId, readyAt: { not: null }, refused: null },
        select: { name: true, type: true },
      }),
    )
    if (!row) throw notFound('file')
    // Whatever else a browser can show could also run.
    if (to === 'show' && kindOf(row.type) !== 'picture')
      throw new Problem('conflict', 'Only pictures are shown; download this file instead.')
    const disposition = dispositionOf(to === 'show' ? 'inline' : 'attachment', row.name)
    const until = new Date(Date.now() + linkSeconds * 1_000).toISOString()
    const asked = { disposition, type: row.type, seconds: linkSeconds }
    const store = await blobs()
    return { url: await store.downloadLink(originalKey(actor, fileId), asked), until }
  },
})

export const removeFile = operation({
  name: 'file.remove',
  rest: 'DELETE /v1/files/:fileId',
  summary: 'Removes a file, or ends its upload: your own, or any as a manager',
  allow: 'member',
  input: z.strictObject({ fileId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { fileId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const row = await tx.file.findFirst({ where: { id: fileId, ...present(actor) }, select: fileColumns })
      if (!row) throw notFound('file')
      if (row.creator?.id !== actor.userId && !mayAct(actor, 'manager'))
        throw new Problem('forbidden', 'Only a manager may remove what somebody else uploaded.')
      // The objects go with the row: a trigger tells the object store's own outbox.
      await tx.file.deleteMany({ where: { id: fileId } })
      const { taskId, name, type, size } = row
      record(`file ${fileId}`, { taskId, name, type, size: Number(size) }, null)
      return { id: fileId }
    }),
})

/** What one may know of: others' files once they are ready, one's own at any time. */
const present = ({ userId }: Actor) => ({ OR: [{ readyAt: { not: null } }, { createdBy: userId }] })
