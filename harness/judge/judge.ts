import { count, percentile } from '@headroom/loadtests/wire/histogram.ts'
import {
  routes as budgets,
  errorRate,
  promises,
  type RouteBudget,
  type RouteName,
  validity,
} from '@headroom/perf-budgets/slo.ts'
import { type Collected, lostMessages, type RouteTally } from '../collect/collector.ts'
import type { Evidence, RouteResult, Verdict } from './result.ts'

/** What the harness saw beside the numbers. */
export type Circumstances = {
  users: number
  /** How long the judged phase really was, in ms. */
  judgedMs: number
  /** k6's own end: 0 is orderly. */
  k6ExitCode: number | null
  k6LastLines: string
  /** Parts of Worklane that ended during the run. */
  crashes: { part: string; detail: string }[]
  generatorCpuShare: number | null
  /** Somebody ended the run before its time. */
  interrupted: boolean
  /** What was wrong with the population, or null. */
  population: string | null
}

export type Judgement = {
  verdict: Verdict
  reasons: string[]
  evidence: Evidence[]
  routes: RouteResult[]
  totals: {
    requests: number
    errors: number
    requestsPerSecond: number
    availability: number
    probes: number
    leaks: number
  }
}

/**
 * The verdict on the steady phase.
 *
 * A part of Worklane that crashed and a tenant's text seen by another are facts whatever the generator did:
 * they fail the run. Else a run that cannot be trusted is invalid, and no number of it is judged. Else every
 * limit is held against what was measured.
 */
export function judge(collected: Collected, circumstances: Circumstances): Judgement {
  const steady = collected.routes.get('steady') ?? new Map<string, RouteTally>()
  const routes = [...steady].map(([name, tally]) => routeResult(name, tally))
  routes.sort((a, b) => (a.route < b.route ? -1 : 1))
  const totals = totalsOf(routes, collected, circumstances.judgedMs)
  const evidence = [...routes.flatMap(routeEvidence), availability(totals), isolation(collected, totals)]
  const facts = [
    ...circumstances.crashes.map(({ part, detail }) => `${part} ended during the run: ${detail}`),
    ...collected.leaks.map(
      ({ route, user, canary }) => `${route} showed user ${user} another tenant's text (${canary})`,
    ),
  ]
  const doubts = doubtsOf(collected, circumstances, routes)
  const broken = evidence.filter(({ passed }) => !passed).map(inWords)
  const [verdict, reasons]: [Verdict, string[]] =
    facts.length > 0
      ? ['fail', facts]
      : doubts.length > 0
        ? ['invalid', doubts]
        : broken.length > 0
          ? ['fail', broken]
          : ['pass', []]
  return { verdict, reasons, evidence, routes, totals }
}

function routeResult(route: string, { latency, ttfb, errors }: RouteTally): RouteResult {
  const budget = budgetOf(route)
  const ttfbP95 = percentile(ttfb, 0.95)
  const samples = count(latency)
  return {
    route,
    count: samples,
    p50: percentile(latency, 0.5),
    p95: percentile(latency, 0.95),
    p99: percentile(latency, 0.99),
    ttfbP95,
    ttfbLimit: budget?.ttfbP95 ?? 0,
    errors: Object.fromEntries(errors),
    // A route that nobody set a limit for cannot have kept it.
    passed: budget !== undefined && ttfbP95 < budget.ttfbP95 && !tooManyErrors(sum(errors.values()), samples),
  }
}

export const budgetOf = (route: string): RouteBudget | undefined => budgets[route as RouteName]

const ms = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
const percent = (share: number, digits = 2) => `${(share * 100).toFixed(digits)}%`

function routeEvidence(result: RouteResult): Evidence[] {
  const { route, ttfbP95, ttfbLimit, count: samples } = result
  const wanted = ttfbLimit > 0 ? `< ${ttfbLimit} ms` : 'a budget in perf-budgets/slo.ts'
  const rows: Evidence[] = [
    {
      limit: 'TTFB p95',
      route,
      phase: 'steady',
      wanted,
      measured: ms(ttfbP95),
      samples,
      passed: ttfbP95 < ttfbLimit,
    },
  ]
  const errors = sum(Object.values(result.errors))
  if (errors > 0) {
    const measured = Object.entries(result.errors).map(([kind, n]) => `${n} ${kind}`)
    rows.push({
      ...{ limit: 'availability', route, phase: 'steady', wanted: `errors ≤ ${percent(errorRate)}`, samples },
      measured: `${measured.join(', ')} of ${samples}`,
      passed: !tooManyErrors(errors, samples),
    })
  }
  return rows
}

/**
 * True when a route failed more often than availability allows and chance does not explain it: one error among
 * a few requests proves nothing of the route, and the limit over all routes counts it anyway.
 * Exact one-sided binomial test at 1%.
 */
