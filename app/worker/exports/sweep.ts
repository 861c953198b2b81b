import { exportPrefix } from '@worklane/data/blob-keys.ts'
import type { BlobsOnDemand } from '@worklane/data/blobs.ts'
import { orgId } from '@worklane/data/ids.ts'
import type pg from 'pg'

const batch = 200

/**
 * Ends exports that were kept long enough, and empties the store of what ended, whichever way: at once, and an hour
 * later of what a try still wrote that had not heard of it.
 * Where nothing is to be removed the store's client is not even loaded.
 * @returns how many exports were seen to
 */
export async function emptyExports(pool: pg.Pool, { open }: Pick<BlobsOnDemand, 'open'>): Promise<number> {
  await pool.query("update exports set state = 'expired' where state = 'ready' and expires_at < now()")
  let seen = 0
  for (;;) {
    const { rows } = await pool.query<Removed>(take, [batch])
    if (rows.length === 0) return seen
    const store = await open()
    for (const { organisationId, id } of rows)
      await store.removeBelow(exportPrefix(orgId(organisationId), id))
    const ids = (which: Removed[]) => which.map(({ id }) => id)
    await pool.query('delete from removed_exports where id = any($1)', [
      ids(rows.filter(({ isLast }) => isLast)),
    ])
    await pool.query('update removed_exports set emptied_at = now() where id = any($1)', [ids(rows)])
    seen += rows.length
    if (rows.length < batch) return seen
  }
}

type Removed = { organisationId: string; id: string; isLast: boolean }

const take = `select organisation_id as "organisationId", id, removed_at < now() - interval '1 hour' as "isLast"
  from removed_exports
  where emptied_at is null or removed_at < now() - interval '1 hour'
  order by id limit $1`

/** Forgets what is long over, and has done once more what waits longer than any queue keeps it, or whose worker died. */
export async function sweepJobs(pool: pg.Pool): Promise<void> {
  await pool.query(`delete from exports
    where state in ('failed', 'cancelled', 'expired') and created_at < now() - interval '90 days'`)
  await pool.query(`delete from imports
    where (state in ('refused', 'checked') and created_at < now() - interval '1 day')
      or (state in ('done', 'failed') and created_at < now() - interval '90 days')`)
  await pool.query(`insert into outbox (org_id, topic, payload)
    select org_id, 'export.run', jsonb_build_object('exportId', id) from exports where ${isLost}`)
  await pool.query(`insert into outbox (org_id, topic, payload)
    select org_id, 'import.run', jsonb_build_object('importId', id) from imports where ${isLost}`)
}

const isLost = `state in ('waiting', 'running') and created_at < now() - interval '2 hours'
  and (seen_at is null or seen_at < now() - interval '1 hour')`
