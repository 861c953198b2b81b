import { cpus } from 'node:os'
import { type Watchable, watchable } from '@headroom/loadtests/wire/evidence.ts'
import { soak } from '@headroom/perf-budgets/slo.ts'
import { clientConfigOf } from '@worklane/data/postgres-address.ts'
import { refusedBecause } from '@worklane/data/refused-connection.ts'
import { UtcClient } from '@worklane/data/utc-client.ts'
import pg from 'pg'
import { linearRegression } from 'simple-statistics'
import { type MemorySlope, nothingObserved, type Observed } from '../result/result.ts'
import type { Stack } from '../stack/stack.ts'
import type { Usage } from '../stack/usage.ts'
import type { Sample } from './generator.ts'
import { query, type Row, seriesOf, Unanswered } from './prometheus-query.ts'

type Look = { at: number; usage: Record<string, Usage>; busy: number }

/** What could not be watched of a stack of ours, and why. */
export type Missing = { what: Watchable; why: string }

export type Seen = { observed: Observed; memory: MemorySlope[]; missing: Missing[] }

const cores = cpus().length

/** CPU time of the whole machine that was not idle, in seconds. */
const busySeconds = (): number =>
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1_000

/** How much of a core a process of Node can use before it is the bottleneck: it has one thread for its work. */
const wholeCore = 0.9
/** A loop that is later than this makes everybody wait, whatever its process used on average. Milliseconds. */
const lateLoop = 250
/** The machine has nothing left. */
const wholeMachine = 0.9

/** Looks at the parts of a stack while it is under load. */
export class Observer {
  readonly #stack: Stack | null
  readonly #isJudged: () => boolean
  #first: Look | null = null
  #last: Look | null = null
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | null = null
  /** CPU seconds of each part since the first look; a part that was started again goes on. */
  readonly #used = new Map<string, number>()
  #statements: Promise<string | null> = Promise.resolve(null)
  /** Before the first judged moment. */
  #failures: Promise<Told<Row[]>> = Promise.resolve({ why: neverLooked })

  /** @param isJudged whether what happens now counts */
  constructor(stack: Stack | null, isJudged: () => boolean) {
    this.#stack = stack
    this.#isJudged = isJudged
  }

