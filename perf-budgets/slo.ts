/**
 * What Worklane promises, and when a run may be believed. Every limit lives here and nowhere else: k6's
 * thresholds, the verdict, Lighthouse's assertions, the dashboard and the README's table come from this file
 * (`pnpm generate`).
 *
 * Times are milliseconds, shares are between 0 and 1.
 */
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

const budget = (kind: RouteKind, limit: number, whole = wholeAnswer * limit): RouteBudget => ({
  kind,
  ttfbP95: limit,
  latencyP95: whole,
})
// A page streams: all of it must be there before what people wait for can be painted.
const page = (limit: number = ttfbP95) => budget('page', limit, webVitals.largestContentfulPaint)
const navigation = (limit = 600) => budget('rsc', limit, webVitals.largestContentfulPaint)
const rest = (limit = 300) => budget('rest', limit)
const trpc = (limit = 300) => budget('trpc', limit)
/** A write is one transaction of several statements. */
const write = 400
/** A search, a report or an export reads more than a page of rows. */
const heavy = 600

/** Every route that Worklane answers. One without an entry fails the check. */
export const routes = {
  static: budget('static', 200),
  // To the object store and back, past Worklane's processes.
  'file upload': budget('file', 600),
  'file download': budget('file', 300),

  'page /': page(400),
  'page /pricing': page(400),
  'page /docs': page(400),
  'page /status': page(400),
  'page /sign-in': page(400),
  'page /dashboard': page(),
  'page /projects/[projectId]': page(),
  'page /tasks': page(),
  'page /tasks/[taskId]': page(),
  'page /search': page(),
  'page /notifications': page(),
  'page /reports': page(),
  'page /sign-up': page(400),
  'page /invitations/[token]': page(400),
  'page /unsubscribe/[token]': page(400),
  'page /onboarding': page(),
  'page /settings': page(),
  'page /settings/profile': page(),
  'page /settings/security': page(),
  'page /settings/notifications': page(),
  'page /settings/organisation': page(),
  'page /settings/members': page(),
  'page /settings/labels': page(),
  'page /settings/api-keys': page(),
  'page /settings/webhooks': page(),
  'page /settings/audit': page(),
  'page /settings/exports': page(),
  'page /settings/imports': page(),
  'page /settings/billing': page(),
  'page /operators': page(),
  'page /operators/dead-letters': page(),
  'page /operators/log': page(),

  'rsc /dashboard': navigation(),
  'rsc /projects/[projectId]': navigation(),
  'rsc /tasks': navigation(),
  'rsc /tasks/[taskId]': navigation(),
  'rsc /search': navigation(),
  'rsc /notifications': navigation(),
  'rsc /reports': navigation(),
  'rsc /onboarding': navigation(),
  'rsc /settings': navigation(),
  'rsc /settings/profile': navigation(),
  'rsc /settings/security': navigation(),
  'rsc /settings/notifications': navigation(),
  'rsc /settings/organisation': navigation(),
  'rsc /settings/members': navigation(),
  'rsc /settings/labels': navigation(),
  'rsc /settings/api-keys': navigation(),
  'rsc /settings/webhooks': navigation(),
  'rsc /settings/audit': navigation(),
  'rsc /settings/exports': { ...navigation(), rare: true },
  'rsc /settings/imports': navigation(),
  'rsc /settings/billing': navigation(),
  'rsc /operators': navigation(),
  'rsc /operators/dead-letters': navigation(),
  'rsc /operators/log': navigation(),

  'GET /v1/me': rest(),
  'PATCH /v1/me': rest(write),
  'POST /v1/me/password': rest(write),
  'GET /v1/me/export': rest(heavy),
  'POST /v1/me/remove': rest(write),
  'GET /v1/me/avatar': rest(),
  'POST /v1/me/avatar': rest(write),
  'POST /v1/me/avatar/:pictureId/complete': rest(write),
  'DELETE /v1/me/avatar': rest(write),
  'GET /v1/sessions': rest(),
  'DELETE /v1/sessions/:sessionId': rest(write),
  'POST /v1/sessions/revoke-others': rest(write),
  'GET /v1/organisations': rest(),
  'POST /v1/organisations': rest(write),
  'GET /v1/organisation': rest(),
  'PATCH /v1/organisation': rest(write),
  'POST /v1/organisation/transfer': rest(write),
  'POST /v1/organisation/leave': rest(write),
  'GET /v1/organisation/export': rest(heavy),
  'POST /v1/organisation/remove': rest(write),
  'GET /v1/organisation/logo': rest(),
  'POST /v1/organisation/logo': rest(write),
  'POST /v1/organisation/logo/:pictureId/complete': rest(write),
  'DELETE /v1/organisation/logo': rest(write),
  'GET /v1/members': rest(),
  'GET /v1/members/:memberId': rest(),
  'PATCH /v1/members/:memberId': rest(write),
  'DELETE /v1/members/:memberId': rest(write),
  'GET /v1/invitations': rest(),
  'POST /v1/invitations': rest(write),
  'DELETE /v1/invitations/:invitationId': rest(write),
  'GET /v1/projects': rest(),
  'GET /v1/projects/:projectId': rest(),
  'POST /v1/projects': rest(write),
  'PATCH /v1/projects/:projectId': rest(write),
  'DELETE /v1/projects/:projectId': rest(write),
  'GET /v1/projects/:projectId/board': rest(),
  'GET /v1/projects/:projectId/events': rest(),
  'GET /v1/projects/:projectId/tasks': rest(),
  'GET /v1/tasks': rest(),
  'GET /v1/tasks/:taskId': rest(),
  'GET /v1/tasks/:taskId/activity': rest(),
  'POST /v1/projects/:projectId/tasks': rest(write),
  'PATCH /v1/tasks/:taskId': rest(write),
  'POST /v1/tasks/:taskId/move': rest(write),
  'DELETE /v1/tasks/:taskId': rest(write),
  'GET /v1/labels': rest(),
  'POST /v1/labels': rest(write),
  'GET /v1/labels/:labelId': rest(),
  'PATCH /v1/labels/:labelId': rest(write),
  'DELETE /v1/labels/:labelId': rest(write),
  'GET /v1/tasks/:taskId/comments': rest(),
  'POST /v1/tasks/:taskId/comments': rest(write),
  'PATCH /v1/comments/:commentId': rest(write),
  'DELETE /v1/comments/:commentId': rest(write),
  'GET /v1/tasks/:taskId/files': rest(),
  'POST /v1/tasks/:taskId/uploads': rest(write),
  'POST /v1/uploads/:uploadId/parts': rest(heavy),
  'POST /v1/uploads/:uploadId/complete': rest(write),
  'GET /v1/files/:fileId/link': rest(),
  'DELETE /v1/files/:fileId': rest(write),
  'GET /v1/exports': rest(),
  'GET /v1/exports/:exportId': rest(),
  'GET /v1/exports/:exportId/link': rest(),
  'POST /v1/exports': rest(heavy),
  'POST /v1/exports/:exportId/cancel': rest(write),
  'GET /v1/imports': rest(),
  'GET /v1/imports/:importId': rest(),
  'POST /v1/imports': rest(heavy),
  'POST /v1/imports/:importId/apply': rest(write),
  'GET /v1/filters': rest(),
  'POST /v1/filters': rest(write),
  'DELETE /v1/filters/:filterId': rest(write),
  'GET /v1/notifications': rest(),
  'GET /v1/notifications/count': rest(),
  'POST /v1/notifications/:notificationId/read': rest(write),
  'POST /v1/notifications/read': rest(write),
  'GET /v1/notifications/preferences': rest(),
  'PATCH /v1/notifications/preferences': rest(write),
  'GET /v1/search': rest(heavy),
  'GET /v1/dashboard': rest(),
  'GET /v1/report': rest(heavy),
  'GET /v1/api-keys': rest(),
  'POST /v1/api-keys': rest(write),
  'DELETE /v1/api-keys/:apiKeyId': rest(write),
  'GET /v1/audit': rest(),
  'GET /v1/webhooks': rest(),
  'GET /v1/webhooks/:webhookId': rest(),
  'POST /v1/webhooks': rest(write),
  'PATCH /v1/webhooks/:webhookId': rest(write),
  'DELETE /v1/webhooks/:webhookId': rest(write),
  'POST /v1/webhooks/:webhookId/secret': rest(write),
  'POST /v1/webhooks/:webhookId/test': rest(write),
  'GET /v1/webhooks/:webhookId/deliveries': rest(),
  'GET /v1/webhook-deliveries/:deliveryId': rest(),
  'POST /v1/webhook-deliveries/:deliveryId/resend': rest(write),
  'GET /v1/billing': rest(),
  'POST /v1/billing/checkout': rest(heavy),
  'POST /v1/billing/portal': rest(heavy),
  'POST /v1/billing/sync': rest(write),
  'GET /v1/billing/preview': rest(heavy),
  'POST /v1/billing/change': rest(heavy),
  'DELETE /v1/billing/change': rest(heavy),
  'POST /v1/billing/cancel': rest(heavy),
  'POST /v1/billing/resume': rest(heavy),
  'GET /v1/invoices': rest(),
  'GET /v1/operator/events': rest(),
  'GET /v1/operator/events/:eventId': rest(),
  'GET /v1/operator/customers/:customerId': rest(),
  'POST /v1/operator/customers/:customerId/resync': rest(write),
  'GET /v1/operator/dead-letters': rest(),
  'POST /v1/operator/dead-letters/:queue/:jobId/retry': rest(write),
  'DELETE /v1/operator/dead-letters/:queue/:jobId': rest(write),
  'GET /v1/operator/actions': rest(),

  'trpc me.get': trpc(),
  'trpc me.update': trpc(write),
  'trpc me.setPassword': trpc(write),
  'trpc me.export': trpc(heavy),
  'trpc me.remove': trpc(write),
  'trpc avatar.get': trpc(),
  'trpc avatar.upload': trpc(write),
  'trpc avatar.complete': trpc(write),
  'trpc avatar.remove': trpc(write),
  'trpc session.list': trpc(),
  'trpc session.revoke': trpc(write),
  'trpc session.revokeOthers': trpc(write),
  'trpc organisation.list': trpc(),
  'trpc organisation.create': trpc(write),
  'trpc organisation.get': trpc(),
  'trpc organisation.update': trpc(write),
  'trpc organisation.transfer': trpc(write),
  'trpc organisation.leave': trpc(write),
  'trpc organisation.export': trpc(heavy),
  'trpc organisation.remove': trpc(write),
  'trpc logo.get': trpc(),
  'trpc logo.upload': trpc(write),
  'trpc logo.complete': trpc(write),
  'trpc logo.remove': trpc(write),
  'trpc member.list': trpc(),
  'trpc member.get': trpc(),
  'trpc member.setRole': trpc(write),
  'trpc member.remove': trpc(write),
  'trpc invitation.list': trpc(),
  'trpc invitation.create': trpc(write),
  'trpc invitation.revoke': trpc(write),
  'trpc project.list': trpc(),
  'trpc project.get': trpc(),
  'trpc project.create': trpc(write),
  'trpc project.update': trpc(write),
  'trpc project.remove': trpc(write),
  'trpc board.get': trpc(),
  'trpc task.list': trpc(),
  'trpc task.find': trpc(),
  'trpc task.get': trpc(),
  'trpc task.activity': trpc(),
  'trpc task.create': trpc(write),
  'trpc task.update': trpc(write),
  'trpc task.move': trpc(write),
  'trpc task.remove': trpc(write),
  'trpc label.list': trpc(),
  'trpc label.get': trpc(),
  'trpc label.create': trpc(write),
  'trpc label.update': trpc(write),
  'trpc label.remove': trpc(write),
  'trpc comment.list': trpc(),
  'trpc comment.create': trpc(write),
  'trpc comment.update': trpc(write),
  'trpc comment.remove': trpc(write),
  'trpc file.list': trpc(),
  'trpc file.link': trpc(),
  'trpc file.remove': trpc(write),
  'trpc upload.create': trpc(write),
  'trpc upload.parts': trpc(heavy),
  'trpc upload.complete': trpc(write),
  'trpc export.list': trpc(),
  'trpc export.get': trpc(),
  'trpc export.link': trpc(),
  'trpc export.create': { ...trpc(heavy), rare: true },
  'trpc export.cancel': trpc(write),
  'trpc import.list': trpc(),
  'trpc import.get': trpc(),
  'trpc import.check': trpc(heavy),
  'trpc import.apply': trpc(write),
  'trpc filter.list': trpc(),
  'trpc filter.create': trpc(write),
  'trpc filter.remove': trpc(write),
  'trpc notification.list': trpc(),
  'trpc notification.count': trpc(),
  'trpc notification.read': trpc(write),
  'trpc notification.readAll': trpc(write),
  'trpc notification.preferences': trpc(),
  'trpc notification.updatePreferences': trpc(write),
  'trpc search.find': trpc(heavy),
  'trpc dashboard.get': trpc(),
  'trpc report.get': trpc(heavy),
  'trpc apiKey.list': trpc(),
  'trpc apiKey.create': trpc(write),
  'trpc apiKey.revoke': trpc(write),
  'trpc audit.list': trpc(),
  'trpc webhook.list': trpc(),
  'trpc webhook.get': trpc(),
  'trpc webhook.create': trpc(write),
  'trpc webhook.update': trpc(write),
  'trpc webhook.remove': trpc(write),
  'trpc webhook.rotateSecret': trpc(write),
  'trpc webhook.test': trpc(write),
  'trpc webhook.deliveries': trpc(),
  'trpc webhook.delivery': trpc(),
  'trpc webhook.resend': trpc(write),
  'trpc billing.get': trpc(),
  'trpc billing.checkout': trpc(heavy),
  'trpc billing.portal': trpc(heavy),
  'trpc billing.sync': trpc(write),
  'trpc billing.preview': trpc(heavy),
  'trpc billing.change': trpc(heavy),
  'trpc billing.undoChange': trpc(heavy),
  'trpc billing.cancel': trpc(heavy),
  'trpc billing.resume': trpc(heavy),
  'trpc invoice.list': trpc(),
  'trpc operator.events': trpc(),
  'trpc operator.event': trpc(),
  'trpc operator.customer': trpc(),
  'trpc operator.resync': trpc(write),
  'trpc operator.deadLetters': trpc(),
  'trpc operator.retry': trpc(write),
  'trpc operator.discard': trpc(write),
  'trpc operator.actions': trpc(),
} as const satisfies Record<string, RouteBudget>

