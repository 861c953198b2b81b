import { join, resolve } from 'node:path'
import { project } from '../project.ts'
import type { WebBuild } from './build.ts'
import type { Guard } from './guard.ts'
import { heaps } from './heaps.ts'
import { answers, launch, type Part, untilReady } from './part.ts'

type Start = {
  guard: Guard
  env: Record<string, string>
  mode: 'production' | 'development' | 'test'
  name: string
  port: number
  log: (name: string) => string
}

export const startApi = (start: Start) => node(start, heaps.api, 'app/api/main.ts')

/** What it does in the tenant tables it does under a name of its own. */
export const startWorker = ({ env, ...start }: Start) => {
  const own = env.WORKER_DATABASE_URL ?? env.APP_DATABASE_URL ?? ''
  return node({ ...start, env: { ...env, APP_DATABASE_URL: own } }, heaps.worker, 'app/worker/main.ts')
}

export async function startWeb(start: Start & { build: WebBuild | undefined }): Promise<Part> {
  const { build } = start
  const web = join(project, 'app/web')
  const args = build
    ? [build.server]
    : [join(web, 'node_modules/next/dist/bin/next'), 'dev', '--port', String(start.port)]
  return process(start, [...flags(heaps.web), ...args], build ? build.directory : web)
}

function node(start: Start, heap: { young: number; old: number }, main: string): Promise<Part> {
  const reload = start.mode === 'development' ? ['--watch'] : []
  return process(start, [...flags(heap), ...reload, join(project, main)], project)
}

const flags = ({ young, old }: { young: number; old: number }): string[] => [
  `--max-semi-space-size=${young}`,
  `--max-old-space-size=${old}`,
]

async function process(start: Start, args: string[], cwd: string): Promise<Part> {
  const { name } = start
  const part = launch(start.guard, {
    name,
    command: globalThis.process.execPath,
    args,
    cwd,
    env: {
      ...processEnvironment(start.env),
      NODE_ENV: start.mode === 'development' ? 'development' : 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      MALLOC_ARENA_MAX: '2',
      HOST: '127.0.0.1',
      HOSTNAME: '127.0.0.1',
      PORT: String(start.port),
    },
    logFile: start.log(name),
  })
  await untilReady(
    part,
    answers(`http://127.0.0.1:${start.port}/readyz`),
    start.mode === 'development' ? 120 : 60,
  )
  return part
}

/** The administrator's connection and what passwords come of are for migrations and seed alone; the worker has its own in the place of the application's. */
function processEnvironment(given: Record<string, string>): Record<string, string> {
  const { DATABASE_URL: _, DATABASE_ROLES_SECRET: __, WORKER_DATABASE_URL: ___, ...env } = given
  // A Redis or a mail server may have a certificate of the user's own authority.
  const { NODE_EXTRA_CA_CERTS: authority, NODE_COMPILE_CACHE: compiled } = globalThis.process.env
  return {
    ...env,
    ...(authority ? { NODE_EXTRA_CA_CERTS: resolve(authority) } : {}),
    ...(compiled ? { NODE_COMPILE_CACHE: compiled } : {}),
  }
}
