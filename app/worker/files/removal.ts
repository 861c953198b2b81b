import type { BlobsOnDemand } from '@worklane/data/blobs.ts'
import { orgId } from '@worklane/data/ids.ts'
import { originalKey, uploadKey } from '@worklane/domain/files/store.ts'
import type pg from 'pg'
import { askAgain } from './asked-again.ts'

const batch = 300

/**
 * Empties the object store of files whose rows are gone, whichever way they went, and of what was posted of those that
 * are ready. A link to upload one may still be good: such a file is seen to once more, ten minutes after its end.
 * Where nothing is to be removed the store's client is not even loaded.
 * @returns how many files were seen to
 */
export async function emptyRemoved(pool: pg.Pool, { open }: Pick<BlobsOnDemand, 'open'>): Promise<number> {
  let seen = 0
  for (;;) {
    const { rows } = await pool.query<Removed>(take, [batch])
    if (rows.length === 0) return seen
    const store = await open()
    const [ready, gone] = [rows.filter(({ uploadOnly }) => uploadOnly), rows.filter((row) => !row.uploadOnly)]
    for (const { organisationId, id, partsId } of gone)
      if (partsId) await store.abortParts(originalKey({ orgId: orgId(organisationId) }, id), partsId)
    await store.remove(gone.map(({ organisationId, id }) => ({ orgId: orgId(organisationId), id })))
    await store.removeKeys(
      ready.map(({ organisationId, id }) => uploadKey({ orgId: orgId(organisationId) }, id)),
    )
    for (const some of [ready, gone]) await settle(pool, some)
    seen += rows.length
    if (rows.length < batch) return seen
  }
}

type Removed = {
  organisationId: string
  id: string
  partsId: string | null
  uploadOnly: boolean
  isLast: boolean
}

const take = `select organisation_id as "organisationId", id, parts_id as "partsId", upload_only as "uploadOnly",
    again_at < now() - interval '10 minutes' as "isLast"
  from removed_files
  where emptied_at is null or again_at < now() - interval '10 minutes'
  order by id limit $1`

/** A file that was ready as it was taken, and was removed meanwhile, has all of it to go: it is taken again. */
async function settle(pool: pg.Pool, rows: Removed[]): Promise<void> {
  const [first] = rows
  if (!first) return
  const ids = (which: Removed[]) => which.map(({ id }) => id)
  await pool.query('delete from removed_files where id = any($1) and upload_only = $2', [
    ids(rows.filter(({ isLast }) => isLast)),
    first.uploadOnly,
  ])
  await pool.query('update removed_files set emptied_at = now() where id = any($1) and upload_only = $2', [
    ids(rows),
    first.uploadOnly,
  ])
}

/**
 * Ends uploads that never came and forgets what was refused a day ago, and has looked at again what waits for its check
 * for longer than any queue keeps it.
 */
export async function sweepFiles(pool: pg.Pool): Promise<void> {
  await pool.query(`delete from files where (uploaded_at is null and upload_until < now())
    or (refused <> 'lost' and created_at < now() - interval '1 day')`)
  await askAgain(pool, {
    table: 'files',
    isWaiting: 'uploaded_at is not null and ready_at is null and refused is null',
    topic: 'file.check',
    named: 'fileId',
  })
}
