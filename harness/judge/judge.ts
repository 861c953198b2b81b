import { count, type Histogram, percentile } from '@headroom/loadtests/wire/histogram.ts'
import { isJudged, type Stage, usersAt } from '@headroom/loadtests/wire/workloads.ts'
import {
  routes as budgets,
  errorRate,
  promises,
  type RouteBudget,
  type RouteName,
} from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import type { Collected, RouteTally } from '../collect/collector.ts'
import type { Circumstances } from './circumstances.ts'
import { doubtsOf } from './doubts.ts'
import { failedOf, tooManyErrors } from './errors.ts'
import { ms, percent } from './figures.ts'
import { neighbourEvidence } from './neighbours.ts'
import type { Evidence, GroupResult, LittleResult, PhaseResult, RouteResult, Verdict } from './result.ts'

export type Judgement = {
  verdict: Verdict
  reasons: string[]
  evidence: Evidence[]
  routes: RouteResult[]
  phases: PhaseResult[]
  groups: GroupResult[]
  little: LittleResult[]
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
  const { stages, more, marked = true } = circumstances
  const limitOf = limitsBy(circumstances.limits)
  const judged = stages.filter(isJudged)
  // Where one tenant crowds on purpose, its own times are not the question: the others' are.
  const isCrowd = stages.some(({ crowd }) => crowd > 1)
  const isTimed = (stage: Stage) => stage.judged === 'all' && !isCrowd
  const routes = judged.flatMap((stage) =>
    [...(collected.routes.get(stage.phase) ?? [])].map(([name, tally]) =>
      routeResult(name, stage.phase, tally, isTimed(stage) ? (limitOf(name) ?? 0) : null),
    ),
  )
  routes.sort((a, b) => (a.phase === b.phase ? (a.route < b.route ? -1 : 1) : 0))
  const groups = groupsOf(collected, judged)
  const little = littleOf(collected, stages)
  const totals = totalsOf(routes, collected, circumstances.judgedMs)
  const evidence = [
    ...routes.flatMap(latencyEvidence),
    ...(isCrowd ? neighbourEvidence(groups, stages) : routes.flatMap(errorEvidence)),
    ...(isCrowd ? [] : [availability(totals)]),
    ...(marked ? [isolation(collected, totals)] : []),
    ...(more?.evidence ?? []),
  ]
  const facts = [
    ...circumstances.crashes.map(({ part, detail }) => `${part} ended during the run: ${detail}`),
    ...collected.leaks.map(
      ({ route, user, canary }) => `${route} showed user ${user} another tenant's text (${canary})`,
    ),
    ...(more?.facts ?? []),
  ]
  const doubts = [...doubtsOf(collected, circumstances, { routes, little }), ...(more?.doubts ?? [])]
  const broken = evidence.filter(({ passed }) => !passed).map(inWords)
  const [verdict, reasons]: [Verdict, string[]] =
    facts.length > 0
      ? ['fail', facts]
      : doubts.length > 0
        ? ['invalid', doubts]
        : broken.length > 0
          ? ['fail', broken]
          : ['pass', []]
  return { verdict, reasons, evidence, routes, phases: phasesOf(collected, stages), groups, little, totals }
}

