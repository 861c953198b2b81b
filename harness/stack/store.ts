import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openBlobStore } from '@worklane/data/blob-store.ts'
import getPort from 'get-port'
import { UsageError } from '../plan/usage.ts'
import type { Guard } from './guard.ts'
import { answers, type Launch, launch, type Part, untilReady } from './part.ts'
import { checkoutSecret } from './secrets.ts'

const bucket = 'worklane-files'
const region = 'us-east-1'

const storeTools = ['versitygw', 'seaweedfs'] as const
export type StoreTool = (typeof storeTools)[number]

/** Which object store a stack of ours has: HEADROOM_STORE, or versitygw. @throws UsageError */
export function storeTool(): StoreTool {
  const { HEADROOM_STORE: asked = storeTools[0] } = process.env
  const known = storeTools.find((name) => name === asked)
  if (known) return known
  throw new UsageError(`HEADROOM_STORE is "${asked}"`, `set it to one of ${storeTools.join(', ')}`)
}

type Asked = {
  program: string
  port: number
  directory: string
  /** The one account that it knows. */
  keys: { accessKeyId: string; secretAccessKey: string }
}
type Started = Pick<Launch, 'command' | 'args' | 'env'>

/** How each of them is started on loopback, with its files below a directory of the run's own. */
const starts: Record<StoreTool, (asked: Asked) => Promise<Started>> = {
  async versitygw({ program, port, directory, keys }) {
    const [objects, properties] = [join(directory, 'objects'), join(directory, 'properties')]
    for (const each of [objects, properties]) await mkdir(each, { recursive: true })
    return {
      command: program,
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
      env: { ROOT_ACCESS_KEY_ID: keys.accessKeyId, ROOT_SECRET_ACCESS_KEY: keys.secretAccessKey },
    }
  },
  async seaweedfs({ program, port, directory, keys }) {
    const data = join(directory, 'data')
    await mkdir(data, { recursive: true })
    const identities = join(directory, 'identities.json')
    const credentials = [{ accessKey: keys.accessKeyId, secretKey: keys.secretAccessKey }]
    const actions = ['Admin', 'Read', 'Write', 'List']
    await writeFile(
      identities,
      JSON.stringify({ identities: [{ name: 'worklane', credentials, actions }] }),
      {
        mode: 0o600,
      },
    )
    // Four servers in one process, each with a port for the others.
    const inside = ['master.port', 'master.port.grpc', 'volume.port', 'volume.port.grpc', 'filer.port']
    const ports = [...inside, 'filer.port.grpc', 's3.port.grpc']
    return {
      command: program,
      args: [
        ...['server', `-dir=${data}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-filer', '-s3'],
        ...[`-s3.port=${port}`, `-s3.config=${identities}`],
        ...['-master.volumeSizeLimitMB=64', '-volume.max=0'],
        ...(await Promise.all(ports.map(async (name) => `-${name}=${await getPort()}`))),
      ],
      env: {},
    }
  },
}

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
  const { program, port, directory } = options
  const endpoint = `http://127.0.0.1:${port}`
  const [accessKeyId, secretAccessKey] = ['worklane', await checkoutSecret('store-secret')]
  const keys = { accessKeyId, secretAccessKey }
  const started = await starts[storeTool()]({ program, port, directory, keys })
  const part = launch(guard, { name: 'store', ...started, logFile: options.logFile })
  await untilReady(part, answers(`${endpoint}/healthz`), 60)
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
