import { type BlobKey, blobKey } from '@worklane/data/blob-keys.ts'
import type { BlobStore } from '@worklane/data/blob-store.ts'
import type { BlobsOnDemand } from '@worklane/data/blobs.ts'
import type { Actor } from '../actor.ts'
import { Problem } from '../errors.ts'
import { runtime } from '../runtime.ts'
import { type File, type FileRow, fileOf } from './shapes.ts'

/** Whether files can be uploaded and read here. */
export const filesAreOn = (): boolean => runtime().blobs !== null

/** @throws Problem conflict where there is no object store */
export function requireFiles(): BlobsOnDemand {
  const { blobs } = runtime()
  if (blobs) return blobs
  throw new Problem('conflict', 'Files are not available here: no object store is set up (S3_ENDPOINT).')
}

/** @throws Problem conflict where there is no object store */
export const blobs = async (): Promise<BlobStore> => requireFiles().open()

/** Asks the object store. @throws Problem conflict where there is none, unavailable where it does not answer */
export async function atStore<T>(ask: (store: BlobStore) => Promise<T>): Promise<T> {
  const store = await blobs()
  try {
    return await ask(store)
  } catch (error) {
    if (error instanceof Problem) throw error
    const problem = new Problem('unavailable', 'The object store cannot be reached at the moment. Try again.')
    problem.cause = error
    throw problem
  }
}

type Asker = Pick<Actor, 'orgId'>

/** Where a small file is posted to; nobody is ever led there, and a worker moves it when it is checked. */
export const uploadKey = ({ orgId }: Asker, id: string): BlobKey => blobKey(orgId, id, 'upload')
export const originalKey = ({ orgId }: Asker, id: string): BlobKey => blobKey(orgId, id, 'original')
export const thumbnailKey = ({ orgId }: Asker, id: string): BlobKey => blobKey(orgId, id, 'thumbnail')

/** A thumbnail's link; the page that holds it may stand open for a while. */
const thumbnailSeconds = 1_800

/** A row of the actor's own organisation with the link to its small picture. */
export async function fileFrom(actor: Asker, row: FileRow): Promise<File> {
  if (!row.readyAt || !row.thumbnailAt || row.refused || !filesAreOn()) return fileOf(row, null)
  const store = await blobs()
  const link = await store.downloadLink(thumbnailKey(actor, row.id), {
    disposition: 'inline',
    type: 'image/webp',
    seconds: thumbnailSeconds,
    steady: true,
  })
  return fileOf(row, link)
}
