import type { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { S3RequestPresigner } from '@aws-sdk/s3-request-presigner'
import { type BlobKey, blobKey, installationKey, type StoredFile, variants } from './blob-keys.ts'
import type { StoreSettings } from './blobs.ts'

/** A form that a browser posts one file with; the file itself comes last, under the name `file`. */
export type UploadForm = { url: string; fields: Record<string, string> }

export type Part = { number: number; size: number; etag: string }
export type StoredObject = { key: string; at: Date }

/**
 * How long the store has, in milliseconds; what takes longer fails with a `TimeoutError`. Jobs try again by themselves,
 * and later.
 */
type StoreLimits = {
  /** For an answer to begin, and between two pieces of one. */
  answerMs: number
  /** To take a small file, from its first byte on. */
  putMs: number
  /** To put a large file together of its parts: S3 may need minutes, and says nothing meanwhile. */
  completeMs: number
}
const usualLimits: StoreLimits = { answerMs: 10_000, putMs: 60_000, completeMs: 300_000 }
/** The most that S3 takes at once. */
const mostRemoved = 1_000
/** A link's beginning is rounded down to a multiple of it, so that a browser keeps the picture behind it. Milliseconds. */
const steadyMs = 300_000

/** Of a file whose length nobody knows before its end. Bytes: S3 takes 10,000 parts, which is 160 GB. */
const writtenPartSize = 16 * 1024 ** 2

export type BlobStore = ReturnType<typeof openBlobStore>

/**
 * An object store that speaks S3, by path (`/bucket/key`). Nothing is asked of it yet. A process of Worklane gets it
 * from `blobsOnDemand`: this file loads the SDK.
 */
export function openBlobStore(settings: StoreSettings, limits = usualLimits) {
  const { bucket: Bucket, region, accessKeyId, secretAccessKey } = settings
  const common = {
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    // Not every store knows the SDK's own checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  } as const
  const asking = (withinMs: number, maxAttempts: number) =>
    new S3Client({
      ...common,
      endpoint: settings.endpoint,
      maxAttempts,
      requestHandler: {
        connectionTimeout: 3_000,
        requestTimeout: withinMs,
        // Without it one that takes too long is only warned of.
        throwOnRequestTimeout: true,
        // Of an answer that has begun, which the limit above is no limit for.
        socketTimeout: withinMs,
      },
    })
  const client = asking(limits.answerMs, 2)
  /** Of its own: silence is measured by the client, and not by the request. */
  const completing = asking(limits.completeMs, 1)
  /** Of large parts, for which a slow line may need longer than an answer takes. */
  const writing = asking(limits.completeMs, 3)
  /** Signs and asks nothing. */
  const signing = new S3Client({ ...common, endpoint: settings.publicEndpoint })
  const presigner = new S3RequestPresigner({ ...signing.config })
  const outside = new URL(settings.publicEndpoint)

  async function signed(method: 'GET' | 'PUT', key: BlobKey, how: Signed): Promise<string> {
    const { protocol, hostname, port, host } = outside
    const { headers = {}, query, seconds, steady = false } = how
    const now = Date.now()
    const request = {
      method,
      protocol,
      hostname,
      ...(port ? { port: Number(port) } : {}),
      path: `/${Bucket}/${key}`,
      headers: { host, ...headers },
      query,
    }
    const result = await presigner.presign(request as Parameters<typeof presigner.presign>[0], {
      expiresIn: seconds,
      signableHeaders: new Set(['host', ...Object.keys(headers)]),
      unhoistableHeaders: new Set(Object.keys(headers)),
      signingDate: new Date(steady ? now - (now % steadyMs) : now),
    })
    const text = new URLSearchParams(result.query as Record<string, string>).toString()
    // Form encoding writes a space as +, which the store takes for itself.
    return `${outside.origin}${request.path}?${text.replaceAll('+', '%20')}`
  }

  async function removeKeys(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += mostRemoved) {
      const Objects = keys.slice(start, start + mostRemoved).map((Key) => ({ Key }))
      const removed = await client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      )
      const [failed] = (removed.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey')
      if (failed) throw new Error(`the object store kept ${failed.Key}: ${failed.Code}`)
    }
  }

  return {
    bucket: Bucket,

    /** For a small file: exactly this key, type and size, within so many seconds. */
    async uploadForm(
      key: BlobKey,
      file: { type: string; size: number },
      seconds: number,
    ): Promise<UploadForm> {
      const { url, fields } = await createPresignedPost(signing, {
        Bucket,
        Key: key,
        Expires: seconds,
        Fields: { 'Content-Type': file.type },
        Conditions: [
          ['content-length-range', file.size, file.size],
          ['eq', '$Content-Type', file.type],
        ],
      })
      return { url, fields }
    },

    /** A link to put one part of a large file to, exactly so many bytes long. */
    partLink: (key: BlobKey, upload: string, part: { number: number; size: number }, seconds: number) =>
      signed('PUT', key, {
        headers: { 'content-length': String(part.size) },
        query: { partNumber: String(part.number), uploadId: upload },
        seconds,
      }),

    /**
     * A link to a file. What the browser takes it for is said by us, and not by who uploaded it.
     * @param steady the same link for minutes, at the price of as many minutes of its time
     */
    downloadLink: (key: BlobKey, { disposition, type, seconds, steady = false }: Download): Promise<string> =>
      signed('GET', key, {
        query: { 'response-content-disposition': disposition, 'response-content-type': type },
        seconds,
        steady,
      }),

    async beginParts(key: BlobKey, type: string): Promise<string> {
      const begun = await client.send(
        new CreateMultipartUploadCommand({ Bucket, Key: key, ContentType: type }),
      )
      if (!begun.UploadId) throw new Error(`the object store began no upload of ${key}`)
      return begun.UploadId
    },

    /** The parts that the store has of an upload, all of them; null when it knows no such upload. */
    async partsOf(key: BlobKey, upload: string): Promise<Part[] | null> {
      const parts: Part[] = []
      let marker: string | undefined
      do {
        const page = await missingIsNull(
          client.send(new ListPartsCommand({ Bucket, Key: key, UploadId: upload, PartNumberMarker: marker })),
        )
        if (page === null) return null
        for (const { PartNumber, Size, ETag } of page.Parts ?? [])
          parts.push({ number: PartNumber ?? 0, size: Size ?? 0, etag: ETag ?? '' })
        marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
      } while (marker !== undefined)
      return parts
    },

    async completeParts(key: BlobKey, upload: string, parts: readonly Part[]): Promise<void> {
      const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }))
      await completing.send(
        new CompleteMultipartUploadCommand({
          ...{ Bucket, Key: key, UploadId: upload },
          MultipartUpload: { Parts },
        }),
      )
    },

    /** Ends an upload of parts, and forgets them; one that is not there has ended. */
    async abortParts(key: BlobKey, upload: string): Promise<void> {
      await missingIsNull(
        client.send(new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: upload })),
      )
    },

    /** How large an object is, in bytes, and the store's digest of it; null when there is none. */
    async propertiesOf(key: BlobKey): Promise<{ size: number; etag: string } | null> {
      const head = await missingIsNull(client.send(new HeadObjectCommand({ Bucket, Key: key })))
      return head === null ? null : { size: head.ContentLength ?? 0, etag: head.ETag ?? '' }
    },

    /**
     * The bytes of an object as they come; whoever stops reading destroys the stream.
     * @param pauses whether whoever reads may stop for a while, to pass on what was read
     */
    async read(key: BlobKey, pauses = false): Promise<NodeJS.ReadableStream & { destroy(): void }> {
      const { Body } = await (pauses ? writing : client).send(new GetObjectCommand({ Bucket, Key: key }))
      if (!Body) throw new Error(`the object store has nothing at ${key}`)
      return Body as unknown as NodeJS.ReadableStream & { destroy(): void }
    },

    /** @param cacheControl how who reads it may keep it */
    async put(key: BlobKey, body: Buffer, type: string, cacheControl?: string): Promise<void> {
      const command = new PutObjectCommand({
        Bucket,
        Key: key,
        Body: body,
        ContentType: type,
        CacheControl: cacheControl,
      })
      await client.send(command, { requestTimeout: limits.putMs })
    },

    /**
     * Writes a file as its bytes come, part by part, so that never more than two parts of it are in memory. It is there
     * once it is whole. What was begun is taken back where the bytes or the store fail.
     */
    async write(key: BlobKey, body: Readable, type: string, signal: AbortSignal): Promise<void> {
      const upload = new Upload({
        client: writing,
        params: { Bucket, Key: key, Body: body, ContentType: type },
        partSize: writtenPartSize,
        queueSize: 1,
      })
      const abort = () => {
        body.destroy(signal.reason instanceof Error ? signal.reason : undefined)
        void upload.abort()
      }
      signal.addEventListener('abort', abort, { once: true })
      try {
        signal.throwIfAborted()
        await upload.done()
      } finally {
        signal.removeEventListener('abort', abort)
      }
    },

    /** Removes everything below a prefix: what is whole, and what is still being uploaded. @param but it is kept */
    async removeBelow(prefix: string, but?: BlobKey): Promise<void> {
      const begun = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix }))
      for (const { Key, UploadId } of begun.Uploads ?? [])
        if (Key !== but)
          await missingIsNull(client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })))
      const whole = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }))
      const keys = (whole.Contents ?? []).flatMap(({ Key }) => (Key && Key !== but ? [Key] : []))
      await removeKeys(keys)
    },

    /** Removes all that the store has of files; once more is no harm. */
    remove: (files: readonly StoredFile[]): Promise<void> =>
      removeKeys(files.flatMap(({ orgId, id }) => variants.map((variant) => blobKey(orgId, id, variant)))),

    removeKeys,

    /** Every object below a prefix, in the order of their keys. */
    async *objects(prefix = 'orgs/'): AsyncGenerator<StoredObject> {
      let ContinuationToken: string | undefined
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken }),
        )
        for (const { Key, LastModified } of page.Contents ?? [])
          yield { key: Key ?? '', at: LastModified ?? new Date() }
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined
      } while (ContinuationToken !== undefined)
    },

    /** Uploads of parts that have not ended. */
    async *openUploads(): AsyncGenerator<StoredObject & { upload: string }> {
      let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}
      for (;;) {
        const page = await client.send(
          new ListMultipartUploadsCommand({ Bucket, Prefix: 'orgs/', ...marker }),
        )
        for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
          yield { key: Key ?? '', upload: UploadId ?? '', at: Initiated ?? new Date() }
        if (!page.IsTruncated) return
        marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
      }
    },

    /** Which installation the bucket says it is of; null where it says nothing. */
    async installation(): Promise<string | null> {
      const found = await missingIsNull(client.send(new GetObjectCommand({ Bucket, Key: installationKey })))
      return found === null ? null : ((await found.Body?.transformToString()) ?? '').trim()
    },

    async sayInstallation(id: string): Promise<void> {
      await client.send(
        new PutObjectCommand({ Bucket, Key: installationKey, Body: id, ContentType: 'text/plain' }),
      )
    },

    /** Whether it answers, and knows us and the bucket. */
    isThere: () =>
      client.send(new HeadBucketCommand({ Bucket })).then(
        () => true,
        () => false,
      ),

    /** For a store of one's own; in production buckets are made by whoever pays for them. */
    async makeBucket(): Promise<void> {
      await client.send(new CreateBucketCommand({ Bucket })).catch((error: unknown) => {
        if (!(error instanceof S3ServiceException) || error.name !== 'BucketAlreadyOwnedByYou') throw error
      })
    },

    close(): void {
      client.destroy()
      completing.destroy()
      writing.destroy()
      signing.destroy()
    },
  }
}

type Signed = {
  headers?: Record<string, string>
  query: Record<string, string>
  seconds: number
  steady?: boolean
}

type Download = { disposition: string; type: string; seconds: number; steady?: boolean }

async function missingIsNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof S3ServiceException && missing.has(error.name)) return null
    throw error
  }
}
const missing = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload'])
