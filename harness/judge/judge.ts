import { addAll, count, type Histogram, percentile } from '@headroom/loadtests/wire/histogram.ts'
import type { RouteLimit } from '@headroom/loadtests/wire/message.ts'
import { isJudged, type Stage, usersAt } from '@headroom/loadtests/wire/workloads.ts'
import type { RouteName } from '@headroom/perf-budgets/routes.ts'
import {
  routes as budgets,
  errorRate,
  promises,
  type RouteBudget,
  validity,
} from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import { type Collected, mergeTallies, noTally, type RouteTally } from '../collect/collector.ts'
import { actualOf, type Evidence, expectedOf } from '../result/evidence.ts'
import { isWithin, shownPercentile } from '../result/percentiles.ts'
import type {
  ErrorExample,
  GroupResult,
  LittleResult,
  PhaseResult,
  RouteResult,
  Verdict,
} from '../result/result.ts'
import type { Circumstances } from './circumstances.ts'
import { connectionReasons } from './connections.ts'
import { exampleInWords, failedOf, kindsOf, tooManyErrors } from './errors.ts'
import { invalidReasonsOf } from './invalid-reasons.ts'
import { neighbourEvidence, stormEvidence } from './neighbours.ts'

export type Judgement = {
  verdict: Verdict
  reasons: string[]
  /** Of an invalid run: whether a busy machine may be the whole reason of it. */
  byLoad: boolean
  evidence: Evidence[]
  routes: RouteResult[]
  examples: ErrorExample[]
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
 * The verdict on the judged stages.
 *
 * A part of Worklane that crashed and a tenant's text seen by another are facts whatever the generator did: they fail
 * the run. Else a run whose figures cannot be trusted is invalid. Else what the target failed at fails the run, however
 * little there is of it. Else a run with too little to judge is invalid. Else every limit is held against what was
 * measured.
 */
export function judge(collected: Collected, circumstances: Circumstances): Judgement {
  const { stages, more, marked = true } = circumstances
  const limitOf = limitsBy(circumstances.limits)
  const judged = stages.filter(isJudged)
  // Where one tenant is noisy on purpose, its own times are not the question: the others' are.
  const hasNoisyTenant = stages.some(({ loadMultiplier }) => loadMultiplier > 1)
  const isRare = (route: string) => !circumstances.limits && budgetOf(route)?.rare === true
  const isTimed = (stage: Stage) => stage.judged === 'all' && !hasNoisyTenant
  const counted = [...judgedTallies(collected, judged, circumstances)].flatMap(([stage, tallies]) =>
    tallies.map(({ name, phase, tally }) => ({
      tally,
      result: routeResult(
        name,
        phase,
        tally,
        isTimed(stage) && !(isRare(name) && count(tally.latency) < validity.minimumSamples)
          ? (limitOf(name) ?? noLimit)
          : null,
      ),
    })),
  )
  const routes = counted.map(({ result }) => result)
  routes.sort((a, b) => (a.phase === b.phase ? (a.route < b.route ? -1 : 1) : 0))
  const groups = groupsOf(collected, judged)
  const little = littleOf(collected, stages)
  const totals = totalsOf(routes, collected, circumstances.judgedMs)
  const evidence = [
    ...routes.flatMap(latencyEvidence),
    ...(hasNoisyTenant ? neighbourEvidence(groups, stages) : routes.flatMap(errorEvidence)),
    ...(hasNoisyTenant ? [] : [availability(totals)]),
    ...stormEvidence(groups, stages),
    ...(marked ? [isolation(collected, totals)] : []),
    ...(more?.evidence ?? []),
  ]
  const { examples } = collected
  const say = (each: Evidence) => inWords(each, examplesFirst(each, routes, examples))
  const facts = [
    ...circumstances.crashes.map(({ part, detail }) => `${part} ended during the run: ${detail}`),
    ...leakFacts(collected),
    ...(more?.facts ?? []),
  ]
  const { measuring, thin, byLoad } = invalidReasonsOf(collected, circumstances, { routes, little })
  const broken = evidence.filter(({ passed }) => !passed)
  const failures = hasNoisyTenant ? [] : failuresOf(collected, judged, routes)
  const waits = connectionReasons(collected, counted, failures, circumstances)
  const invalidReasons = [...measuring, ...(more?.invalidReasons ?? []), ...(more?.thin ?? []), ...waits]
  const ofLoad = [...byLoad, ...(more?.thin ?? []), ...waits]
  const few = (each: Evidence) => each.limit !== 'availability' && each.samples < validity.minimumSamples
  const [verdict, reasons]: [Verdict, string[]] =
    facts.length > 0
      ? ['fail', facts]
      : invalidReasons.length > 0
        ? ['invalid', [...invalidReasons, ...(failures.length > 0 ? failures.map(say) : thin)]]
        : failures.length > 0
          ? [
              'fail',
              [...failures, ...broken.filter((each) => !few(each) && each.limit !== 'availability')].map(say),
            ]
          : thin.length > 0
            ? ['invalid', thin]
            : broken.length > 0
              ? ['fail', broken.map(say)]
              : ['pass', []]
  return {
    verdict,
    reasons,
    byLoad: [...invalidReasons, ...thin].every((reason) => ofLoad.includes(reason)),
    evidence,
    routes,
    examples,
    phases: phasesOf(collected, stages),
    groups,
    little,
    totals,
  }
}

type Judged = { name: string; phase: string; tally: RouteTally }

/** What is told of a route that was asked while users came, and hardly afterwards. */
const wholeRun = 'whole run'

/**
 * The routes of each judged stage. Where everybody begins at the beginning, what is asked there (a sign-in) falls into the
 * time in which they come: such a route is judged by the whole run.
 */
function judgedTallies(
  { routes }: Collected,
  judged: readonly Stage[],
  { beginsAtTheBeginning = false, stages }: Circumstances,
): Map<Stage, Judged[]> {
  const last = judged.at(-1)
  return new Map(
    judged.map((stage) => {
      const own = [...(routes.get(stage.phase) ?? [])].map(
        ([name, tally]): Judged => ({
          name,
          phase: stage.phase,
          tally,
        }),
      )
      if (!beginsAtTheBeginning || stage !== last) return [stage, own]
      const enough = own.filter(({ tally }) => count(tally.latency) >= validity.minimumSamples)
      const names = new Set(stages.flatMap(({ phase }) => [...(routes.get(phase)?.keys() ?? [])]))
      for (const { name } of enough) names.delete(name)
      const few = [...names].map((name): Judged => {
        const tallies = stages.flatMap(({ phase }) => routes.get(phase)?.get(name) ?? [])
        return { name, phase: wholeRun, tally: tallies.reduce(mergeTallies, noTally()) }
      })
      return [stage, [...enough, ...few]]
    }),
  )
}

/** A route that nobody set a limit for cannot have kept it. */
const noLimit: RouteLimit = { ttfb: 0, latency: 0 }

/** So many are named where the verdict is. */
const leaksNamed = 5

function leakFacts({ leaked, leaks }: Collected): string[] {
  const told = leaks
    .slice(0, leaksNamed)
    .map(({ route, user, canary }) => `${route} showed user ${user} another tenant's text (${canary})`)
  return leaked > told.length
    ? [`${leaked} answers showed another tenant's text, of which ${told.length} are named`, ...told]
    : told
}

/**
 * What the target failed at more often than availability allows, chance excluded: of each route, or of all together where
 * no route alone has enough. Where nobody could begin anything in a judged stage, what failed before it counts.
 */
function failuresOf(
  collected: Collected,
  judged: readonly Stage[],
  routes: readonly RouteResult[],
): Evidence[] {
  const silent = judged.filter(({ phase }) => !collected.lag.get(phase)?.size)
  const before =
    silent.length === 0
      ? []
      : [...collected.routes].flatMap(([phase, tallies]) =>
          routes.some((route) => route.phase === phase)
            ? []
            : [...tallies].map(([name, tally]) => routeResult(name, phase, tally, null)),
        )
  const all = [...routes, ...before]
  const ofRoutes = all.flatMap(errorEvidence).filter(({ passed }) => !passed)
  if (ofRoutes.length > 0) return ofRoutes
  const failed = sum(all.map(({ errors }) => failedOf(errors)))
  const requests = sum(all.map((route) => route.count))
  return tooManyErrors(failed, requests) ? [availabilityOf(failed, requests)] : []
}

/** Of a histogram, in milliseconds; 0 where there is nothing. */
const percentiles = (histogram: Histogram) => {
  const at = (share: number) => percentile(histogram, share) || 0
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

function routeResult(
  route: string,
  phase: string,
  { latency, ttfb, errors, over }: RouteTally,
  limit: RouteLimit | null,
): RouteResult {
  const samples = count(latency)
  const held = {
    ttfb: limit === null || isWithin(over.ttfb, samples, limit.ttfb),
    latency: limit === null || isWithin(over.latency, samples, limit.latency),
  }
  return {
    route,
    phase,
    count: samples,
    ...percentiles(latency),
    p95: shownPercentile(latency, limit?.latency, held.latency),
    ttfbP95: shownPercentile(ttfb, limit?.ttfb, held.ttfb),
    ttfbLimit: limit?.ttfb ?? null,
    latencyLimit: limit?.latency ?? null,
    over,
    errors: Object.fromEntries(errors),
    passed: held.ttfb && held.latency && !tooManyErrors(failedOf(Object.fromEntries(errors)), samples),
  }
}

function phasesOf(collected: Collected, stages: readonly Stage[]): PhaseResult[] {
  return stages.map(({ phase, judged, users, duration }) => {
    const all: Histogram = new Map()
    let errors = 0
    for (const tally of collected.routes.get(phase)?.values() ?? []) {
      addAll(all, tally.latency)
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
        group,
        phase,
        count: count(latency),
        ...percentiles(latency),
        errors,
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
    const { present, responding, thinking, steps, ended, told, clock } = flow
    return [
      {
        phase,
        users: present / duration,
        stepsPerSecond: steps / (duration / 1000),
        responseMs: responding / steps,
        thinkMs: thinking / steps,
        ratio: (responding + thinking) / present,
        toldMs: ended > 0 ? told / ended : null,
        clockMs: ended > 0 ? clock / ended : null,
      },
    ]
  })
}

/** Limits of a route: of those that are given, else of perf-budgets/slo.ts. */
export const limitsBy =
  (limits: Circumstances['limits']) =>
  (route: string): RouteLimit | undefined =>
    limits ? limits[route] : limitOfBudget(budgetOf(route))

const budgetOf = (route: string): RouteBudget | undefined => budgets[route as RouteName]

const limitOfBudget = (budget: RouteBudget | undefined): RouteLimit | undefined =>
  budget && { ttfb: budget.ttfbP95, latency: budget.latencyP95 }

function latencyEvidence(result: RouteResult): Evidence[] {
  const { route, phase, ttfbLimit, latencyLimit, ttfbP95, p95, over, count: samples } = result
  const held = (name: string, actual: number, limit: number | null, above: number): Evidence[] =>
    limit === null
      ? []
      : [
          {
            limit: name,
            where: { route, phase },
            operator: '<',
            expected: limit > 0 ? limit : null,
            actual,
            unit: 'ms',
            samples,
            passed: isWithin(above, samples, limit),
          },
        ]
  return [
    ...held('TTFB p95', ttfbP95, ttfbLimit, over.ttfb),
    ...held('whole answer p95', p95, latencyLimit, over.latency),
  ]
}

function errorEvidence({ route, phase, errors, count: samples }: RouteResult): Evidence[] {
  const failed = failedOf(errors)
  if (failed === 0) return []
  const kinds = kindsOf(errors).map(([kind, n]) => `${n} ${kind}`)
  return [
    {
      limit: 'availability',
      where: { route, phase },
      operator: '≤',
      expected: errorRate,
      actual: failed / samples,
      unit: 'share',
      samples,
      samplesOf: 'requests failed',
      detail: kinds.join(', '),
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
    leaks: collected.leaked,
  }
}

const availability = ({ requests, errors }: Totals): Evidence => availabilityOf(errors, requests)

function availabilityOf(errors: number, requests: number): Evidence {
  const rate = requests > 0 ? errors / requests : null
  return {
    limit: 'availability',
    where: {},
    operator: '≤',
    expected: errorRate,
    actual: rate,
    unit: 'share',
    samples: requests,
    samplesOf: 'requests failed',
    passed: rate !== null && rate <= errorRate,
  }
}

function isolation({ leaked }: Collected, { probes }: Totals): Evidence {
  return {
    limit: 'isolation',
    where: {},
    operator: '≤',
    expected: promises.isolation.leaks,
    actual: probes > 0 ? leaked / probes : null,
    unit: 'share',
    samples: probes,
    samplesOf: "answers with another tenant's text",
    passed: leaked <= promises.isolation.leaks,
  }
}

/** Examples of what a limit is about, of the most frequent class of its errors first. */
function examplesFirst(
  { where: { route, phase } }: Evidence,
  routes: readonly RouteResult[],
  examples: readonly ErrorExample[],
): ErrorExample[] {
  const errors = new Map<string, number>()
  for (const result of routes)
    if (route === undefined || (result.route === route && (!phase || result.phase === phase)))
      for (const [kind, n] of kindsOf(result.errors)) errors.set(kind, (errors.get(kind) ?? 0) + n)
  return examples
    .filter((each) => route === undefined || each.route === route)
    .sort(
      (a, b) =>
        (errors.get(b.class) ?? 0) - (errors.get(a.class) ?? 0) ||
        Number(b.body !== '') - Number(a.body !== ''),
    )
}

/** A limit and what was measured, as a reason says it. */
export const inSentence = (evidence: Evidence): string => inWords(evidence, [])

/** @param examples of errors, of which the first is told where errors are what broke */
function inWords(evidence: Evidence, examples: readonly ErrorExample[]): string {
  const {
    limit,
    where: { route, phase },
  } = evidence
  const example = limit === 'availability' ? examples[0] : undefined
  return [
    route ? `${route}: ` : '',
    `${limit} ${actualOf(evidence)}, expected ${expectedOf(evidence)}`,
    phase && phase !== 'steady' ? ` (in ${phase})` : '',
    example ? `; for example ${exampleInWords(example)}` : '',
  ].join('')
}
