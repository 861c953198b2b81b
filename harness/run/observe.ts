import { cpus } from 'node:os'
import { soak } from '@headroom/perf-budgets/slo.ts'
import pg from 'pg'
import { linearRegression } from 'simple-statistics'
import { type MemorySlope, nothingObserved, type Observed } from '../judge/result.ts'
import type { Stack } from '../stack/stack.ts'
import type { Usage } from '../stack/usage.ts'
import type { Sample } from './generator.ts'

type Look = { at: number; usage: Record<string, Usage>; busy: number }

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
  #statements: Promise<boolean> = Promise.resolve(false)
  /** Before the first judged moment. */
  #failures: Promise<Row[] | null> = Promise.resolve(null)

  /** @param isJudged whether what happens now counts */
  constructor(stack: Stack | null, isJudged: () => boolean) {
    this.#stack = stack
    this.#isJudged = isJudged
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), 1_000)
  }

  async #look(): Promise<void> {
    if (!this.#stack || !this.#isJudged()) return
    if (!this.#first) {
      this.#statements = resetStatements(this.#stack.env.DATABASE_URL)
      this.#failures = failuresAt(this.#stack.prometheusUrl)
    }
    const look = { at: Date.now(), usage: await this.#stack.usage(), busy: busySeconds() }
    this.#first ??= look
    this.#last = look
  }

  /** What was seen, from the first judged moment to the last. */
  async end(): Promise<{ observed: Observed; memory: MemorySlope[] }> {
    clearInterval(this.#timer)
    const [from, to, stack] = [this.#first, this.#last, this.#stack]
    if (!stack || !from || !to || to.at === from.at) return { observed: nothingObserved, memory: [] }
    const seconds = (to.at - from.at) / 1_000
    const span = { at: to.at / 1_000, seconds: Math.max(10, Math.round(seconds)) }
    const ask = (expression: string) => query(stack.prometheusUrl, expression, span.at)
    const over = `[${span.seconds}s]`
    const nameOf = (instance: string) =>
      Object.entries(stack.addresses).find(([, url]) => url.endsWith(`//${instance}`))?.[0] ?? instance
    const [lag, waiting, hits, done, delay, oldest] = await Promise.all([
      ask(`max_over_time(nodejs_eventloop_lag_p99_seconds${over})`),
      ask(`sum by (instance) (max_over_time(database_pool{state="waiting"}${over}))`),
      ask(
        `sum(increase(cache_lookups_total{outcome="hits"}${over})) / sum(increase(cache_lookups_total{outcome=~"hits|misses"}${over}))`,
      ),
      ask(`sum(increase(effect_delay_seconds_count${over}))`),
      ask(`histogram_quantile(0.95, sum by (le) (increase(effect_delay_seconds_bucket${over})))`),
      ask(`max(max_over_time(effect_oldest_waiting_seconds${over}))`),
    ])
    const valueFor = (rows: Row[], part: string) =>
      rows.find(({ labels }) => nameOf(labels.instance ?? '') === part)?.value ?? null
    const parts = Object.fromEntries(
      Object.entries(to.usage).map(([name, { cpuSeconds, rssBytes }]) => {
        const lagSeconds = valueFor(lag, name)
        return [
          name,
          {
            cores: Math.max(0, (cpuSeconds - (from.usage[name]?.cpuSeconds ?? 0)) / seconds),
            rssBytes,
            eventLoopLagP99Ms: lagSeconds === null ? null : lagSeconds * 1_000,
            poolWaiting: valueFor(waiting, name),
          },
        ]
      }),
    )
    const machineCpuShare = (to.busy - from.busy) / seconds / cores
    const observed = {
      ...{ machineCpuShare, parts, cacheHitRatio: hits[0]?.value ?? null },
      effects: {
        count: Math.round(done[0]?.value ?? 0),
        delayP95Ms: inMs(delay[0]),
        oldestWaitingMs: inMs(oldest[0]),
      },
      failedPages: rises(await this.#failures, await failuresAt(stack.prometheusUrl)),
      statements: (await this.#statements) ? await topStatements(stack.env.DATABASE_URL) : [],
      limiting: limitingPart(machineCpuShare, parts),
    }
    return { observed, memory: await memoryOf(stack.prometheusUrl, nameOf, from.at, to.at) }
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

type Row = { labels: Record<string, string>; value: number }

/** Null when Prometheus was asked in vain: no rows would be a promise that nothing failed. */
async function failuresAt(url: string): Promise<Row[] | null> {
  const [up] = await query(url, 'count(up{job="web"})', Date.now() / 1_000)
  return up ? query(url, 'page_failures_total', Date.now() / 1_000) : null
}

/**
 * How much counters rose from one moment to another. Differences, since Prometheus's own `increase` does not see the
 * first of a counter that was not there before. One that fell began anew with its process.
 */
export function rises(before: readonly Row[] | null, after: readonly Row[] | null): Observed['failedPages'] {
  if (!before || !after) return null
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

/** An instant query; no rows when Prometheus does not answer. */
async function query(url: string, expression: string, time: number): Promise<Row[]> {
  if (!url) return []
  const address = `${url}/api/v1/query?${new URLSearchParams({ query: expression, time: String(time) })}`
  const answer = (await fetch(address)
    .then((response) => response.json())
    .catch(() => null)) as {
    data?: { result?: { metric: Record<string, string>; value: [number, string] }[] }
  } | null
  return (answer?.data?.result ?? []).flatMap(({ metric, value: [, value] }) =>
    Number.isNaN(Number(value)) ? [] : [{ labels: metric, value: Number(value) }],
  )
}

const memoryMetrics = {
  resident: 'process_resident_memory_bytes',
  'array buffers': 'nodejs_array_buffers_bytes',
} as const

/** Memory of each process of Worklane over a time, with its slope. */
async function memoryOf(
  url: string,
  nameOf: (instance: string) => string,
  from: number,
  to: number,
): Promise<MemorySlope[]> {
  const slopes: MemorySlope[] = []
  for (const [what, metric] of Object.entries(memoryMetrics) as [MemorySlope['what'], string][]) {
    const parameters = { query: `${metric}{job=~"api|web|worker"}`, step: '10' }
    const span = { start: String(from / 1_000), end: String(to / 1_000) }
    const answer = (await fetch(
      `${url}/api/v1/query_range?${new URLSearchParams({ ...parameters, ...span })}`,
    )
      .then((response) => response.json())
      .catch(() => null)) as {
      data?: { result?: { metric: Record<string, string>; values: [number, string][] }[] }
    } | null
    for (const { metric, values } of answer?.data?.result ?? []) {
      const points = values.map(([at, value]): [number, number] => [at / 60, Number(value)])
      slopes.push(slopeOf(nameOf(metric.instance ?? ''), what, points))
    }
  }
  return slopes
}

/** Of what was seen once it was warm. @param points minutes and bytes, the earliest first */
export function slopeOf(process: string, what: MemorySlope['what'], points: [number, number][]): MemorySlope {
  const [begins, ends] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0]
  const warm = points.filter(([minute]) => minute >= begins + soak.warmUp * (ends - begins))
  const bytesPerMinute = warm.length < 2 ? 0 : linearRegression(warm).m
  return { process, what, bytesPerMinute, lastBytes: points.at(-1)?.[1] ?? 0 }
}

/** The same of a process that was watched from outside. */
export const slopeOfSamples = (process: string, samples: readonly Sample[]): MemorySlope =>
  slopeOf(
    process,
    'resident',
    samples.map(({ at, rssBytes }) => [at / 60_000, rssBytes]),
  )

async function withClient<T>(
  url: string | undefined,
  use: (client: pg.Client) => Promise<T>,
): Promise<T | null> {
  if (!url) return null
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  // What is lost fails the query; untold of here it would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    return await use(client)
  } catch {
    // A server of the user's own may not have the extension: the run does not depend on it.
    return null
  } finally {
    await client.end().catch(() => {})
  }
}

const resetStatements = async (url: string | undefined): Promise<boolean> =>
  (await withClient(url, async (client) => {
    await client.query('create extension if not exists pg_stat_statements')
    await client.query('select pg_stat_statements_reset()')
    return true
  })) ?? false

const told = 5

const topStatements = async (url: string | undefined): Promise<Observed['statements']> =>
  (await withClient(url, async (client) => {
    const { rows } = await client.query<{ query: string; calls: string; mean: number; share: number }>(
      // Whoever asks: requests and workers have begin and commit in common.
      `select query, sum(calls) as calls, sum(total_exec_time) / sum(calls) as mean,
           sum(total_exec_time) / sum(sum(total_exec_time)) over () as share
         from pg_stat_statements group by query order by sum(total_exec_time) desc limit ${told}`,
    )
    return rows.map(({ query, calls, mean, share }) => ({
      ...{ query: query.replaceAll(/\s+/g, ' ').slice(0, 160), calls: Number(calls), meanMs: mean, share },
    }))
  })) ?? []
