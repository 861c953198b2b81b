/**
 * What Worklane promises, and when a run may be believed. Every limit lives here and nowhere else: k6's
 * thresholds, the verdict, Lighthouse's assertions, the dashboard and the README's table come from this file
 * (`pnpm generate`).
 *
 * Times are milliseconds, shares are between 0 and 1.
 */
import {
  doorsOf,
  type Operation,
  operations,
  publicPages,
  type RouteName,
  stream,
  workspacePages,
} from './routes.ts'

export type RouteKind = 'page' | 'rsc' | 'rest' | 'trpc' | 'static' | 'file'

export type RouteBudget = {
  kind: RouteKind
  /** Time to first byte that 95 of 100 requests stay below, counted from when the request was due. */
  ttfbP95: number
  /** The same of the whole answer, to its last byte. */
  latencyP95: number
  /**
   * People do it so seldom that a short run has fewer than `validity.minimumSamples` of it: its times are judged where
   * there are as many, and its errors always.
   */
  rare?: true
}

/** The promise for every route; a route may be held to less, never to more. */
export const ttfbP95 = 800

export const promises = {
  /** Of 30 days, the share of requests that are answered, and not with an error. */
  availability: { target: 0.999, days: 30 },
  /** Users at once, each of whom thinks this long between two steps, on average. */
  concurrency: { users: 100_000, thinkTime: 60_000 },
  /** Texts of one tenant seen by another. */
  isolation: { leaks: 0 },
} as const

/** What a user notices only later: what a write brings about (activity, notifications, mail), done by the workers. */
export const effects = {
  /** From the write to its effect, for 95 of 100. */
  delayP95: 5_000,
  /** The oldest that has not come about yet: further behind, and a queue is growing. */
  oldestWaiting: 30_000,
} as const

/** What Stripe tells of money: from its delivery until a reading that knows of it is written. */
export const webhooks = {
  /** For 95 of 100. */
  effectP95: 5_000,
  /** The oldest of which no such reading is written yet. */
  oldestWaiting: 60_000,
} as const

/**
 * What counts against availability, as the swarm classes what went wrong: a user who was told to come back later
 * was not served either. What the generator itself could not do (`generator`) makes a run invalid instead.
 */
export const errorsThatCount: readonly string[] = [
  ...['timeout', 'connection', '5xx', 'limited', '4xx', 'signed-out', 'wrong-content', 'leak'],
]

export const lighthouse = {
  /** Score between 0 and 1, median of the runs. */
  performance: { mobile: 0.95, desktop: 1 },
  runs: 5,
  /**
   * How fast the phone is, as an index of Lighthouse's benchmark: a quarter of the computers (1,500 to 2,000) for
   * which Lighthouse's own factor of four was set.
   */
  phoneBenchmarkIndex: 440,
  /** The score gives the server's answer no weight, so it has a limit of its own. */
  serverResponseTime: 800,
  largestContentfulPaint: 2_500,
  cumulativeLayoutShift: 0.1,
  totalBlockingTime: 200,
  /** Bytes over the network for a whole page. */
  pageBytes: 190_000,
  /** React and Next alone are 122 kB, by Brotli. */
  scriptBytes: 150_000,
  /** The document, its scripts, styles, fonts and icons. */
  requests: 30,
} as const

