import type { BlobsOnDemand } from '@worklane/data/blobs.ts'
import { orgId } from '@worklane/data/ids.ts'
import { originalKey, uploadKey } from '@worklane/domain/files/store.ts'
import type pg from 'pg'
import { askAgain } from './asked-again.ts'

const batch = 300

/**
 * Empties the object store of files whose rows are gone, whichever way they went, and of what was posted once more of
 * those that are ready. A link to upload one may still be good: such a file is seen to once more, ten minutes after its
 * end. Where nothing is to be removed the store's client is not even loaded.
 * @returns how many files were seen to
 */
export async function emptyRemoved(pool: pg.Pool, blobs: Pick<BlobsOnDemand, 'open'>): Promise<number> {
  return (await emptyGone(pool, blobs)) + (await emptyPosted(pool, blobs))
}

async function emptyGone(pool: pg.Pool, { open }: Pick<BlobsOnDemand, 'open'>): Promise<number> {
  let seen = 0
  for (;;) {
    const { rows } = await pool.query<Gone>(takeGone, [batch])
    if (rows.length === 0) return seen
    const store = await open()
    for (const { organisationId, id, partsId } of rows)
      if (partsId) await store.abortParts(originalKey({ orgId: orgId(organisationId) }, id), partsId)
    await store.remove(rows.map(({ organisationId, id }) => ({ orgId: orgId(organisationId), id })))
    const ids = (which: Gone[]) => which.map(({ id }) => id)
    await pool.query('delete from removed_files where id = any($1)', [
      ids(rows.filter(({ isLast }) => isLast)),
    ])
    await pool.query('update removed_files set emptied_at = now() where id = any($1)', [ids(rows)])
    seen += rows.length
    if (rows.length < batch) return seen
  }
}

type Gone = { organisationId: string; id: string; partsId: string | null; isLast: boolean }

const takeGone = `select organisation_id as "organisationId", id, parts_id as "partsId",
    again_at < now() - interval '10 minutes' as "isLast"
  from removed_files
  where emptied_at is null or again_at < now() - interval '10 minutes'
  order by id limit $1`

/** Only what the form posted goes: the file is ready, or went another way. */
async function emptyPosted(pool: pg.Pool, { open }: Pick<BlobsOnDemand, 'open'>): Promise<number> {
  let seen = 0
  for (;;) {
    const { rows } = await pool.query<Posted>(takePosted, [batch])
    if (rows.length === 0) return seen
    const store = await open()
    await store.removeKeys(
      rows.map(({ organisationId, id }) => uploadKey({ orgId: orgId(organisationId) }, id)),
    )
    await pool.query('delete from posted_files where id = any($1)', [rows.map(({ id }) => id)])
    seen += rows.length
    if (rows.length < batch) return seen
  }
}

type Posted = { organisationId: string; id: string }

const takePosted = `select organisation_id as "organisationId", id from posted_files
  where form_until < now() - interval '10 minutes' order by id limit $1`

/** Whoever uploaded it had a day to see why. The first condition is for the index: what was refused is no younger. */
export const wasRefusedADayAgo =
  "created_at < now() - interval '1 day' and coalesce(refused_at, created_at) < now() - interval '1 day'"

/**
 * Ends uploads that never came and forgets what was refused a day ago, and has looked at again what waits for its check
 * for longer than any queue keeps it.
 */
export async function sweepFiles(pool: pg.Pool): Promise<void> {
  await pool.query(`delete from files where (uploaded_at is null and upload_until < now())
    or (refused <> 'lost' and ${wasRefusedADayAgo})`)
  await askAgain(pool, {
    table: 'files',
    isWaiting: 'uploaded_at is not null and ready_at is null and refused is null',
    topic: 'file.check',
    named: 'fileId',
  })
}
