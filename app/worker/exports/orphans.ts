import { type BlobKey, exportKey, exportOfKey, type StoredExport } from '@worklane/data/blob-keys.ts'
import type { BlobStore } from '@worklane/data/blob-store.ts'
import type pg from 'pg'

const batch = 500

type Looked = { key: BlobKey; isOrphan: boolean }

/**
 * The files of exports, in the order of their keys, and whether no row knows of them.
 * @param before younger ones are left out
 */
export async function* storedExports(
  pool: pg.Pool,
  store: BlobStore,
  before: number,
): AsyncGenerator<Looked> {
  let stored: StoredExport[] = []
  for await (const { key, at } of store.objects()) {
    const its = exportOfKey(key)
    if (!its || at.getTime() >= before) continue
    stored.push(its)
    if (stored.length < batch) continue
    yield* lookedUp(pool, stored)
    stored = []
  }
  yield* lookedUp(pool, stored)
}

/** A file is of an export that is ready, or still being written, by the try that wrote it. */
async function* lookedUp(pool: pg.Pool, stored: readonly StoredExport[]): AsyncGenerator<Looked> {
  if (stored.length === 0) return
  const { rows } = await pool.query<{ orgId: string; id: string; run: string }>(
    `select org_id as "orgId", id, run from exports where id = any($1) and state in ('running', 'ready')`,
    [stored.map(({ id }) => id)],
  )
  const known = new Set(rows.map(({ orgId, id, run }) => `${orgId}/${id}/${run}`))
  for (const { orgId, id, run } of stored)
    yield { key: exportKey(orgId, id, run), isOrphan: !known.has(`${orgId}/${id}/${run}`) }
}