/** A run outside of these says nothing about Worklane: it is invalid, whatever it measured. */
export const validity = {
  /** How late the generator itself starts a step, 99 of 100 times at most. */
  scheduleLagP99: 100,
  /** The share of one core's time that a VU may be busy with before its own waiting is measured. */
  generatorCpuShare: 0.85,
  /** Of the users asked for, who were really there. */
  activeUsers: 0.99,
  /** Requests without which a percentile of a route means nothing. */
  minimumSamples: 20,
  /** Memory that the generator's processes may take together: 100,000 users who all wait for an answer take 2 GB. */
  generatorRssBytes: 3 * 1024 * 1024 * 1024,
  /**
   * How far users at once may be from throughput × (response time + think time), by Little's law: further, and the
   * run lost users or counted some twice.
   */
  littlesLaw: 0.03,
  /**
   * How far the mean latency that the generator tells may be from the time by the clock until it went on: a share of it,
   * or so many milliseconds, whichever is more.
   */
  latencyByClock: { share: 0.05, floor: 25 },
  /** How long 99 of 100 requests may wait for one of the generator's own connections before that wait decides a limit. */
  connectionWaitP99: 100,
  /** Visits of a page without which a web vital's median says nothing. */
  vitalSamples: 5,
  /**
   * Shares of all cores, over the busiest moments of others: above them, times that broke a limit are not the
   * target's. On a quiet machine of two cores others use 0.01 to 0.06 of them, a single busy loop half.
   */
  foreignShare: 0.1,
  stolenShare: 0.05,
  /** How often a part of a measurement that others disturbed is played again, before it is invalid. */
  replays: 2,
} as const

/** Of the errors that count, those that a machine makes that is too busy to answer in time. */
export const errorsOfTime: readonly string[] = ['timeout']

/** What a long run may grow by, each process of its own: the slope of a straight line through all that was seen. */
export const soak = {
  /** The share of the judged time in which caches fill and V8 finds its size: not looked at. */
  warmUp: 1 / 3,
  /** Bytes a minute that resident memory may rise, and buffers outside of the heap. */
  residentSlope: 512 * 1024,
  arrayBuffersSlope: 128 * 1024,
} as const

/** What the others may notice of a tenant that asks twenty times as much. */
export const neighbours = {
  /** Their p95 then, over their p95 before; and differences below the floor are nobody's matter. */
  p95Ratio: 1.5,
  floor: 50,
  /** Jain's index over the others' tiers of requests answered, then over before: 1 is all alike. */
  fairness: 0.95,
  /** From a write to its effect, for 95 of 100, while one organisation's jobs fill the queues. */
  effectDelayP95: 2_000,
} as const

/** What Lighthouse's numbers are for one user alone, for real browsers: medians in `browser` runs. */
export const webVitals = {
  largestContentfulPaint: 2_500,
  firstContentfulPaint: 1_800,
  timeToFirstByte: ttfbP95,
  cumulativeLayoutShift: 0.1,
  interactionToNextPaint: 200,
} as const

/** When `pnpm gate` says that a change made it worse. Figures of a metric are in its own unit: ms, or ms of CPU. */
export const gate = {
  /** How often all metrics together may report a false positive over a change that does nothing. */
  alpha: 0.01,
  /** Ratios of head to base below it are not a regression, however certain. */
  leastRatio: 1.02,
  /** Pairs of slices, and how many when these leave it undecided. */
  interimAnalyses: [20, 40],
  /**
   * What is compared, in ms: a difference below `floor` is nobody's matter, and a change passes when it is certain
   * that head is less than `tolerated` times base. Tails scatter more than middles, and times more than CPU.
   */
  figures: {
    cpu: { floor: 0.1, tolerated: 1.05 },
    p50: { floor: 1, tolerated: 1.1 },
    p95: { floor: 5, tolerated: 1.25 },
    lcp: { floor: 50, tolerated: 1.1 },
    tbt: { floor: 20, tolerated: 1.25 },
  },
  /** What is counted and not timed may rise by less than both of these. */
  counters: {
    queries: { ratio: 1, amount: 1 },
    bytes: { ratio: 1.02, amount: 1_024 },
    script: { ratio: 1.01, amount: 1_024 },
    allocated: { ratio: 1.1, amount: 64 * 1_024 },
  },
  /** What is played in a slice, on both sides at once: together about half of what a machine of two cores carries. */
  slice: { users: 30, think: 2_000, ramp: 10_000, duration: 20_000 },
} as const

