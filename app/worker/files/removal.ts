import type { BlobsOnDemand } from '@worklane/data/blobs.ts'
import { orgId } from '@worklane/data/ids.ts'
import { originalKey } from '@worklane/domain/files/store.ts'
import type pg from 'pg'

const batch = 300

/**
 * Empties the object store of files whose rows are gone, whichever way they went. A link to upload one may still be
 * good: such a file is seen to once more, ten minutes after its end.
 * Where nothing is to be removed the store's client is not even loaded.
 * @returns how many files were seen to
 */
export async function emptyRemoved(pool: pg.Pool, { open }: Pick<BlobsOnDemand, 'open'>): Promise<number> {
  let seen = 0
  for (;;) {
    const { rows } = await pool.query<Removed>(take, [batch])
    if (rows.length === 0) return seen
    const store = await open()
    for (const { organisationId, id, partsId } of rows)
      if (partsId) await store.abortParts(originalKey({ orgId: orgId(organisationId) }, id), partsId)
    await store.remove(rows.map(({ organisationId, id }) => ({ orgId: orgId(organisationId), id })))
    const ids = (which: Removed[]) => which.map(({ id }) => id)
    await pool.query('delete from removed_files where id = any($1)', [
      ids(rows.filter(({ isLast }) => isLast)),
    ])
    await pool.query('update removed_files set emptied_at = now() where id = any($1)', [ids(rows)])
    seen += rows.length
    if (rows.length < batch) return seen
  }
}

type Removed = { organisationId: string; id: string; partsId: string | null; isLast: boolean }

const take = `select organisation_id as "organisationId", id, parts_id as "partsId",
    again_at < now() - interval '10 minutes' as "isLast"
  from removed_files
  where emptied_at is null or again_at < now() - interval '10 minutes'
  order by id limit $1`

/**
 * Ends uploads that never came and forgets what was refused a day ago, and has looked at again what waits for its check
 * for longer than any queue keeps it.
 */
export async function sweepFiles(pool: pg.Pool): Promise<void> {
  await pool.query(`delete from files where (uploaded_at is null and upload_until < now())
    or (refused <> 'lost' and created_at < now() - interval '1 day')`)
  await pool.query(`insert into outbox (org_id, topic, payload)
    select org_id, 'file.check', jsonb_build_object('fileId', id) from files
    where uploaded_at < now() - interval '2 hours' and ready_at is null and refused is null`)
}
