import { z } from 'zod'
import { counterKinds } from './gate/counters.ts'
import { publicPages } from './routes.ts'
import * as slo from './slo.ts'

const Share = z.number().gt(0).lt(1)
const Milliseconds = z.number().int().positive()

/** A route's first word says its kind. */
const kindOf = (name: string): slo.RouteKind => {
  const [first = ''] = name.split(' ')
  if (first === 'page' || first === 'rsc' || first === 'trpc' || first === 'static' || first === 'file')
    return first
  return 'rest'
}

const namePattern =
  /^(static|file (upload|download)|(page|rsc) \/\S*|(GET|POST|PUT|PATCH|DELETE) \/v1\/\S+|trpc [a-zA-Z]+\.[a-zA-Z]+)$/

const Routes = z
  .record(
    z.string(),
    z.strictObject({
      kind: z.enum(['page', 'rsc', 'rest', 'trpc', 'static', 'file']),
      ttfbP95: Milliseconds.max(
        slo.ttfbP95,
        `may be tighter than the promise of ${slo.ttfbP95} ms, never wider`,
      ),
      latencyP95: Milliseconds,
      rare: z.literal(true).optional(),
    }),
  )
  .check((context) => {
    for (const [name, budget] of Object.entries(context.value)) {
      if (!namePattern.test(name)) {
        context.issues.push({
          code: 'custom',
          input: name,
          path: [name],
          message: 'must be named as docs/seams.md says',
        })
      }
      if (budget.latencyP95 < budget.ttfbP95) {
        const message = 'must not be below ttfbP95: the whole answer cannot come before its first byte'
        context.issues.push({ code: 'custom', input: budget, path: [name, 'latencyP95'], message })
      }
      if (budget.kind === kindOf(name)) continue
      const message = `is a ${kindOf(name)} by its name and a ${budget.kind} by its kind`
      context.issues.push({ code: 'custom', input: budget, path: [name, 'kind'], message })
    }
  })

const KnownRoute = z
  .string()
  .refine((name) => Object.hasOwn(slo.routes, name), 'is none of routes; correct its name, or take it out')
const Reason = z.string().trim().min(1, 'needs the reason')

/** Whoever misspells a limit, or adds one that is not here, is told: zod's own objects drop it. */
const Slo = z.strictObject({
  ttfbP95: Milliseconds,
  promises: z.strictObject({
    availability: z.strictObject({ target: Share, days: z.number().int().positive() }),
    concurrency: z.strictObject({ users: z.number().int().positive(), thinkTime: Milliseconds }),
    isolation: z.strictObject({ leaks: z.literal(0) }),
  }),
  effects: z.strictObject({ delayP95: Milliseconds, oldestWaiting: Milliseconds }),
  webhooks: z.strictObject({ effectP95: Milliseconds, oldestWaiting: Milliseconds }),
  intake: z.strictObject({ serverTimeP95: Milliseconds }),
  errorsThatCount: z.array(z.string()).min(1),
  errorsOfTime: z.array(z.string()).min(1),
  lighthouse: z.strictObject({
    performance: z.strictObject({ mobile: Share, desktop: z.number().gt(0).max(1) }),
    // An even number of runs has no middle one.
    runs: z
      .number()
      .int()
      .positive()
      .refine((runs) => runs % 2 === 1, 'must be odd'),
    // Phones of the middle class and above, by https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md.
    phoneBenchmarkIndex: z
      .number()
      .min(125, 'must be at least 125, where the middle class of phones begins')
      .max(1_200, 'must be at most 1,200, where the fastest phones end'),
    serverResponseTime: Milliseconds.max(slo.ttfbP95),
    largestContentfulPaint: Milliseconds,
    cumulativeLayoutShift: Share,
    totalBlockingTime: Milliseconds,
    pageBytes: z.number().int().positive(),
    scriptBytes: z.number().int().positive(),
    requests: z.number().int().positive(),
  }),
  validity: z.strictObject({
    scheduleLagP99: Milliseconds,
    generatorCpuShare: Share,
    activeUsers: Share,
    minimumSamples: z.number().int().positive(),
    generatorRssBytes: z.number().int().positive(),
    littlesLaw: Share,
    latencyByClock: z.strictObject({ share: Share, floor: Milliseconds }),
    connectionWaitP99: Milliseconds,
    foreignShare: Share,
    stolenShare: Share,
    replays: z.number().int().positive(),
    vitalSamples: z.number().int().positive(),
  }),
  soak: z.strictObject({
    warmUp: Share.max(0.5, 'must leave at least half of the judged time to look at'),
    residentSlope: z.number().positive(),
    arrayBuffersSlope: z.number().positive(),
  }),
  neighbours: z.strictObject({
    p95Ratio: z.number().min(1),
    floor: Milliseconds,
    fairness: Share,
    effectDelayP95: Milliseconds,
  }),
  webVitals: z.strictObject({
    largestContentfulPaint: Milliseconds,
    firstContentfulPaint: Milliseconds,
    timeToFirstByte: Milliseconds.max(slo.ttfbP95),
    cumulativeLayoutShift: Share,
    interactionToNextPaint: Milliseconds,
  }),
  gate: z.strictObject({
    alpha: Share,
    leastRatio: z.number().min(1),
    interimAnalyses: z.array(z.number().int().positive()).min(1),
    figures: z.record(
      z.enum(['p50', 'p95', 'cpu', 'lcp', 'tbt']),
      z.strictObject({ floor: z.number().positive(), tolerated: z.number().gt(1) }),
    ),
    counters: z.record(
      z.enum(counterKinds),
      z.strictObject({ ratio: z.number().min(1), amount: z.number().int().positive() }),
    ),
    slice: z.strictObject({
      users: z.number().int().positive(),
      think: Milliseconds,
      ramp: Milliseconds,
      duration: Milliseconds,
    }),
  }),
  generator: z.strictObject({
    cpuMsPerRequest: z.number().positive(),
    rssBytes: z
      .number()
      .int()
      .positive()
      .max(
        slo.validity.generatorRssBytes,
        'must not be above validity.generatorRssBytes, where a run is invalid',
      ),
  }),
  appCosts: z.strictObject({ hotReadShare: Share, tenantReadRatio: z.number().min(1) }),
  wholeAnswer: z.number().min(1),
  errorRate: Share,
  latencyTarget: Share,
  routes: Routes,
  streamed: z.array(KnownRoute),
  withoutLimit: z.record(z.string().startsWith('/', 'is no path of Next; correct its name'), Reason),
  withoutLoad: z.record(KnownRoute, Reason),
  withoutLighthouse: z.record(
    KnownRoute.startsWith('page ', 'is no page; Lighthouse audits pages alone'),
    Reason,
  ),
})