export function tooManyErrors(errors: number, samples: number): boolean {
  let fewer = 0
  let exactly = (1 - errorRate) ** samples
  for (let k = 0; k < errors; k++) {
    fewer += exactly
    exactly *= ((samples - k) / (k + 1)) * (errorRate / (1 - errorRate))
  }
  return errors > 0 && 1 - fewer < 0.01
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0)

type Totals = Judgement['totals']

function totalsOf(routes: RouteResult[], collected: Collected, judgedMs: number): Totals {
  const requests = sum(routes.map((route) => route.count))
  const errors = sum(routes.map((route) => sum(Object.values(route.errors))))
  return {
    requests,
    errors,
    requestsPerSecond: judgedMs > 0 ? requests / (judgedMs / 1000) : 0,
    availability: requests > 0 ? 1 - errors / requests : 0,
    probes: collected.probes,
    leaks: collected.leaks.length,
  }
}

function availability({ requests, errors }: Totals): Evidence {
  const rate = requests > 0 ? errors / requests : 1
  // The rule of three: what a run without an error can say at all, with 95% confidence.
  const bound = errors === 0 && requests > 0 ? ` (in truth < ${percent(3 / requests, 3)} at 95%)` : ''
  return {
    limit: 'availability',
    phase: 'steady',
    wanted: `errors ≤ ${percent(errorRate)}`,
    measured: `${errors} of ${requests}${bound}`,
    samples: requests,
    passed: rate <= errorRate,
  }
}

function isolation({ leaks }: Collected, { probes }: Totals): Evidence {
  const bound = leaks.length === 0 && probes > 0 ? ` (in truth < ${percent(3 / probes, 3)} at 95%)` : ''
  return {
    limit: 'isolation',
    wanted: `${promises.isolation.leaks} texts of other tenants`,
    measured: `${leaks.length} in ${probes} answers${bound}`,
    samples: probes,
    passed: leaks.length <= promises.isolation.leaks,
  }
}

/** Each reason that the run cannot be trusted. */
function doubtsOf(collected: Collected, circumstances: Circumstances, routes: RouteResult[]): string[] {
  const { users, k6ExitCode, k6LastLines, generatorCpuShare, population, interrupted } = circumstances
  // Then nothing was played, and there is nothing else to say.
  if (population) return [population]
  if (interrupted) return ['the run was interrupted']
  const doubts: string[] = []
  if (k6ExitCode !== 0) doubts.push(`k6 ended with ${k6ExitCode ?? 'a signal'}: ${k6LastLines}`)
  const lag = percentile(collected.lag.get('steady') ?? new Map(), 0.99)
  if (Number.isNaN(lag)) doubts.push('no step was started in the steady phase')
  else if (lag > validity.scheduleLagP99) {
    doubts.push(
      `the generator was late itself: schedule lag p99 ${ms(lag)}, allowed ${validity.scheduleLagP99} ms; give it more CPU or fewer users`,
    )
  }
  if (generatorCpuShare !== null && generatorCpuShare > validity.generatorCpuShare) {
    doubts.push(
      `the generator had no CPU left: ${percent(generatorCpuShare, 0)} of what its VUs can use, allowed ${percent(validity.generatorCpuShare, 0)}`,
    )
  }
  const vus = [...collected.vus.values()]
  const active = vus.reduce((sum, vu) => sum + vu.activeUsers, 0)
  if (active < users * validity.activeUsers) {
    // k6 ends in order even when a user's code threw: what it said is the only trace.
    const said = /level=error.*/.exec(k6LastLines)?.[0]
    doubts.push(`${active} of ${users} users were active${said ? `; k6 said: ${said.slice(0, 300)}` : ''}`)
  }
  const lost = lostMessages(collected)
  if (lost > 0) doubts.push(`${lost} messages of the generator were lost`)
  if (collected.refused > 0) doubts.push(`${collected.refused} messages of the generator could not be read`)
  const unfinished = vus.filter((vu) => !vu.final).length
  if (unfinished > 0) doubts.push(`${unfinished} of ${vus.length} VUs did not finish`)
  if (collected.probes === 0) doubts.push('no answer was looked through for other tenants’ texts')
  const thin = routes.filter((route) => route.count < validity.minimumSamples)
  if (thin.length > 0) {
    const named = thin.map((route) => `${route.route} (${route.count})`).join(', ')
    doubts.push(`fewer than ${validity.minimumSamples} samples of ${named}; run longer or with more users`)
  }
  return doubts
}

const inWords = ({ limit, route, wanted, measured }: Evidence) =>
  `${route ? `${route}: ` : ''}${limit} ${measured}, wanted ${wanted}`
