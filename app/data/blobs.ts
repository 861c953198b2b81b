import type { BlobStore } from './blob-store.ts'

export type StoreSettings = {
  endpoint: string
  /** Where browsers reach it. */
  publicEndpoint: string
  bucket: string
  region: string
  accessKeyId: string
  secretAccessKey: string
}

/** The settings of an environment; null where files are off. */
export function storeSettings(env: {
  ORIGIN: string
  S3_ENDPOINT?: string | undefined
  S3_BUCKET?: string | undefined
  S3_ACCESS_KEY_ID?: string | undefined
  S3_SECRET_ACCESS_KEY?: string | undefined
  S3_REGION: string
  S3_PUBLIC_ENDPOINT?: string | undefined
}): StoreSettings | null {
  const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_REGION: region } = env
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!endpoint || !bucket || !accessKeyId || !secretAccessKey) return null
  const publicEndpoint = env.S3_PUBLIC_ENDPOINT ?? endpoint
  return { endpoint, publicEndpoint, bucket, region, accessKeyId, secretAccessKey }
}

/** An object store whose client is loaded as it is first asked for. */
export type BlobsOnDemand = {
  /** @throws what the SDK throws as it is loaded */
  open(): Promise<BlobStore>
  close(): Promise<void>
}

/** Its SDK is 10 to 30 MiB and a tenth of a second of a process: who never asks the store never loads it. */
export function blobsOnDemand(settings: StoreSettings): BlobsOnDemand {
  let opened: Promise<BlobStore> | undefined
  return {
    open() {
      opened ??= import('./blob-store.ts').then(({ openBlobStore }) => openBlobStore(settings))
      return opened
    },
    async close() {
      await opened?.then(
        (store) => store.close(),
        () => {},
      )
    },
  }
}
