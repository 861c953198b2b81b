import { setTimeout as sleep } from 'node:timers/promises'
import {
  labelsOf,
  organisationAt,
  type PopulationSpec,
  projectIdAt,
  sessionCookieOf,
  userIdAt,
} from '@headroom/fixtures/population.ts'
import { type Counters, fewest } from '@headroom/perf-budgets/gate/counters.ts'
import { routes, streamed, withoutLoad } from '@headroom/perf-budgets/slo.ts'
import { fullestTaskOf, largestOf, pagesOf } from '../lighthouse/pages.ts'
import { ask } from '../plan/target/ask.ts'
import { queriesOfOperations } from './operations.ts'
import { settledBytes } from './settled.ts'
import type { Side } from './sides.ts'
import { openStatements } from './statements.ts'

type Counted = {
  route: string
  path: string
  signedIn: boolean
  /** Stands in this page and in no other that may come in its place. */
  marker?: string
}

/** What Postgres and V8 know of a request a moment after its answer. */
const settlingMs = 50
/** Pages, warm, before what they allocate is measured, and how many it is the mean of. */
const allocations = { warm: 10, measured: 20 }
/** Those that people open all day. */
const allocating = ['/dashboard', '/projects/[projectId]', '/tasks/[taskId]']

/** Tenants whose owners ask in a round, each for the first time: something else may ask the database at that moment. */
const tenants = 5

/**
 * Asks every page and every operation of a side, one at a time, and counts. Queries of pages and reads are those of a
 * first visit, with nothing in the cache; all queries are the fewest of several tenants'. Bytes are those that an answer
 * holds before compression, in the largest tenant.
 * @param round asks the owners of other tenants than the rounds before
 * @throws Error when a side refuses the session, or a page or a read fails
 */
export async function countersOf(side: Side, population: PopulationSpec, round = 0): Promise<Counters> {
  const database = side.databaseUrl === undefined ? null : await openStatements(side.databaseUrl)
  try {
    const failedBefore = await failedPages(side)
    const requireWholePages = async () => {
      const failed = (await failedPages(side)) - failedBefore
      if (failed > 0)
        throw new Error(
          `${side.what}: ${failed} pages failed behind a good status, so what they cost is no count`,
        )
    }
    const queries: Record<string, number> = {}
    const bytes: Record<string, number> = {}
    const script: Record<string, number> = {}
    const largest = visitorOf(side, population, largestOf(population))
    const { first, rest } = strangersOf(population, round)
    const others = first.map((organisation) => visitorOf(side, population, organisation))
    for (const visitor of [largest, ...(database ? others : [])]) {
      for (const each of visitor.asked) {
        const before = (await database?.calls('requests')) ?? 0
        const text = await visitor.get(each)
        if (text === null) continue
        await sleep(settlingMs)
        const { route } = each
        // In a later round the largest tenant's cache is full.
        if (database && (round === 0 || visitor !== largest))
          queries[route] = fewest(queries[route], (await database.calls('requests')) - before)
        if (visitor !== largest) continue
        bytes[route] = settledBytes(text)
        if (route.startsWith('page ')) script[route] = await scriptBytes(side, text)
      }
      await requireWholePages()
    }
    const allocated =
      side.webUrl === undefined ? null : await allocationsOf(side, side.webUrl, population, rest)
    await requireWholePages()
    if (database) Object.assign(queries, await queriesOfOperations(side, population, first, database))
    return {
      bytes,
      script,
      ...(database ? { queries } : {}),
      ...(allocated ? { allocated } : {}),
    }
  } finally {
    await database?.end()
  }
}

/**
 * Tenants that nobody has asked for yet, in this round or an earlier one: what is in the cache asks the database for
 * nothing, and would hide whatever a first visit costs more. Fewer when the population has no more.
 * @returns the first ones for queries, and one for each page whose allocations are measured
 */
function strangersOf(population: PopulationSpec, round: number): { first: number[]; rest: number[] } {
  const largest = largestOf(population)
  const each = tenants - 1 + allocating.length
  const all = Array.from({ length: population.organisations }, (_, index) => index)
  const strangers = all.filter((index) => index !== largest).slice(round * each, (round + 1) * each)
  return { first: strangers.slice(0, tenants - 1), rest: strangers.slice(tenants - 1) }
}

/** An owner, and what they ask. */
function visitorOf(side: Side, population: PopulationSpec, organisation: number) {
  const { pages, sessionToken } = pagesOf(population, side.sessionSecret, organisation)
  const asked = [
    ...pages.map(
      ({ name, path, session, marker }): Counted => ({
        route: `page ${name}`,
        path,
        signedIn: session === 'user',
        // A small tenant need not have anything of its own on a page.
        ...(organisation === largestOf(population) ? { marker } : {}),
      }),
    ),
    ...readsOf(population, organisation),
  ]
  /** Null where this side has no such page, whatever status says so. */
  const get = async ({ path, signedIn, marker }: Counted): Promise<string | null> => {
    const cookie = `${sessionCookieOf(side.origin)}=${sessionToken}`
    const headers: Record<string, string> = signedIn ? { cookie } : {}
    // Who is not let in is led to the sign-in page, which is another page.
    const init = { headers, redirect: 'manual', signal: AbortSignal.timeout(30_000) } as const
    const response = await ask(side.origin, path, init, side.access)
    const text = await response.text()
    if (response.status === 404) return null
    if (!response.ok) throw new Error(`${side.what}: ${path} answered ${response.status}`)
    return marker === undefined || text.includes(marker) ? text : null
  }
  return { asked, get }
}

