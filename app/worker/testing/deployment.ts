import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { RunningSandbox } from '@headroom/payments-sandbox/server.ts'
import { reachRedis } from '@worklane/data/redis-address.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import { startGuard } from '../../../harness/stack/guard.ts'
import { launch, type Part, untilReady } from '../../../harness/stack/part.ts'
import { takePortBlock } from '../../../harness/stack/ports.ts'
import { startStore, storeTool } from '../../../harness/stack/store.ts'
import { startApi, startWorker } from '../../../harness/stack/worklane.ts'
import { provide } from '../../../harness/toolchain/provide.ts'

const partNames = ['api', 'worker-1', 'worker-2', 'redis', 'store'] as const
export type PartName = (typeof partNames)[number]

/** Worklane's API and two workers, each a process that can be killed, with a database and a Redis of their own. */
export type Deployment = {
  database: OwnDatabase
  /** What its processes are told of the object store; nothing without one. */
  store: Record<string, string>
  redisUrl: string
  api: string
  /**
   * SIGKILL, and a new one after a while; it is ready when this resolves.
   * @param more.downMs how long there is none
   * @param more.forgets whether a Redis comes back empty, or with what it wrote to its file
   */
  kill(name: PartName, more?: { downMs?: number; forgets?: boolean }): Promise<void>
  /** Stops API and workers, and starts them with other faults (app/domain/faults.ts). */
  restart(faults: string): Promise<void>
  stop(): Promise<void>
}

/**
 * @param options.stripe its Stripe, and what signs the webhooks that come from there; without it billing is off
 * @param options.files whether it has an object store of its own, which can be killed as well
 * @param options.more for the environment of its processes
 */
export async function startDeployment(options: {
  stripe?: RunningSandbox
  webhookSecret?: string
  more?: Record<string, string>
  files?: boolean
}): Promise<Deployment> {
  const { stripe, webhookSecret = '', more = {} } = options
  const guard = startGuard()
  const [database, ports, directory, tools] = await Promise.all([
    ownDatabase(),
    takePortBlock(),
    mkdtemp(join(tmpdir(), 'worklane-deployment-')),
    provide(options.files ? ['redis', storeTool()] : ['redis']),
  ])
  const port: Record<PartName, number> = { api: 0, 'worker-1': 0, 'worker-2': 0, redis: 0, store: 0 }
  for (const name of partNames) port[name] = await ports.next()
  const redisUrl = `redis://127.0.0.1:${port.redis}`
  const { app, auth, relay, worker, intake } = database.urls
  const env: Record<string, string> = {
    WORKLANE_ENV: 'test',
    ORIGIN: 'http://worklane.test',
    REDIS_URL: redisUrl,
    APP_DATABASE_URL: app,
    WORKER_DATABASE_URL: worker,
    AUTH_DATABASE_URL: auth,
    RELAY_DATABASE_URL: relay,
    INTAKE_DATABASE_URL: intake,
    ...(stripe
      ? {
          STRIPE_SECRET_KEY: stripe.secretKey,
          STRIPE_API_URL: stripe.origin,
          STRIPE_WEBHOOK_SECRETS: webhookSecret,
        }
      : {}),
    // A busy machine is slow, and no store of limits that is away.
    RATE_LIMIT_PATIENCE_MS: '10000',
    RATE_LIMIT_SCALE: '1000000',
    ...more,
  }
  const log = (name: string) => join(directory, `${name}.log`)
  const startFiles = () =>
    startStore(guard, {
      program: tools[storeTool()].path,
      port: port.store,
      directory: join(directory, 'store'),
      logFile: log('store'),
      publicEndpoint: null,
    })
  const start: Record<PartName, () => Promise<Part>> = {
    api: () => startApi({ guard, env, mode: 'test', name: 'api', port: port.api, log }),
    'worker-1': () =>
      startWorker({ guard, env, mode: 'test', name: 'worker-1', port: port['worker-1'], log }),
    'worker-2': () =>
      startWorker({ guard, env, mode: 'test', name: 'worker-2', port: port['worker-2'], log }),
    redis: async () => {
      const part = launch(guard, {
        name: 'redis',
        command: tools.redis.path,
        args: [
          ...['--port', String(port.redis), '--bind', '127.0.0.1', '--dir', directory, '--save', ''],
          ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction'],
        ],
        logFile: log('redis'),
      })
      await untilReady(part, () => reachRedis('REDIS_URL', redisUrl).then(() => true), 60)
      return part
    },
    store: async () => (await startFiles()).part,
  }
  const parts: Partial<Record<PartName, Part>> = { redis: await start.redis() }
  const files = options.files ? await startFiles() : null
  if (files) {
    parts.store = files.part
    Object.assign(env, files.env)
  }
  const processes = ['api', 'worker-1', 'worker-2'] as const
  const startProcesses = () =>
    Promise.all(
      processes.map(async (name) => {
        parts[name] = await start[name]()
      }),
    )
  const stopProcesses = () => Promise.all(processes.map((name) => parts[name]?.stop()))
  await startProcesses()

  return {
    database,
    store: files?.env ?? {},
    redisUrl,
    api: `http://127.0.0.1:${port.api}`,
    async kill(name, { downMs = 0, forgets = false } = {}) {
      const part = parts[name]
      part?.signal('SIGKILL')
      await part?.exited
      if (name === 'redis' && forgets)
        await rm(join(directory, 'appendonlydir'), { recursive: true, force: true })
      await setTimeout(downMs)
      parts[name] = await start[name]()
    },
    async restart(faults) {
      await stopProcesses()
      env.WORKLANE_FAULTS = faults
      await startProcesses()
    },
    async stop() {
      await stopProcesses()
      await Promise.all([parts.redis?.stop(), parts.store?.stop()])
      guard.end()
      ports.release()
      await database.remove()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