  start(): void {
    this.#timer = setInterval(() => {
      // On a busy machine a look takes longer than that; the next one waits for its turn.
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null
      })
    }, 1_000)
  }

  async #look(): Promise<void> {
    if (!this.#stack || !this.#isJudged()) return
    if (!this.#first) {
      this.#statements = resetStatements(this.#stack.env.DATABASE_URL)
      this.#failures = told(failuresAt(this.#stack.prometheusUrl))
    }
    const look = { at: Date.now(), usage: await this.#stack.usage(), busy: busySeconds() }
    for (const [name, { cpuSeconds }] of Object.entries(look.usage)) {
      const before = this.#last?.usage[name]?.cpuSeconds
      const rise = before === undefined || before > cpuSeconds ? cpuSeconds : cpuSeconds - before
      if (this.#last) this.#used.set(name, (this.#used.get(name) ?? 0) + rise)
    }
    this.#first ??= look
    this.#last = look
  }

  /** What was seen, from the first judged moment to the last, and what of it was not to be seen. */
  async end(): Promise<Seen> {
    clearInterval(this.#timer)
    await this.#looking
    const [from, to, stack] = [this.#first, this.#last, this.#stack]
    if (!stack) return { observed: nothingObserved, memory: [], missing: [] }
    if (!from || !to || to.at === from.at)
      return {
        observed: nothingObserved,
        memory: [],
        missing: watchable.map((what) => ({ what, why: neverLooked })),
      }
    const missing: Missing[] = []
    const lacks = (what: Watchable, why: string) => void missing.push({ what, why })
    const seconds = (to.at - from.at) / 1_000
    const span = { at: to.at / 1_000, seconds: Math.max(10, Math.round(seconds)) }
    const over = `[${span.seconds}s]`
    /** Null where it could not be asked for, which is then missing. */
    const ask = async (what: Watchable, expression: string): Promise<Row[] | null> => {
      const answer = await told(query(stack.prometheusUrl, expression, span.at))
      if ('value' in answer) return answer.value
      lacks(what, answer.why)
      return null
    }
    const nameOf = (instance: string) =>
      Object.entries(stack.addresses).find(([, url]) => url.endsWith(`//${instance}`))?.[0] ?? instance
    const own = 'event loops and pools'
    const [lag, waiting, hits] = await Promise.all([
      ask(own, `max_over_time(nodejs_eventloop_lag_p99_seconds${over})`),
      ask(own, `sum by (instance) (max_over_time(database_pool{state="waiting"}${over}))`),
      ask(
        own,
        `sum(increase(cache_lookups_total{outcome="hits"}${over})) / sum(increase(cache_lookups_total{outcome=~"hits|misses"}${over}))`,
      ),
    ])
    const valueFor = (rows: Row[] | null, part: string) =>
      rows?.find(({ labels }) => nameOf(labels.instance ?? '') === part)?.value ?? null
    const parts = Object.fromEntries(
      Object.entries(to.usage).map(([name, { rssBytes }]) => {
        const lagSeconds = valueFor(lag, name)
        return [
          name,
          {
            cores: (this.#used.get(name) ?? 0) / seconds,
            rssBytes,
            eventLoopLagP99Ms: lagSeconds === null ? null : lagSeconds * 1_000,
            poolWaiting: valueFor(waiting, name),
          },
        ]
      }),
    )
    const unseen = stack.parts.map(({ name }) => name).filter((name) => !parts[name])
    if (unseen.length > 0)
      lacks('CPU of the parts', `the processes of ${unseen.join(', ')} cannot be watched on this system`)
    const failures = await this.#failedPages(stack.prometheusUrl)
    if ('why' in failures) lacks('failed pages', failures.why)
    const statements = await this.#topStatements(stack.env.DATABASE_URL)
    if ('why' in statements) lacks('statements', statements.why)
    const machineCpuShare = (to.busy - from.busy) / seconds / cores
    const observed: Observed = {
      machineCpuShare,
      parts,
      cacheHitRatio: hits?.[0]?.value ?? null,
      effects: await effectsOf((expression) => ask('delay of effects', expression), over, lacks),
      webhooks: await webhooksOf((expression) => ask('webhook effects', expression), over, lacks),
      failedPages: 'value' in failures ? failures.value : null,
      statements: 'value' in statements ? statements.value : [],
      limiting: limitingPart(machineCpuShare, parts),
    }
    const memory = await told(memoryOf(stack.prometheusUrl, nameOf, from.at, to.at))
    if ('why' in memory) lacks('memory slopes', memory.why)
    const slopes = 'value' in memory ? memory.value : []
    for (const name of Object.keys(stack.addresses))
      for (const what of Object.keys(memoryMetrics))
        if ('value' in memory && !slopes.some((slope) => slope.process === name && slope.what === what))
          lacks('memory slopes', `Prometheus held no samples of ${name}'s memory (${what})`)
    return { observed, memory: slopes, missing: distinct(missing) }
  }

  async #failedPages(url: string): Promise<Told<NonNullable<Observed['failedPages']>>> {
    const [before, after] = [await this.#failures, await told(failuresAt(url))]
    if ('why' in before) return before
    return 'why' in after ? after : { value: rises(before.value, after.value) }
  }

  async #topStatements(url: string | undefined): Promise<Told<Observed['statements']>> {
    const why = await this.#statements
    return why === null ? told(topStatements(url)) : { why }
  }
}

const neverLooked = 'the judged time was over before anything could be watched'

/** What was asked for, or why it is not known. */
type Told<T> = { value: T } | { why: string }

const told = <T>(asking: Promise<T>): Promise<Told<T>> =>
  asking.then(
    (value) => ({ value }),
    (error: unknown) => {
      if (error instanceof Unanswered) return { why: error.message }
      throw error
    },
  )

const distinct = (missing: readonly Missing[]): Missing[] => [
  ...new Map(missing.map((each) => [`${each.what} ${each.why}`, each])).values(),
]

async function effectsOf(
  ask: (expression: string) => Promise<Row[] | null>,
  over: string,
  lacks: (what: Watchable, why: string) => void,
): Promise<Observed['effects']> {
  const [done, delay, oldest] = await Promise.all([
    ask(`sum(increase(effect_delay_seconds_count${over}))`),
    ask(`histogram_quantile(0.95, sum by (le) (increase(effect_delay_seconds_bucket${over})))`),
    ask(
      `max(max_over_time(effect_oldest_waiting_seconds${over}) or max_over_time(job_oldest_seconds{queue=~"notifications|mail"}${over}))`,
    ),
  ])
  if (done?.length === 0) lacks('delay of effects', 'Prometheus held no samples of effect_delay_seconds')
  if (oldest?.length === 0)
    lacks('delay of effects', 'Prometheus held no samples of effect_oldest_waiting_seconds')
  return {
    count: Math.round(done?.[0]?.value ?? 0),
    delayP95Ms: inMs(delay?.[0]),
    oldestWaitingMs: inMs(oldest?.[0]),
  }
}

async function webhooksOf(
  ask: (expression: string) => Promise<Row[] | null>,
  over: string,
  lacks: (what: Watchable, why: string) => void,
): Promise<Observed['webhooks']> {
  const [done, delay, oldest] = await Promise.all([
    ask(`sum(increase(webhook_effect_seconds_count${over}))`),
    ask(`histogram_quantile(0.95, sum by (le) (increase(webhook_effect_seconds_bucket${over})))`),
    ask(`max(max_over_time(webhook_oldest_waiting_seconds${over}))`),
  ])
  if (done?.length === 0) lacks('webhook effects', 'Prometheus held no samples of webhook_effect_seconds')
  if (oldest?.length === 0)
    lacks('webhook effects', 'Prometheus held no samples of webhook_oldest_waiting_seconds')
  return {
    count: Math.round(done?.[0]?.value ?? 0),
    effectP95Ms: inMs(delay?.[0]),
    oldestWaitingMs: inMs(oldest?.[0]),
  }
}

/** Which part had nothing left; null when each had room. */
export function limitingPart(machineCpuShare: number | null, parts: Observed['parts']): Observed['limiting'] {
  const byCpu = Object.entries(parts).sort(([, a], [, b]) => b.cores - a.cores)
  const [largest] = byCpu
  if (!largest) return null
  const inWords = byCpu
    .slice(0, 3)
    .map(([name, { cores }]) => `${name} ${cores.toFixed(2)}`)
    .join(', ')
  if (machineCpuShare !== null && machineCpuShare >= wholeMachine) {
    const busy = `${(machineCpuShare * 100).toFixed(0)}% of the machine's ${cores} cores were busy`
    return { part: largest[0], why: `${busy}, generator included; of Worklane most went to ${inWords}` }
  }
  const worn = byCpu.find(([name, { cores }]) => /^(api|web|worker)/.test(name) && cores >= wholeCore)
  if (worn) {
    const [part, { cores: used }] = worn
    return {
      part,
      why: `one process of Node can use one core, and used ${used.toFixed(2)}; start more of them`,
    }
  }
  const late = byCpu
    .filter(([, { eventLoopLagP99Ms }]) => (eventLoopLagP99Ms ?? 0) >= lateLoop)
    .sort(([, a], [, b]) => (b.eventLoopLagP99Ms ?? 0) - (a.eventLoopLagP99Ms ?? 0))[0]
  if (late) {
    const [part, { cores: used, eventLoopLagP99Ms }] = late
    return {
      part,
      why: `its event loop was late by up to ${(eventLoopLagP99Ms ?? 0).toFixed(0)} ms (p99) at ${used.toFixed(2)} cores: requests came faster than its one thread took them; start more of them`,
    }
  }
  const queued = byCpu.find(([, { poolWaiting }]) => (poolWaiting ?? 0) > 0)
  if (queued) {
    const [part, { poolWaiting }] = queued
    return {
      part,
      why: `up to ${poolWaiting} requests waited for a connection to Postgres; raise DATABASE_POOL`,
    }
  }
  return null
}

const inMs = (row: Row | undefined): number | null => (row === undefined ? null : row.value * 1_000)

/** @throws Unanswered also where a web process is not reached: no rows would be a promise that nothing failed */
async function failuresAt(url: string): Promise<Row[]> {
  const count = async (expression: string) =>
    (await query(url, expression, Date.now() / 1_000))[0]?.value ?? 0
  // One scrape may come to nothing under load.
  const reached = await count('sum(max_over_time(up{job="web"}[15s]))')
  const all = await count('count(up{job="web"})')
  if (all === 0 || reached < all)
    throw new Unanswered(`Prometheus reached ${reached} of ${all} web processes`)
  return query(url, 'page_failures_total', Date.now() / 1_000)
}

/**
 * How much counters rose from one moment to another. Differences, since Prometheus's own `increase` does not see the
 * first of a counter that was not there before. One that fell began anew with its process.
 */
export function rises(before: readonly Row[], after: readonly Row[]): NonNullable<Observed['failedPages']> {
  const same = (a: Row, b: Row) =>
    ['instance', 'route', 'kind'].every((name) => a.labels[name] === b.labels[name])
  const sums = new Map<string, { route: string; kind: string; count: number }>()
  for (const row of after) {
    const known = before.find((each) => same(each, row))?.value ?? 0
    const rise = row.value < known ? row.value : row.value - known
    const { route = '', kind = '' } = row.labels
    const sum = sums.get(`${kind} ${route}`) ?? { route, kind, count: 0 }
    sum.count += rise
    sums.set(`${kind} ${route}`, sum)
  }
  return [...sums.values()].filter(({ count }) => count > 0).sort((a, b) => b.count - a.count)
}

const memoryMetrics = {
  resident: 'process_resident_memory_bytes',
  'array buffers': 'nodejs_array_buffers_bytes',
} as const

/** Memory of each process of Worklane over a time, with its slope. @throws Unanswered */
async function memoryOf(
  url: string,
  nameOf: (instance: string) => string,
  from: number,
  to: number,
): Promise<MemorySlope[]> {
  const over = `[${Math.max(1, Math.round((to - from) / 1_000))}s]`
  const slopes = Object.entries(memoryMetrics).map(async ([what, metric]) => {
    const all = await seriesOf(url, `${metric}{job=~"api|web|worker"}${over}`, to / 1_000)
    return all.map(({ labels, points }) =>
      slopeOf(
        nameOf(labels.instance ?? ''),
        what as MemorySlope['what'],
        points.map(([at, bytes]) => [at / 60, bytes]),
      ),
    )
  })
  return (await Promise.all(slopes)).flat()
}

/** Of what was seen once it was warm. @param points minutes and bytes, the earliest first */
export function slopeOf(process: string, what: MemorySlope['what'], points: [number, number][]): MemorySlope {
  const [begins, ends] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0]
  const warm = points.filter(([minute]) => minute >= begins + soak.warmUp * (ends - begins))
  return {
    process,
    what,
    samples: warm.length,
    bytesPerMinute: warm.length < 2 ? null : linearRegression(warm).m,
    lastBytes: points.at(-1)?.[1] ?? 0,
  }
}

/** The same of a process that was watched from outside. */
export const slopeOfSamples = (process: string, samples: readonly Sample[]): MemorySlope =>
  slopeOf(
    process,
    'resident',
    samples.map(({ at, rssBytes }) => [at / 60_000, rssBytes]),
  )

/** @throws Unanswered with what the server said */
async function withClient<T>(url: string | undefined, use: (client: pg.Client) => Promise<T>): Promise<T> {
  if (!url) throw new Unanswered('there is no Postgres to ask')
  const client = new UtcClient({ connectionTimeoutMillis: 5_000, ...clientConfigOf('DATABASE_URL', url) })
  // What is lost fails the query; untold of here it would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    return await use(client)
  } catch (error) {
    // A server of the user's own may not have the extension.
    const why = error instanceof pg.DatabaseError ? error.message : refusedBecause('Postgres', error).problem
    throw new Unanswered(`Postgres did not tell (${why})`)
  } finally {
    await client.end().catch(() => {})
  }
}

/** @returns why it was not done, or null */
const resetStatements = async (url: string | undefined): Promise<string | null> => {
  const reset = await told(
    withClient(url, async (client) => {
      await client.query('create extension if not exists pg_stat_statements')
      await client.query('select pg_stat_statements_reset()')
    }),
  )
  return 'why' in reset ? reset.why : null
}

const namedStatements = 5

const topStatements = (url: string | undefined): Promise<Observed['statements']> =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ query: string; calls: string; mean: number; share: number }>(
      // Of Worklane's roles, whichever: requests and workers have begin and commit in common. What others ask of a server
      // of the user's own, which may hold anything, is nobody's to read.
      `select query, sum(calls) as calls, sum(total_exec_time) / sum(calls) as mean,
           sum(total_exec_time) / sum(sum(total_exec_time)) over () as share
         from pg_stat_statements
         where userid in (select oid from pg_roles where rolname like 'worklane\\_%') group by query order by sum(total_exec_time) desc limit ${namedStatements}`,
    )
    return rows.map(({ query, calls, mean, share }) => ({
      query: query.replaceAll(/\s+/g, ' ').slice(0, 160),
      calls: Number(calls),
      meanMs: mean,
      share,
    }))
  })
