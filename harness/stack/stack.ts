import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PopulationSpec } from '@headroom/fixtures/population.ts'
import { generateClient } from '@worklane/data/generate.ts'
import { postgresUrl } from '@worklane/data/postgres-address.ts'
import getPort from 'get-port'
import { UsageError } from '../plan/usage.ts'
import { project } from '../project.ts'
import { provide } from '../toolchain/provide.ts'
import type { ToolName } from '../toolchain/tools.ts'
import { buildWeb } from './build.ts'
import { keptCluster } from './cluster.ts'
import { startEdge } from './edge.ts'
import { type Guard, startGuard } from './guard.ts'
import { ownServers, preparedDatabase, rolesSecret } from './own-servers.ts'
import { givenOfStripe, ownStripe } from './own-stripe.ts'
import { lastLines, type Part } from './part.ts'
import { type Payments, paymentsEnvironment, paymentsOn, startPayments } from './payments.ts'
import { type PortBlock, takePortBlock } from './ports.ts'
import { cloneCluster, clusterHome, startPostgres, temporaryBelow } from './postgres.ts'
import { startPrometheus } from './prometheus.ts'
import { startRedis } from './redis.ts'
import { takesSandbox } from './sandbox-customers.ts'
import { checkoutSecret } from './secrets.ts'
import { startStore, storeTool } from './store.ts'
import { subscribedAgo, subscribePopulation } from './subscribe.ts'
import { type Usage, usageOf } from './usage.ts'
import { startApi, startWeb, startWorker } from './worklane.ts'

export const partNames = [
  'postgres',
  'redis',
  'store',
  'prometheus',
  'payments',
  'api',
  'web',
  'worker',
  'edge',
] as const
export type PartName = (typeof partNames)[number]

export type StackOptions = {
  parts?: readonly PartName[]
  /** Who exists; null for an empty database. */
  population?: PopulationSpec | null
  mode?: 'production' | 'development' | 'test'
  /** Known-bad cases for Worklane, see app/domain/faults.ts. */
  faults?: string
  /** Whether the edge compresses; it does unless it must be seen what happens without. */
  compress?: boolean
  /** The API inside Next, with no process of its own: leave `api` out of the parts. */
  apiInWeb?: boolean
  /** How many processes of each, one unless said; then they are called api-1, api-2 … */
  processes?: Partial<Record<Scaled, number>>
  /** More for the environment of Worklane's processes. */
  env?: Record<string, string>
  /** Takes no object store of the caller's, and has one even beside a database of theirs: for tests. */
  storeOfItsOwn?: boolean
  /** The edge's port; a free one unless said. */
  port?: number
  say?: (line: string) => void
}

/** The parts of which there can be several behind the edge. */
type Scaled = 'api' | 'web' | 'worker'

export type Crash = { part: string; code: number | null; signal: string | null; lastLines: string }

export type Stack = {
  origin: string
  /** What Worklane's processes got, DATABASE_URL and DATABASE_ROLES_SECRET, and WORKER_DATABASE_URL: APP_DATABASE_URL as the worker gets it. */
  env: Record<string, string>
  sessionSecret: string
  prometheusUrl: string
  /** The payments sandbox that it has of its own; null without one, and where the environment that was given names another. */
  payments: Payments | null
  parts: Part[]
  /** Where each process of Worklane listens itself, past the edge: 'api-1' → http://127.0.0.1:… */
  addresses: Record<string, string>
  logDirectory: string
  /** Tells of each part that ends before stop() was called. */
  onCrash(listener: (crash: Crash) => void): void
  usage(): Promise<Record<string, Usage>>
  /** Stops a process of Worklane as a deployment does (SIGTERM), starts it again, and waits until it is ready. */
  restart(name: string): Promise<void>
  stop(): Promise<void>
}

const toolOf: Partial<Record<PartName, ToolName>> = {
  redis: 'redis',
  store: storeTool(),
  prometheus: 'prometheus',
  edge: 'nginx',
}

