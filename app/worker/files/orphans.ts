import { blobKey, fileOfKey, type StoredFile, type Variant } from '@worklane/data/blob-keys.ts'
import type { BlobStore } from '@worklane/data/blob-store.ts'
import { orgId } from '@worklane/data/ids.ts'
import type pg from 'pg'

/** What is younger is still on its way, from one side to the other. */
const youngMs = 86_400_000
const batch = 1_000

/** How many were seen to: objects without a row, rows without an object, uploads that nobody goes on with. */
export type Orphans = { objects: number; rows: number; uploads: number }

/**
 * Holds the object store and the rows against each other, both in the order of their keys, so that neither has to be
 * kept in memory. What only the store has is removed; a file that only the row has is said to be lost.
 * @param now whatever is a day older is judged
 */
export async function removeOrphans(pool: pg.Pool, store: BlobStore, now = Date.now()): Promise<Orphans> {
  const found = { objects: 0, rows: 0, uploads: 0 }
  const isOld = (at: Date | null) => at !== null && at.getTime() < now - youngMs
  const rows = rowsInOrder(pool)
  let row = (await rows.next()).value
  const lost = async (which: Row) => {
    if (!isOld(which.readyAt)) return
    found.rows++
    await pool.query(sayLost, [which.orgId, which.id])
  }
  for await (const stored of storedFiles(store)) {
    while (row && placeOf(row) < placeOf(stored)) {
      await lost(row)
      row = (await rows.next()).value
    }
    const its = row && placeOf(row) === placeOf(stored) ? row : null
    const kept = (variant: Variant) => its !== null && (variant !== 'upload' || its.readyAt === null)
    const orphans = [...stored.variants].filter(([variant, at]) => !kept(variant) && isOld(at))
    await store.removeKeys(orphans.map(([variant]) => blobKey(stored.orgId, stored.id, variant)))
    found.objects += orphans.length
    if (!its) continue
    if (!stored.variants.has('original')) await lost(its)
    row = (await rows.next()).value
  }
  for (; row; row = (await rows.next()).value) await lost(row)
  for await (const { key, upload, at } of store.openUploads()) {
    // A day to upload it, and one more to be checked.
    if (at.getTime() >= now - 2 * youngMs) continue
    const file = fileOfKey(key)
    if (!file) continue
    await store.abortParts(blobKey(file.orgId, file.id, 'original'), upload)
    found.uploads++
  }
  return found
}

type Row = StoredFile & { readyAt: Date | null }
type Stored = StoredFile & { variants: Map<Variant, Date> }

/** Ids are in lower case on both sides: as texts they stand in the order of their bytes. */
const placeOf = ({ orgId, id }: StoredFile) => `${orgId}/${id}`

const sayLost = `update files set refused = 'lost' where org_id = $1 and id = $2 and ready_at is not null`

async function* rowsInOrder(pool: pg.Pool): AsyncGenerator<Row, undefined> {
  let last = ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000']
  for (;;) {
    const { rows } = await pool.query<{ org: string; id: string; readyAt: Date | null }>(
      `select org_id as org, id, case when refused is null then ready_at end as "readyAt" from files
       where (org_id, id) > ($1, $2) order by org_id, id limit $3`,
      [...last, batch],
    )
    for (const { org, id, readyAt } of rows) yield { orgId: orgId(org), id, readyAt }
    const end = rows.at(-1)
    if (!end || rows.length < batch) return undefined
    last = [end.org, end.id]
  }
}

/** What the store has, file by file. */
async function* storedFiles(store: BlobStore): AsyncGenerator<Stored> {
  let current: Stored | null = null
  for await (const { key, at } of store.objects()) {
    const file = fileOfKey(key)
    // Somebody else's: what we did not put there we do not take away.
    if (!file) continue
    if (current && placeOf(current) !== placeOf(file)) {
      yield current
      current = null
    }
    current ??= { ...file, variants: new Map() }
    current.variants.set(key.slice(key.lastIndexOf('/') + 1) as Variant, at)
  }
  if (current) yield current
}
