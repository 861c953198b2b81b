import type { BlobStore } from '@worklane/data/blob-store.ts'
import type { BlobsOnDemand } from '@worklane/data/blobs.ts'
import type pg from 'pg'

/**
 * Binds the bucket to this database, once: it is looked at no more where that was done.
 * @returns null where both are of one installation; else what is wrong, and what to do
 */
export async function bindBucket(
  pool: pg.Pool,
  { open }: Pick<BlobsOnDemand, 'open'>,
): Promise<string | null> {
  const { boundAt } = await installationOf(pool)
  // Loading the store's client costs memory that most workers never need.
  return boundAt === null ? foreignBucket(pool, await open()) : null
}

/**
 * Whether the bucket is the one of this database. It becomes so where it has nothing yet and the database has no file.
 * @returns null where it is; else what is wrong, and what to do
 */
export async function foreignBucket(pool: pg.Pool, store: BlobStore): Promise<string | null> {
  const { id, boundAt, hasFiles } = await installationOf(pool)
  const isNew = boundAt === null && !hasFiles
  if (isNew && (await store.installation()) === null && !(await hasObjects(store)))
    await store.sayInstallation(id)
  const said = await store.installation()
  if (said === id) {
    if (boundAt === null) await pool.query('update installation set bucket_bound_at = now()')
    return null
  }
  const whose = said === null ? 'does not say whose it is' : 'is of another installation than this database'
  return `the bucket ${store.bucket} ${whose}: correct S3_BUCKET or the database, or, if both belong together, put the text ${id} into the bucket's object "installation"`
}

type Installation = { id: string; boundAt: Date | null; hasFiles: boolean }

async function installationOf(pool: pg.Pool): Promise<Installation> {
  const { rows } = await pool.query<Installation>(
    `select id, bucket_bound_at as "boundAt",
      exists (select from files where ready_at is not null and refused is null) as "hasFiles" from installation`,
  )
  const [found] = rows
  if (!found) throw new Error('the table installation has no row: run the migrations')
  return found
}

async function hasObjects(store: BlobStore): Promise<boolean> {
  for await (const _ of store.objects()) return true
  return false
}
