import { type BlobKey, exportKey, exportOfKey, type StoredExport } from '@worklane/data/blob-keys.ts'
import type { BlobStore } from '@worklane/data/blob-store.ts'
import type pg from 'pg'

const batch = 500

/**
 * The files of exports, in the order of their keys, that no row knows of and that are older than a day.
 * @param before when they were written at the latest
 */
export async function* orphanedExports(
  pool: pg.Pool,
  store: BlobStore,
  before: number,
): AsyncGenerator<BlobKey> {
  let looked: StoredExport[] = []
  for await (const { key, at } of store.objects()) {
    const stored = exportOfKey(key)
    if (!stored || at.getTime() >= before) continue
    looked.push(stored)
    if (looked.length < batch) continue
    yield* unknown(pool, looked)
    looked = []
  }
  yield* unknown(pool, looked)
}

/** A file is of a row that is ready, or still being written, by the try that wrote it. */
async function* unknown(pool: pg.Pool, stored: readonly StoredExport[]): AsyncGenerator<BlobKey> {
  if (stored.length === 0) return
  const { rows } = await pool.query<{ run: string }>(
    `select run from exports where run = any($1) and state in ('running', 'ready')`,
    [stored.map(({ run }) => run)],
  )
  const known = new Set(rows.map(({ run }) => run))
  for (const { orgId, id, run } of stored) if (!known.has(run)) yield exportKey(orgId, id, run)
}
