/**
 * What Worklane promises, and when a run may be believed. Every limit lives here and nowhere else: k6's
 * thresholds, the verdict, Lighthouse's assertions, the dashboard and the README's table come from this file
 * (`pnpm generate`).
 *
 * Times are milliseconds, shares are between 0 and 1.
 */
export type RouteKind = 'page' | 'rsc' | 'rest' | 'trpc' | 'static'

export type RouteBudget = {
  kind: RouteKind
  /** Time to first byte that 95 of 100 requests stay below, counted from when the request was due. */
  ttfbP95: number
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

export const lighthouse = {
  /** Score between 0 and 1, median of the runs. */
  performance: 0.95,
  runs: 5,
  /** The score gives the server's answer no weight, so it has a limit of its own. */
  serverResponseTime: 800,
  largestContentfulPaint: 2_500,
  cumulativeLayoutShift: 0.1,
  totalBlockingTime: 200,
  /** Bytes over the network for a whole page. */
  pageBytes: 450_000,
  scriptBytes: 350_000,
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
} as const

/**
 * What a request and a run should cost the machine that makes them; result.json has what they did cost. The CPU
 * figure holds at hundreds of requests a second; at 40 a second waking up for each costs more than sending it.
 */
export const generator = { cpuMsPerRequest: 0.4, rssBytes: 300 * 1024 * 1024 } as const

const page = (limit: number = ttfbP95): RouteBudget => ({ kind: 'page', ttfbP95: limit })
const navigation = (limit = 600): RouteBudget => ({ kind: 'rsc', ttfbP95: limit })
const rest = (limit = 300): RouteBudget => ({ kind: 'rest', ttfbP95: limit })
const trpc = (limit = 300): RouteBudget => ({ kind: 'trpc', ttfbP95: limit })
/** A write is one transaction of several statements. */
const write = 400

/** Every route that Worklane answers. One without an entry fails the check. */
export const routes = {
  static: { kind: 'static', ttfbP95: 200 },

  'page /': page(),
  'page /sign-in': page(400),
  'page /dashboard': page(),
  'page /projects/[projectId]': page(),
  'page /tasks/[taskId]': page(),

  'rsc /dashboard': navigation(),
  'rsc /projects/[projectId]': navigation(),
  'rsc /tasks/[taskId]': navigation(),

  'GET /v1/me': rest(),
  'GET /v1/organisations': rest(),
  'GET /v1/members': rest(),
  'GET /v1/projects': rest(),
  'GET /v1/projects/:projectId': rest(),
  'POST /v1/projects': rest(write),
  'PATCH /v1/projects/:projectId': rest(write),
  'GET /v1/projects/:projectId/board': rest(),
  'GET /v1/projects/:projectId/tasks': rest(),
  'POST /v1/projects/:projectId/tasks': rest(write),
  'GET /v1/tasks/:taskId': rest(),
  'PATCH /v1/tasks/:taskId': rest(write),
  'DELETE /v1/tasks/:taskId': rest(write),
  'POST /v1/tasks/:taskId/move': rest(write),
  'GET /v1/tasks/:taskId/activity': rest(),
  'GET /v1/dashboard': rest(),

  'trpc me.get': trpc(),
  'trpc organisation.list': trpc(),
  'trpc member.list': trpc(),
  'trpc project.list': trpc(),
  'trpc project.get': trpc(),
  'trpc project.create': trpc(write),
  'trpc project.update': trpc(write),
  'trpc board.get': trpc(),
  'trpc task.list': trpc(),
  'trpc task.get': trpc(),
  'trpc task.activity': trpc(),
  'trpc task.create': trpc(write),
  'trpc task.update': trpc(write),
  'trpc task.move': trpc(write),
  'trpc task.remove': trpc(write),
  'trpc dashboard.get': trpc(),
} as const satisfies Record<string, RouteBudget>

export type RouteName = keyof typeof routes

/** The share of requests that may fail in a run: what availability leaves. */
export const errorRate = 1 - promises.availability.target
