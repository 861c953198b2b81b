import {
  type BlobKey,
  blobKey,
  exportKey,
  exportOfKey,
  fileOfKey,
  type StoredFile,
  type Variant,
} from '@worklane/data/blob-keys.ts'
import type { BlobStore } from '@worklane/data/blob-store.ts'
import { orgId } from '@worklane/data/ids.ts'
import type pg from 'pg'
import { storedExports } from '../exports/orphans.ts'
import { foreignBucket } from './installation.ts'

/** What is younger is still on its way, from one side to the other. */
const youngMs = 86_400_000
const batch = 1_000

/** More than a tenth of what there is, and more than ten, is no accident of single files. */
const shareAtMost = 0.1
const alwaysAllowed = 10

/** How many were seen to: objects without a row, rows without an object, uploads that nobody goes on with. */
export type Orphans = { objects: number; rows: number; uploads: number }

/** A look that removed nothing, since it does not know that it may. */
export class LookStopped extends Error {
  override name = 'LookStopped'
  readonly why: 'foreign bucket' | 'too many'

  constructor(why: LookStopped['why'], message: string) {
    super(message)
    this.why = why
  }
}

/**
 * Holds the object store and the rows against each other, both in the order of their keys, so that neither has to be
 * kept in memory. What only the store has is removed; a file that only the row has is said to be lost.
 * Once to count, and once to do so.
 * @param now whatever is a day older is judged
 * @throws LookStopped, before anything is done, where the bucket is not this database's, or too much would go
 */
export async function removeOrphans(pool: pg.Pool, store: BlobStore, now = Date.now()): Promise<Orphans> {
  const foreign = await foreignBucket(pool, store)
  if (foreign !== null) throw new LookStopped('foreign bucket', foreign)
  const most = await assertFew(pool, store, now)
  const found = { objects: 0, rows: 0, uploads: 0 }
  let spentUploads = 0
  for await (const { orphans, spent, lost } of compared(pool, store, now)) {
    found.objects += orphans.length
    found.rows += lost ? 1 : 0
    // Meanwhile something happened to the rows or to the store.
    if (found.objects > most.objects || found.rows > most.rows) throw tooMany(found, most)
    await store.removeKeys([...orphans, ...spent])
    spentUploads += spent.length
    if (lost) await pool.query(sayLost, [lost.orgId, lost.id])
  }
  for await (const { key, upload, at } of store.openUploads()) {
    // A day to upload it, and one more to be checked.
    if (at.getTime() >= now - 2 * youngMs) continue
    const ours = uploadedTo(key)
    if (!ours) continue
    await store.abortParts(ours, upload)
    found.uploads++
  }
  found.objects += spentUploads + (await removeExports(pool, store, now - youngMs))
  return found
}

/** What an upload in parts becomes, if it is one of ours. */
function uploadedTo(key: string): BlobKey | null {
  const [file, stored] = [fileOfKey(key), exportOfKey(key)]
  if (file) return blobKey(file.orgId, file.id, 'original')
  return stored && exportKey(stored.orgId, stored.id, stored.run)
}

/** The same look at the files of exports, which can be made again. @returns how many were removed */
async function removeExports(pool: pg.Pool, store: BlobStore, before: number): Promise<number> {
  let [stored, orphans, removed] = [0, 0, 0]
  for await (const { isOrphan } of storedExports(pool, store, before)) {
    stored++
    orphans += isOrphan ? 1 : 0
  }
  const most = mostOf(stored)
  if (orphans > most)
    throw new LookStopped(
      'too many',
      `${orphans} files of exports have no row, and a look removes ${most} at most: see whether the database and the bucket are of the same time`,
    )
  for await (const { key, isOrphan } of storedExports(pool, store, before)) {
    if (!isOrphan || removed === most) continue
    await store.removeKeys([key])
    removed++
  }
  return removed
}

const mostOf = (count: number) => Math.max(alwaysAllowed, Math.floor(count * shareAtMost))

type Counts = Pick<Orphans, 'objects' | 'rows'>

/** @returns how many may go. @throws LookStopped where there are more */
async function assertFew(pool: pg.Pool, store: BlobStore, now: number): Promise<Counts> {
  const [all, found] = [
    { objects: 0, rows: 0 },
    { objects: 0, rows: 0 },
  ]
  for await (const { objects, orphans, isReady, lost } of compared(pool, store, now)) {
    all.objects += objects
    all.rows += isReady ? 1 : 0
    found.objects += orphans.length
    found.rows += lost ? 1 : 0
  }
  const most = { objects: mostOf(all.objects), rows: mostOf(all.rows) }
  if (found.objects > most.objects || found.rows > most.rows) throw tooMany(found, most)
  return most
}

const tooMany = (found: Counts, most: Counts) =>
  new LookStopped(
    'too many',
    `${found.objects} objects have no file and ${found.rows} files have no object, and a look removes ${most.objects} and ${most.rows} at most: see whether the database and the bucket are of the same time`,
  )

/**
 * What both sides have of a file: how many objects, which of them have no row, and whether it is lost. What was posted
 * of a file that is ready is spent: whoever has its form can put it there, and it says nothing of the rows.
 */
type Compared = {
  objects: number
  orphans: BlobKey[]
  spent: BlobKey[]
  isReady: boolean
  lost: StoredFile | null
}

async function* compared(pool: pg.Pool, store: BlobStore, now: number): AsyncGenerator<Compared> {
  const isOld = (at: Date | null) => at !== null && at.getTime() < now - youngMs
  const rows = rowsInOrder(pool)
  let row = (await rows.next()).value
  const alone = (which: Row): Compared => ({
    objects: 0,
    orphans: [],
    spent: [],
    isReady: which.readyAt !== null,
    lost: isOld(which.readyAt) ? which : null,
  })
  for await (const stored of storedFiles(store)) {
    while (row && placeOf(row) < placeOf(stored)) {
      yield alone(row)
      row = (await rows.next()).value
    }
    const its = row && placeOf(row) === placeOf(stored) ? row : null
    const isSpent = (variant: Variant) => variant === 'upload' && its !== null && its.readyAt !== null
    const old = [...stored.variants.keys()].filter((variant) => isOld(stored.variants.get(variant) ?? null))
    const keys = (some: Variant[]) => some.map((variant) => blobKey(stored.orgId, stored.id, variant))
    const isMissing = its !== null && !stored.variants.has('original') && isOld(its.readyAt)
    yield {
      objects: stored.variants.size,
      orphans: its === null ? keys(old) : [],
      spent: keys(old.filter(isSpent)),
      isReady: its !== null && its.readyAt !== null,
      lost: isMissing ? its : null,
    }
    if (its) row = (await rows.next()).value
  }
  for (; row; row = (await rows.next()).value) yield alone(row)
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
