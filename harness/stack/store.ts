import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openBlobStore } from '@worklane/data/blob-store.ts'
import type { Guard } from './guard.ts'
import { answers, launch, type Part, untilReady } from './part.ts'
import { checkoutSecret } from './secrets.ts'

const bucket = 'worklane-files'
const region = 'us-east-1'

/**
 * Starts an object store on loopback, its files below the run's own directory, with an empty bucket.
 * @param publicEndpoint what browsers reach it by; null for its own address
 * @returns what Worklane's processes need to know of it
 */
export async function startStore(
  guard: Guard,
  options: {
    program: string
    port: number
    directory: string
    logFile: string
    publicEndpoint: string | null
  },
): Promise<{ part: Part; env: Record<string, string> }> {
  const { port, directory } = options
  const [objects, properties] = [join(directory, 'objects'), join(directory, 'properties')]
  for (const each of [objects, properties]) await mkdir(each, { recursive: true })
  const endpoint = `http://127.0.0.1:${port}`
  const [accessKeyId, secretAccessKey] = ['worklane', await checkoutSecret('store-secret')]
  const part = launch(guard, {
    name: 'store',
    command: options.program,
    // Properties of objects in files of their own: not every file system has extended attributes.
    args: [
      `--port=127.0.0.1:${port}`,
      `--region=${region}`,
      '--health=/healthz',
      '--quiet',
      '--keep-alive',
      'posix',
      `--sidecar=${properties}`,
      objects,
    ],
    env: { ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey },
    logFile: options.logFile,
  })
  await untilReady(part, answers(`${endpoint}/healthz`), 20)
  const publicEndpoint = options.publicEndpoint ?? endpoint
  const store = openBlobStore({ endpoint, publicEndpoint, bucket, region, accessKeyId, secretAccessKey })
  await store.makeBucket()
  store.close()
  return {
    part,
    env: {
      S3_ENDPOINT: endpoint,
      S3_PUBLIC_ENDPOINT: publicEndpoint,
      S3_BUCKET: bucket,
      S3_REGION: region,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
    },
  }
}