/**
 * What a request and a run should cost the machine that makes them; result.json has what they did cost. The CPU
 * figure holds at hundreds of requests a second; at 40 a second waking up for each costs more than sending it.
 */
export const generator = { cpuMsPerRequest: 0.4, rssBytes: 300 * 1024 * 1024 } as const

/** What Worklane's building blocks may cost against the plainer way to do the same (`pnpm bench:app`). */
export const appCosts = {
  /** CPU of a kept answer from the API's process, over that of the same handler in a Next route. */
  hotReadShare: 0.2,
  /** Time of a tenant's read with row-level security, over that of the same read without. */
  tenantReadRatio: 1.15,
} as const

/** Stripe's webhooks: 95 of 100 are taken in within so long (`pnpm bench:app`). */
export const intake = { serverTimeP95: 20 } as const

/** How long a whole answer may take where nothing else is said: so many times as long as its first byte. */
export const wholeAnswer = 2

/** Time to first byte, where nothing else is said below: by kind of route, and of an operation by its method. */
const limits = {
  static: 200,
  /** To the object store and back, past Worklane's processes. */
  upload: 600,
  download: 300,
  /** Of a page that nobody has to sign in for. */
  publicPage: 400,
  workspacePage: ttfbP95,
  navigation: 600,
  read: 300,
  /** A write is one transaction of several statements. */
  write: 400,
  /** A search, a report or an export reads more than a page of rows; what is paid asks Stripe. */
  heavy: 600,
} as const

const heavyOperations: readonly Operation[] = [
  ...(['me.export', 'organisation.export', 'search.find', 'report.get'] as const),
  ...(['upload.parts', 'export.create', 'import.check'] as const),
  ...(['billing.checkout', 'billing.portal', 'billing.preview', 'billing.change'] as const),
  ...(['billing.undoChange', 'billing.cancel', 'billing.resume'] as const),
]

/** Judged by their times only where a run has enough of them. */
const rareRoutes: readonly RouteName[] = ['rsc /settings/exports', 'trpc export.create']

const budget = (kind: RouteKind, limit: number, whole = wholeAnswer * limit): RouteBudget => ({
  kind,
  ttfbP95: limit,
  latencyP95: whole,
})
// A page streams: all of it must be there before what people wait for can be painted.
const streaming = (kind: 'page' | 'rsc', limit: number) =>
  budget(kind, limit, webVitals.largestContentfulPaint)

function limitOf(operation: Operation): number {
  if (heavyOperations.includes(operation)) return limits.heavy
  return operations[operation].startsWith('GET ') ? limits.read : limits.write
}

const everyOperation = Object.keys(operations) as Operation[]

/** Every route that Worklane answers. One without an entry fails the check. An operation has one limit by both doors. */
export const routes = Object.fromEntries(
  [
    ['static', budget('static', limits.static)] as const,
    ['file upload', budget('file', limits.upload)] as const,
    ['file download', budget('file', limits.download)] as const,
    ...publicPages.map((path) => [`page ${path}`, streaming('page', limits.publicPage)] as const),
    ...workspacePages.map((path) => [`page ${path}`, streaming('page', limits.workspacePage)] as const),
    ...workspacePages.map((path) => [`rsc ${path}`, streaming('rsc', limits.navigation)] as const),
    ...everyOperation.map((name) => [operations[name], budget('rest', limitOf(name))] as const),
    [stream, budget('rest', limits.read)] as const,
    ...everyOperation.map((name) => [`trpc ${name}`, budget('trpc', limitOf(name))] as const),
  ].map(([name, its]) => [name, rareRoutes.includes(name) ? { ...its, rare: true } : its]),
) as Record<RouteName, RouteBudget>

const endsATenant = 'ends what the other users of a run stand on'
const changesWhatIsPaid =
  'changes what an organisation pays for, at Stripe, whose rows the books are compared with'