/** Streams, and what only who has a subscription, or has made something, may ask: the tour does (operations.ts). */
const notHere: ReadonlySet<string> = new Set([
  ...streamed,
  'GET /v1/billing/preview',
  'GET /v1/files/:fileId/link',
  'GET /v1/exports/:exportId',
  'GET /v1/imports/:importId',
  'GET /v1/webhooks/:webhookId',
  'GET /v1/webhooks/:webhookId/deliveries',
])

/** The operations that only read, with ids and words that this population has. */
function readsOf(spec: PopulationSpec, organisation: number): Counted[] {
  const parameters: Record<string, string> = {
    ':projectId': projectIdAt(spec, organisation, 0),
    ':taskId': fullestTaskOf(spec, organisation).id,
    ':memberId': userIdAt(spec, organisationAt(spec, organisation).firstUser),
    ':labelId': labelsOf(spec, organisation)[0]?.id ?? '',
  }
  const idOf = (name: string): string => {
    const id = parameters[name]
    if (id === undefined) throw new Error(`the gate has no ${name} of its population: name one in readsOf`)
    return id
  }
  const queries: Record<string, string> = { 'GET /v1/search': '?q=review' }
  return Object.keys(routes)
    .filter((route) => route.startsWith('GET /v1/') && !notHere.has(route) && !(route in withoutLoad))
    .map((route) => {
      const path = route.slice('GET '.length).replaceAll(/:\w+/g, idOf)
      return { route, path: path + (queries[route] ?? ''), signedIn: true }
    })
}

const scripts = new Map<string, number>()

/** Over the network, each script of the page once. */
async function scriptBytes({ origin, access }: Side, html: string): Promise<number> {
  const paths = new Set(html.match(/\/_next\/static\/[\w./~-]+\.js/g))
  let sum = 0
  for (const path of paths) {
    const url = origin + path
    if (!scripts.has(url)) scripts.set(url, await compressedBytes({ origin, access }, path))
    sum += scripts.get(url) ?? 0
  }
  return sum
}

/** By content-length: what is kept compressed on disk says it. */
async function compressedBytes(
  { origin, access }: Pick<Side, 'origin' | 'access'>,
  path: string,
): Promise<number> {
  const response = await ask(origin, path, { headers: { 'accept-encoding': 'gzip' } }, access)
  // A page of errors in its place has few bytes, too.
  if (!response.ok) throw new Error(`${origin}${path} answered ${response.status}`)
  const body = await response.arrayBuffer()
  return Number(response.headers.get('content-length') ?? body.byteLength)
}

/** Each page in a tenant of its own, so that nobody asks for more than a person may. */
async function allocationsOf(
  side: Side,
  webUrl: string,
  population: PopulationSpec,
  organisations: readonly number[],
): Promise<Record<string, number> | null> {
  const allocated: Record<string, number> = {}
  for (const [place, name] of allocating.entries()) {
    const organisation = organisations[place]
    if (organisation === undefined) continue
    const visitor = visitorOf(side, population, organisation)
    const page = visitor.asked.find(({ route }) => route === `page ${name}`)
    if (!page) continue
    const visit = async (times: number) => {
      for (let time = 0; time < times; time++) await visitor.get(page)
    }
    await visit(allocations.warm)
    const before = await bytesAllocated(webUrl)
    await visit(allocations.measured)
    const after = await bytesAllocated(webUrl)
    if (before === null || after === null) return null
    allocated[page.route] = Math.round((after - before) / allocations.measured)
  }
  return allocated
}

async function bytesAllocated(webUrl: string): Promise<number | null> {
  const [bytes] = await metric(webUrl, 'nodejs_allocated_bytes_total')
  return bytes ?? null
}

/**
 * How many pages, or parts of them, failed so far behind a good status: one that is refused, say because somebody asks
 * too often, is short and cheap. 0 of a side that is not ours.
 */
export async function failedPages({ webUrl }: Side): Promise<number> {
  const counts = webUrl === undefined ? [] : await metric(webUrl, 'page_failures_total')
  return counts.reduce((sum, count) => sum + count, 0)
}

/** The values of a metric of the web, one for each of its labels. */
async function metric(webUrl: string, name: string): Promise<number[]> {
  const response = await fetch(`${webUrl}/metrics`)
  // An error has no metrics in it, which is not the same as none that counted.
  if (!response.ok) throw new Error(`${webUrl}/metrics answered ${response.status}`)
  const text = await response.text()
  return [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].map(([, value]) =>
    Number(value),
  )
}