/** Of a histogram, in milliseconds; 0 where there is nothing. */
const percentiles = (histogram: Histogram) => {
  const at = (share: number) => percentile(histogram, share) || 0
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

function routeResult(
  route: string,
  phase: string,
  { latency, ttfb, errors }: RouteTally,
  ttfbLimit: number | null,
): RouteResult {
  const ttfbP95 = percentile(ttfb, 0.95)
  const samples = count(latency)
  return {
    ...{ route, phase, count: samples, ...percentiles(latency), ttfbP95 },
    ttfbLimit,
    errors: Object.fromEntries(errors),
    // A route that nobody set a limit for, 0, cannot have kept it.
    passed:
      (ttfbLimit === null || ttfbP95 < ttfbLimit) &&
      !tooManyErrors(failedOf(Object.fromEntries(errors)), samples),
  }
}

function phasesOf(collected: Collected, stages: readonly Stage[]): PhaseResult[] {
  return stages.map(({ phase, judged, users, duration }) => {
    const all: Histogram = new Map()
    let errors = 0
    for (const tally of collected.routes.get(phase)?.values() ?? []) {
      for (const [bucket, n] of tally.latency) all.set(bucket, (all.get(bucket) ?? 0) + n)
      errors += failedOf(Object.fromEntries(tally.errors))
    }
    const requests = count(all)
    const requestsPerSecond = duration > 0 ? requests / (duration / 1000) : 0
    return {
      phase,
      judged,
      users,
      durationMs: duration,
      requests,
      requestsPerSecond,
      ...percentiles(all),
      errors,
    }
  })
}

const groupsOf = (collected: Collected, judged: readonly Stage[]): GroupResult[] =>
  judged.flatMap(({ phase }) =>
    [...(collected.groups.get(phase) ?? [])]
      .map(([group, { latency, errors }]) => ({
        ...{ group, phase, count: count(latency), ...percentiles(latency), errors },
      }))
      .sort((a, b) => (a.group < b.group ? -1 : 1)),
  )

/** Little's law for each judged stage in which nobody came or left, nor had just before. */
function littleOf(collected: Collected, stages: readonly Stage[]): LittleResult[] {
  return stages.flatMap((stage, place) => {
    const { phase, duration, users } = stage
    const flow = collected.flow.get(phase)
    const before = stages.slice(0, place).reduce((most, stage) => Math.max(most, stage.users), 0)
    const from = stages.slice(0, place).reduce((total, stage) => total + stage.duration, 0)
    // Who is not needed any more is noticed when their next step is due: then the count is not exact.
    if (!isJudged(stage) || !flow || flow.present === 0 || flow.steps === 0) return []
    if (before > users || Math.round(usersAt(stages, from)) !== users) return []
    const { present, responding, thinking, steps } = flow
    return [
      {
        phase,
        users: present / duration,
        stepsPerSecond: steps / (duration / 1000),
        responseMs: responding / steps,
        thinkMs: thinking / steps,
        ratio: (responding + thinking) / present,
      },
    ]
  })
}

/** TTFB limit of a route in ms: of those that are given, else of perf-budgets/slo.ts. */
export const limitsBy =
  (limits: Circumstances['limits']) =>
  (route: string): number | undefined =>
    limits ? limits[route] : budgetOf(route)?.ttfbP95

const budgetOf = (route: string): RouteBudget | undefined => budgets[route as RouteName]

function latencyEvidence({ route, phase, ttfbP95, ttfbLimit, count: samples }: RouteResult): Evidence[] {
  if (ttfbLimit === null) return []
  const wanted = ttfbLimit > 0 ? `< ${ttfbLimit} ms` : 'a limit of its own'
  return [
    {
      ...{ limit: 'TTFB p95', route, phase, wanted, measured: ms(ttfbP95), samples },
      passed: ttfbP95 < ttfbLimit,
    },
  ]
}

function errorEvidence({ route, phase, errors, count: samples }: RouteResult): Evidence[] {
  const failed = failedOf(errors)
  if (failed === 0) return []
  const kinds = Object.entries(errors).map(([kind, n]) => `${n} ${kind}`)
  return [
    {
      ...{ limit: 'availability', route, phase, wanted: `errors ≤ ${percent(errorRate)}`, samples },
      measured: `${kinds.join(', ')} of ${samples}`,
      passed: !tooManyErrors(failed, samples),
    },
  ]
}

type Totals = Judgement['totals']

function totalsOf(routes: RouteResult[], collected: Collected, judgedMs: number): Totals {
  const requests = sum(routes.map((route) => route.count))
  const errors = sum(routes.map((route) => failedOf(route.errors)))
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

const inWords = ({ limit, route, phase, wanted, measured }: Evidence) =>
  `${route ? `${route}: ` : ''}${limit} ${measured}, wanted ${wanted}${phase && phase !== 'steady' ? ` (in ${phase})` : ''}`
