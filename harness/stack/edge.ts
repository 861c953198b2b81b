import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nginxConfiguration } from '@worklane/edge/nginx.ts'
import type { WebBuild } from './build.ts'
import type { Guard } from './guard.ts'
import { answers, launch, type Part, untilReady } from './part.ts'

const mimeTypes = [
  '/etc/nginx/mime.types',
  '/opt/homebrew/etc/nginx/mime.types',
  '/usr/local/etc/nginx/mime.types',
]

/** Starts nginx as the single origin, everything it writes below the run's own directory. */
export async function startEdge(options: {
  guard: Guard
  program: string
  directory: string
  logFile: string
  ports: { edge: number; web: number[]; api: number[] }
  /** The object store that it stands in front of, if any. */
  store: { port: number; bucket: string } | null
  build: WebBuild | undefined
  compress: boolean
  /** Who may stand in front of it. */
  trustedProxies?: string[]
}): Promise<Part> {
  const directory = join(options.directory, 'edge')
  await mkdir(directory, { recursive: true })
  const types = mimeTypes.find((file) => existsSync(file))
  if (!types) throw new Error(`nginx has no mime.types at any of ${mimeTypes.join(', ')}`)
  const file = join(directory, 'nginx.conf')
  const { edge, web, api } = options.ports
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  const configuration = nginxConfiguration({
    listen: `127.0.0.1:${edge}`,
    directory,
    staticDirectory: options.build?.staticDirectory ?? null,
    web: web.map(onLoopback),
    api: api.map(onLoopback),
    store: options.store && { address: onLoopback(options.store.port), bucket: options.store.bucket },
    mimeTypes: types,
    compress: options.compress,
    trustedProxies: options.trustedProxies ?? [],
  })
  await writeFile(file, user + configuration)
  const part = launch(options.guard, {
    name: 'edge',
    command: options.program,
    args: ['-p', directory, '-c', file, '-e', 'stderr'],
    logFile: options.logFile,
    stopSignal: 'SIGQUIT',
  })
  await untilReady(part, answers(`http://127.0.0.1:${edge}/edge-health`), 20)
  return part
}

const onLoopback = (port: number) => `127.0.0.1:${port}`