/**
 * Starts Worklane and what it stands on, each part a process of its own on a free port, all of them gone when
 * this process ends, however it ends.
 * @throws UsageError when something of the caller's (a port, DATABASE_URL, REDIS_URL, S3_…, STRIPE_…, a tool) stands in the way
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { say = () => {}, population = null, mode = 'production' } = options
  const wanted = new Set<PartName>(options.parts ?? partNames)
  await assertFree(options.port)
  const { storeOfItsOwn = false } = options
  const external = await ownServers({
    postgres: wanted.has('postgres'),
    redis: wanted.has('redis'),
    store: wanted.has('store') && !storeOfItsOwn,
  })
  const { store } = external
  // An empty store beside somebody's database: all its files would be taken for lost.
  const startsStore = wanted.has('store') && !store && (storeOfItsOwn || !external.database)
  if (wanted.has('store') && !store && !startsStore)
    say(
      'files are off: the ones of DATABASE_URL are in a store of yours — set S3_ENDPOINT and its like for them',
    )
  const choosesPayments = wanted.has('payments') && options.env?.STRIPE_SECRET_KEY === undefined
  const stripe = choosesPayments && external.database ? ownStripe() : null
  const unused = choosesPayments && !external.database ? Object.keys(givenOfStripe()) : []
  if (unused.length > 0)
    say(`${unused.join(', ')} not used: a database that is started here has none of your customers`)
  const names = [...wanted].flatMap((name) =>
    (name === 'redis' && external.redisUrl) || (name === 'store' && !startsStore) ? [] : (toolOf[name] ?? []),
  )
  const tools = await provide(names, say)
  if (wanted.has('api') || wanted.has('web') || wanted.has('worker')) await generateClient()

  const block = await takePortBlock()
  const guard = startGuard()
  const home = await runDirectory(guard)
  const parts: Part[] = []
  const crashListeners: ((crash: Crash) => void)[] = []
  const restarting = new Set<Part>()
  let stopping = false
  const adopt = (part: Part) => {
    parts.push(part)
    void part.exited.then(async ({ code, signal }) => {
      if (stopping || restarting.has(part)) return
      const crash = { part: part.name, code, signal, lastLines: await lastLines(part.logFile) }
      // A test that only sees what comes of it is told the cause.
      if (crashListeners.length === 0)
        process.stderr.write(`${crash.part} ended (${signal ?? code}):\n${crash.lastLines}\n`)
      for (const listener of crashListeners) listener(crash)
    })
    return part
  }
  const stop = async () => {
    if (stopping) return Promise.all(parts.map((part) => part.exited)).then(() => {})
    stopping = true
    // Requests first, then those who serve them, then what they stand on.
    for (const group of [
      ['edge'],
      ['web', 'api', 'worker'],
      ['postgres', 'redis', 'store', 'prometheus', 'payments'],
    ]) {
      await Promise.all(
        parts.filter(({ name }) => group.includes(name.replace(/-\d+$/, ''))).map((part) => part.stop()),
      )
    }
    // What stays is removed by the guard, once nobody writes to it any more: a verdict does not depend on it.
    for (const directory of [home.temporary, join(home.cluster, '..')])
      await rm(directory, { recursive: true, force: true, maxRetries: 3 }).catch((error: Error) =>
        say(`${directory} is not removed yet: ${error.message}`),
      )
    block.release()
    guard.end()
  }

  try {
    const ports = await freePorts(block, options.port)
    const scaled = await instances(block, ports, options.processes ?? {})
    const origin = `http://127.0.0.1:${ports.edge}`
    const sessionSecret = await checkoutSecret('session-secret')
    const log = (name: string) => join(home.logs, `${name}.log`)

    const startDatabase = async (): Promise<Record<string, string>> => {
      if (!wanted.has('postgres')) return {}
      if (external.database) return urls(postgresUrl(external.database))
      const kept = await keptCluster(guard, { population, sessionSecret, say })
      await cloneCluster(kept, home.cluster)
      const durable = mode !== 'test'
      const postgres = { directory: home.cluster, port: ports.postgres, logFile: log('postgres'), durable }
      const { part, adminUrl } = await startPostgres(guard, postgres)
      adopt(part)
      return urls(adminUrl)
    }
    const startCache = async (): Promise<Record<string, string>> => {
      if (!wanted.has('redis')) return {}
      if (external.redisUrl) return { REDIS_URL: external.redisUrl }
      const redis = {
        program: tools.redis.path,
        port: ports.redis,
        directory: home.temporary,
        logFile: log('redis'),
      }
      const { part, url } = await startRedis(guard, redis)
      adopt(part)
      return { REDIS_URL: url }
    }
    const startFiles = async (): Promise<Record<string, string>> => {
      if (!startsStore) return store ?? {}
      const { part, env } = await startStore(guard, {
        program: tools[storeTool()].path,
        port: ports.store,
        directory: join(home.temporary, 'store'),
        logFile: log('store'),
        // Past the edge only where there is none.
        publicEndpoint: wanted.has('edge') ? origin : null,
      })
      adopt(part)
      return env
    }
    const startMetrics = async () => {
      if (!wanted.has('prometheus')) return ''
      const { part, url } = await startPrometheus(guard, {
        program: tools.prometheus.path,
        version: tools.prometheus.version,
        port: ports.prometheus,
        directory: join(home.temporary, 'prometheus'),
        logFile: log('prometheus'),
        targets: Object.fromEntries(
          Object.entries(scaled).map(([kind, processes]) => [kind, processes.map(({ port }) => port)]),
        ),
      })
      adopt(part)
      return url
    }
    // What is to subscribe needs a worker that makes the prices, and a database that knows who there is.
    const isSubscribed = population !== null && wanted.has('worker') && wanted.has('postgres')
    const preparing = startDatabase()
    const startStripe = async (): Promise<Payments | null> => {
      if (!choosesPayments) return null
      if (external.database) {
        if (stripe) return null
        // Its schema has to be ours before it can be asked.
        await preparing
        if (!(await takesSandbox(external.database))) {
          say(
            'billing is off: the database holds customers whom no sandbox made — set STRIPE_SECRET_KEY to the account that knows them',
          )
          return null
        }
      }
      const payments = paymentsOn(ports.payments)
      const part = await startPayments(guard, {
        payments,
        worklane: wanted.has('edge') ? origin : `http://127.0.0.1:${ports.api}`,
        ...(isSubscribed ? { start: Math.floor(Date.now() / 1_000) - subscribedAgo } : {}),
        logFile: log('payments'),
      })
      adopt(part)
      return payments
    }
    const needsBuild = wanted.has('web') && mode === 'production'
    const [database, cache, files, prometheusUrl, payments, build] = await Promise.all([
      preparing,
      startCache(),
      startFiles(),
      startMetrics(),
      startStripe(),
      needsBuild ? buildWeb(say) : undefined,
    ])

    const env: Record<string, string> = {
      ...database,
      ...cache,
      ...files,
      ORIGIN: origin,
      WORKLANE_ENV: { production: 'loadtest', development: 'development', test: 'test' }[mode],
      WORKLANE_FAULTS: options.faults ?? '',
      // Streams are renewed often enough that a short run sees some end.
      EVENT_STREAM_SECONDS: mode === 'production' ? '20' : '900',
      SEED_SESSION_SECRET: sessionSecret,
      AUTH_SECRET: await checkoutSecret('auth-secret'),
      ENCRYPTION_KEYS: await checkoutSecret('encryption-key'),
      // Who develops has a receiver beside it.
      ...(mode === 'development' ? { WEBHOOKS_ALLOW_PRIVATE: '1' } : {}),
      ...stripe,
      ...(payments ? paymentsEnvironment(payments) : {}),
      ...(options.apiInWeb ? { API_IN_WEB: '1' } : {}),
      ...options.env,
    }
    const worklane = { guard, env, mode, log }
    const starters = new Map<string, { kind: Scaled; start: () => Promise<Part> }>()
    for (const { name, port } of scaled.api)
      starters.set(name, { kind: 'api', start: () => startApi({ ...worklane, name, port }) })
    for (const { name, port } of scaled.worker)
      starters.set(name, { kind: 'worker', start: () => startWorker({ ...worklane, name, port }) })
    for (const { name, port } of scaled.web)
      starters.set(name, { kind: 'web', start: () => startWeb({ ...worklane, name, port, build }) })
    const starting = [
      ...[...starters].filter(([, { kind }]) => wanted.has(kind)).map(([, { start }]) => start()),
      wanted.has('edge')
        ? startEdge({
            guard,
            program: tools.nginx.path,
            directory: home.temporary,
            logFile: log('edge'),
            ports: {
              edge: ports.edge,
              web: scaled.web.map(({ port }) => port),
              api: (options.apiInWeb ? scaled.web : scaled.api).map(({ port }) => port),
            },
            store: store || !files.S3_BUCKET ? null : { port: ports.store, bucket: files.S3_BUCKET },
            build,
            compress: options.compress ?? true,
          })
        : undefined,
    ]
    const started = await Promise.allSettled(starting)
    for (const result of started) if (result.status === 'fulfilled' && result.value) adopt(result.value)
    const failed = started.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
    if (payments && population && isSubscribed) {
      const subscribed = await subscribePopulation(population, { payments, adminUrl: env.DATABASE_URL ?? '' })
      say(`payments: ${subscribed.toLocaleString('en')} organisations have subscribed`)
    }

    return {
      origin,
      env,
      sessionSecret,
      prometheusUrl,
      payments,
      parts,
      addresses: Object.fromEntries(
        Object.values(scaled)
          .flat()
          .map(({ name, port }) => [name, `http://127.0.0.1:${port}`]),
      ),
      logDirectory: home.logs,
      onCrash: (listener) => void crashListeners.push(listener),
      async usage() {
        const usage = await usageOf(parts.map((part) => part.pid))
        const named = parts.flatMap(({ name, pid }) => {
          const used = usage.get(pid)
          return used ? [[name, used] as const] : []
        })
        return Object.fromEntries(named)
      },
      async restart(name) {
        const [part, starter] = [parts.find((each) => each.name === name), starters.get(name)]
        if (!part || !starter) throw new Error(`no process of Worklane is called ${name}`)
        restarting.add(part)
        await part.stop(15_000)
        // What would begin now nobody would end.
        if (stopping) return
        parts.splice(parts.indexOf(part), 1)
        adopt(await starter.start())
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function urls(adminUrl: string): Promise<Record<string, string>> {
  const { app, worker, auth, relay, intake, operator } = await preparedDatabase(adminUrl)
  return {
    DATABASE_URL: adminUrl,
    DATABASE_ROLES_SECRET: await rolesSecret(),
    APP_DATABASE_URL: app,
    WORKER_DATABASE_URL: worker,
    AUTH_DATABASE_URL: auth,
    RELAY_DATABASE_URL: relay,
    INTAKE_DATABASE_URL: intake,
    OPERATOR_DATABASE_URL: operator,
  }
}

async function assertFree(port: number | undefined): Promise<void> {
  if (port !== undefined && (await getPort({ port })) !== port)
    throw new UsageError(`port ${port} is in use`, 'stop what listens there, or give another one with --port')
}

type Ports = Record<PartName, number>

async function freePorts(block: PortBlock, edge: number | undefined): Promise<Ports> {
  const ports: Partial<Ports> = {}
  for (const name of partNames)
    ports[name] = name === 'edge' && edge !== undefined ? edge : await block.next()
  return ports as Ports
}

type Instance = { name: string; port: number }

/** The processes of each scaled part with their ports; the first has the part's own. */
async function instances(
  block: PortBlock,
  ports: Ports,
  counts: Partial<Record<Scaled, number>>,
): Promise<Record<Scaled, Instance[]>> {
  const of = async (kind: Scaled): Promise<Instance[]> => {
    const count = counts[kind] ?? 1
    const found: Instance[] = []
    for (let n = 1; n <= count; n++) {
      found.push({
        name: count > 1 ? `${kind}-${n}` : kind,
        port: n === 1 ? ports[kind] : await block.next(),
      })
    }
    return found
  }
  return { api: await of('api'), web: await of('web'), worker: await of('worker') }
}

const runsKept = 12

async function runDirectory(guard: Guard): Promise<{ logs: string; temporary: string; cluster: string }> {
  const runs = join(project, '.headroom/runs')
  await mkdir(runs, { recursive: true })
  // What runs still has its temporary directory, however old it is.
  const ended = (await readdir(runs)).filter((name) => !existsSync(join(runs, name, 'tmp')))
  const old = ended.sort().slice(0, -runsKept)
  await Promise.all(old.map((name) => rm(join(runs, name), { recursive: true, force: true })))
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const run = await mkdtemp(join(runs, `${stamp}-`))
  const logs = join(run, 'logs')
  const temporary = join(run, 'tmp')
  const cluster = join(await temporaryBelow(await clusterHome(project), 'running-'), 'cluster')
  await mkdir(logs)
  await mkdir(temporary)
  guard.directory(temporary)
  guard.directory(join(cluster, '..'))
  return { logs, temporary, cluster }
}