export type RouteName = keyof typeof routes

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

/** Routes that no load test asks, each with its reason; every other one is asked by a scenario. */
export const withoutLoad: Partial<Record<RouteName, string>> = {
  'POST /v1/me/password': 'costs what a hash of a password is meant to cost, and ends all other sessions',
  'trpc me.setPassword': 'costs what a hash of a password is meant to cost, and ends all other sessions',
  'POST /v1/me/remove': endsAPerson,
  'trpc me.remove': endsAPerson,
  'DELETE /v1/sessions/:sessionId': endsAPerson,
  'trpc session.revoke': endsAPerson,
  'POST /v1/organisation/leave': endsAPerson,
  'trpc organisation.leave': endsAPerson,
  'DELETE /v1/members/:memberId': endsAPerson,
  'trpc member.remove': endsAPerson,
  'PATCH /v1/members/:memberId': endsAPerson,
  'trpc member.setRole': endsAPerson,
  'POST /v1/organisation/transfer': endsATenant,
  'trpc organisation.transfer': endsATenant,
  'POST /v1/organisation/remove': endsATenant,
  'trpc organisation.remove': endsATenant,
  'POST /v1/organisations': 'leaves an organisation behind with every request',
  'trpc organisation.create': 'leaves an organisation behind with every request',
  'POST /v1/billing/change': changesWhatIsPaid,
  'trpc billing.change': changesWhatIsPaid,
  'DELETE /v1/billing/change': changesWhatIsPaid,
  'trpc billing.undoChange': changesWhatIsPaid,
  'POST /v1/billing/cancel': changesWhatIsPaid,
  'trpc billing.cancel': changesWhatIsPaid,
  'POST /v1/billing/resume': changesWhatIsPaid,
  'trpc billing.resume': changesWhatIsPaid,
  'page /operators': byOperators,
  'page /operators/dead-letters': byOperators,
  'rsc /operators': byOperators,
  'rsc /operators/dead-letters': byOperators,
  'GET /v1/operator/events': byOperators,
  'GET /v1/operator/events/:eventId': byOperators,
  'GET /v1/operator/customers/:customerId': byOperators,
  'POST /v1/operator/customers/:customerId/resync': byOperators,
  'GET /v1/operator/dead-letters': byOperators,
  'POST /v1/operator/dead-letters/:queue/:jobId/retry': byOperators,
  'DELETE /v1/operator/dead-letters/:queue/:jobId': byOperators,
  'trpc operator.events': byOperators,
  'trpc operator.event': byOperators,
  'trpc operator.customer': byOperators,
  'trpc operator.resync': byOperators,
  'trpc operator.deadLetters': byOperators,
  'trpc operator.retry': byOperators,
  'trpc operator.discard': byOperators,
  'page /operators/log': byOperators,
  'rsc /operators/log': byOperators,
  'GET /v1/operator/actions': byOperators,
  'trpc operator.actions': byOperators,
  'POST /v1/billing/checkout': opensACheckout,
  'trpc billing.checkout': opensACheckout,
  'POST /v1/uploads/:uploadId/parts': needsManyBytes,
  'trpc upload.parts': needsManyBytes,
  'GET /v1/exports/:exportId/link': takesAWorker,
  'trpc export.link': takesAWorker,
  'POST /v1/imports/:importId/apply': leavesTasks,
  'trpc import.apply': leavesTasks,
  'POST /v1/webhooks/:webhookId/test': sendsOutside,
  'trpc webhook.test': sendsOutside,
  'GET /v1/webhook-deliveries/:deliveryId': sendsOutside,
  'trpc webhook.delivery': sendsOutside,
  'POST /v1/webhook-deliveries/:deliveryId/resend': sendsOutside,
  'trpc webhook.resend': sendsOutside,
}

/** Pages that Lighthouse does not audit, each with its reason. */
export const withoutLighthouse: Partial<Record<RouteName, string>> = {
  'page /settings': 'leads to /settings/profile, which is audited',
  'page /operators': byOperators,
  'page /operators/dead-letters': byOperators,
  'page /operators/log': byOperators,
}

const operations = 'the operations, each of which has its own'
const forOperators = 'asked by those who run Worklane, and by no user'
const inAnothersPlace = 'shown in the place of a page, within its limit'

/** What Next answers and no limit is for, each with its reason. */
export const withoutLimit = {
  '/v1/[...path]': operations,
  '/trpc/[...path]': operations,
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
export const streamed: readonly RouteName[] = ['GET /v1/projects/:projectId/events']

/** The share of requests that may fail in a run: what availability leaves. */
export const errorRate = 1 - promises.availability.target