/** What is wrong with the limits, one line each with the path of the field; empty when nothing is. */
export function problemsOf(limits: unknown): string[] {
  const parsed = Slo.safeParse(limits)
  if (parsed.success) return []
  return parsed.error.issues.flatMap(linesOf)
}

function linesOf(issue: z.core.$ZodIssue): string[] {
  const line = (path: PropertyKey[], message: string) => `${path.join('.')}: ${message}`
  if (issue.code === 'unrecognized_keys') {
    const advice = 'is not checked; correct its name, or add it to perf-budgets/check.ts'
    return issue.keys.map((key) => line([...issue.path, key], advice))
  }
  // Of a record's key zod says no more than that it is invalid.
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => line(issue.path, message))
  return [line(issue.path, issue.message)]
}

const outside: readonly string[] = publicPages

/** The routes that Worklane answers and slo.ts does not know, given what the app has. */
export function routesWithoutBudget(
  app: { operations: { name: string; rest: string }[]; pages: string[] },
  routes: Record<string, unknown> = slo.routes,
): string[] {
  const needed = [
    ...app.operations.flatMap(({ name, rest }) => [rest, `trpc ${name}`]),
    // Nobody is led to these by a click inside the app.
    ...app.pages.flatMap((page) => [`page ${page}`, ...(outside.includes(page) ? [] : [`rsc ${page}`])]),
  ]
  return needed.filter((name) => !Object.hasOwn(routes, name))
}

/**
 * What Next answers and slo.ts does not know.
 * @param paths of Next's manifest of routes, such as `/tasks/[taskId]`
 */
export const pathsWithoutBudget = (paths: readonly string[]): string[] =>
  paths.filter((path) => !Object.hasOwn(slo.routes, `page ${path}`) && !Object.hasOwn(slo.withoutLimit, path))

/** The routes that no load test asks, and that have no reason for it in slo.ts. @param played by all scenarios together */
export const routesWithoutLoad = (
  played: ReadonlySet<string>,
  routes: Record<string, unknown> = slo.routes,
  exempt: Record<string, unknown> = slo.withoutLoad,
): string[] => Object.keys(routes).filter((name) => !played.has(name) && !Object.hasOwn(exempt, name))

/** The pages that Lighthouse does not audit, and that have no reason for it in slo.ts. @param audited their paths */
export const pagesWithoutLighthouse = (
  audited: readonly string[],
  routes: Record<string, unknown> = slo.routes,
  exempt: Record<string, unknown> = slo.withoutLighthouse,
): string[] =>
  Object.keys(routes).filter(
    (name) =>
      name.startsWith('page ') &&
      !audited.includes(name.slice('page '.length)) &&
      !Object.hasOwn(exempt, name),
  )