const byOperators = 'for operators, of whom a population has none: to everybody else it is not there'
const opensACheckout = 'is for who has no subscription, and leaves a page open at Stripe with every request'
const needsManyBytes = 'is for files of more than 16 MiB, which a load run sends nobody'
const takesAWorker = 'is for an export that is ready, which takes a worker some seconds after the request'
const leavesTasks = 'leaves tasks behind with every request'
const sendsOutside = 'has something sent to an address outside, which a load run has none of'
const endsAPerson = 'ends the person who asks, or their session'

/** Operations that no load test asks, each with its reason. */
const operationsWithoutLoad: Partial<Record<Operation, string>> = {
  'me.setPassword': 'costs what a hash of a password is meant to cost, and ends all other sessions',
  'me.remove': endsAPerson,
  'session.revoke': endsAPerson,
  'organisation.leave': endsAPerson,
  'member.remove': endsAPerson,
  'member.setRole': endsAPerson,
  'organisation.transfer': endsATenant,
  'organisation.remove': endsATenant,
  'organisation.create': 'leaves an organisation behind with every request',
  'billing.change': changesWhatIsPaid,
  'billing.undoChange': changesWhatIsPaid,
  'billing.cancel': changesWhatIsPaid,
  'billing.resume': changesWhatIsPaid,
  'billing.checkout': opensACheckout,
  'upload.parts': needsManyBytes,
  'export.link': takesAWorker,
  'import.apply': leavesTasks,
  'webhook.test': sendsOutside,
  'webhook.delivery': sendsOutside,
  'webhook.resend': sendsOutside,
}
const operatorsPages = workspacePages.filter((path) => path.startsWith('/operators'))
const operatorsOperations = everyOperation.filter((name) => name.startsWith('operator.'))

/** Routes that no load test asks, each with its reason; every other one is asked by a scenario. */
export const withoutLoad: Partial<Record<RouteName, string>> = {
  ...Object.fromEntries(
    Object.entries(operationsWithoutLoad).flatMap(([name, reason]) =>
      doorsOf(name as Operation).map((door) => [door, reason]),
    ),
  ),
  ...Object.fromEntries(operatorsOperations.flatMap(doorsOf).map((door) => [door, byOperators])),
  ...Object.fromEntries(
    operatorsPages.flatMap((path) => [`page ${path}`, `rsc ${path}`]).map((name) => [name, byOperators]),
  ),
}

/** Pages that Lighthouse does not audit, each with its reason. */
export const withoutLighthouse: Partial<Record<RouteName, string>> = {
  'page /settings': 'leads to /settings/profile, which is audited',
  'page /operators': byOperators,
  'page /operators/dead-letters': byOperators,
  'page /operators/log': byOperators,
}

const theOperations = 'the operations, each of which has its own'
const forOperators = 'asked by those who run Worklane, and by no user'
const inAnothersPlace = 'shown in the place of a page, within its limit'

/** What Next answers and no limit is for, each with its reason. */
export const withoutLimit = {
  '/v1/[...path]': theOperations,
  '/trpc/[...path]': theOperations,
  '/openapi.json': 'asked by those who write a client, once',
  '/api/auth/[...nextauth]': 'signing in costs what a hash of a password is meant to cost',
  '/healthz': forOperators,
  '/readyz': forOperators,
  '/metrics': forOperators,
  '/icon.svg': 'a file like those that `static` is for',
  '/_not-found': inAnothersPlace,
  '/_global-error': inAnothersPlace,
  '/dev/mail': 'refused in production',
  '/dev/mail/[id]': 'refused in production',
  '/unsubscribe/[token]/one-click': 'asked by mail programs, once for who wants no more mails',
} as const satisfies Record<string, string>

/** The share of a route's requests that stay below its limit: what the limits are percentiles of. */
export const latencyTarget = 0.95

/** Held open for as long as somebody looks: how long such an answer takes says nothing. */
export const streamed: readonly RouteName[] = [stream]

/** The share of requests that may fail in a run: what availability leaves. */
export const errorRate = 1 - promises.availability.target
