import { count, type Histogram, percentile } from '@headroom/loadtests/wire/histogram.ts'
import { type Stage, usersAt } from '@headroom/loadtests/wire/workloads.ts'
import {
  routes as budgets,
  errorRate,
  errorsThatCount,
  neighbours,
  promises,
  type RouteBudget,
  type RouteName,
  validity,
} from '@headroom/perf-budgets/slo.ts'
import { type Collected, lostMessages, type RouteTally } from '../collect/collector.ts'
import type { Evidence, GroupResult, LittleResult, PhaseResult, RouteResult, Verdict } from './result.ts'

/** What the harness saw beside the numbers. */
export type Circumstances = {
  users: number
  /** What was to be played; the last judged stage is shorter when the run was. */
  stages: readonly Stage[]
  /** VUs of all shards together. */
  vus: number
  shards: number
  /** How long the judged phases really were, in ms. */
  judgedMs: number
  /** k6's own end: 0 is orderly. */
  k6ExitCode: number | null
  k6LastLines: string
  /** Parts of Worklane that ended during the run. */
  crashes: { part: string; detail: string }[]
  generatorCpuShare: number | null
  generatorRssBytes: number | null
  /** What else was found, by who watched over a longer time or over several runs. */
  more?: { evidence: Evidence[]; doubts: string[]; facts?: string[] }
  /** Somebody ended the run before its time. */
  interrupted: boolean
  /** What was wrong with the population, or null. */
  population: string | null
  /** TTFB limits in ms by route, where they are not those of perf-budgets/slo.ts; each must have been asked. */
  limits?: Readonly<Record<string, number>>
  /** Whether answers can be told to be another tenant's; they can unless said otherwise. */
  marked?: boolean
}

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
  const judged = stages.filter((stage) => stage.judged !== 'none')
  const routes = judged.flatMap(({ phase }) =>
    [...(collected.routes.get(phase) ?? [])].map(([name, tally]) =>
      routeResult(name, phase, tally, limitOf(name)),
    ),
  )
  routes.sort((a, b) => (a.phase === b.phase ? (a.route < b.route ? -1 : 1) : 0))
  const whole = new Set(judged.filter((stage) => stage.judged === 'all').map(({ phase }) => phase))
  const isCrowd = stages.some(({ crowd }) => crowd > 1)
  const groups = groupsOf(collected, judged)
  const little = littleOf(collected, stages)
  const totals = totalsOf(routes, collected, circumstances.judgedMs)
  const evidence = [
    // Where one tenant crowds on purpose, its own times are not the question: the others' are.
    ...(isCrowd ? [] : routes.filter(({ phase }) => whole.has(phase)).flatMap(latencyEvidence)),
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
  const doubts = [
    ...doubtsOf(collected, circumstances, { routes: isCrowd ? [] : routes, little }),
    ...(more?.doubts ?? []),
  ]
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
  limit: number | undefined,
): RouteResult {
  const ttfbP95 = percentile(ttfb, 0.95)
  const samples = count(latency)
  return {
    ...{ route, phase, count: samples, ...percentiles(latency), ttfbP95 },
    ttfbLimit: limit ?? 0,
    errors: Object.fromEntries(errors),
    // A route that nobody set a limit for cannot have kept it.
    passed:
      limit !== undefined && ttfbP95 < limit && !tooManyErrors(failedOf(Object.fromEntries(errors)), samples),
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
  return stages.flatMap(({ phase, judged, duration, users }, place) => {
    const flow = collected.flow.get(phase)
    const before = stages.slice(0, place).reduce((most, stage) => Math.max(most, stage.users), 0)
    const from = stages.slice(0, place).reduce((total, stage) => total + stage.duration, 0)
    // Who is not needed any more is noticed when their next step is due: then the count is not exact.
    if (judged === 'none' || !flow || flow.present === 0 || flow.steps === 0) return []
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

const ms = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
const percent = (share: number, digits = 2) => `${(share * 100).toFixed(digits)}%`

function latencyEvidence({ route, phase, ttfbP95, ttfbLimit, count: samples }: RouteResult): Evidence[] {
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

const noisy = 'tier whale'
const isOther = ({ group }: GroupResult) => group.startsWith('tier ') && group !== noisy

/** What the tenants beside the noisy one notice of its loudest stage, against its quiet one. */
export function neighbourEvidence(groups: readonly GroupResult[], stages: readonly Stage[]): Evidence[] {
  const judged = stages.filter((stage) => stage.judged === 'all')
  const [quiet, loud] = [judged[0], judged.at(-1)]
  if (!quiet || !loud) return []
  const others = groups.filter(isOther)
  const rows = others.flatMap((now): (Evidence & { answered: number })[] => {
    const before = others.find(({ group, phase }) => group === now.group && phase === quiet.phase)
    if (now.phase !== loud.phase || !before) return []
    const ratio = now.p95 / before.p95
    const rate = (of: GroupResult, { duration }: Stage) => (of.count - of.errors) / duration
    return [
      {
        limit: `p95 of ${now.group} while one tenant asks ${loud.crowd}× as much`,
        phase: loud.phase,
        wanted: `≤ ${neighbours.p95Ratio}× of ${ms(before.p95)}, or within ${neighbours.floor} ms`,
        measured: `${ms(now.p95)} (${ratio.toFixed(2)}×)`,
        samples: now.count,
        passed: ratio <= neighbours.p95Ratio || now.p95 - before.p95 <= neighbours.floor,
        answered: rate(now, loud) / rate(before, quiet),
      },
    ]
  })
  const fairness = jain(rows.map(({ answered }) => answered))
  const failed = sum(others.map(({ errors }) => errors))
  const samples = sum(others.map(({ count }) => count))
  return [
    ...rows.map(({ answered: _, ...row }) => row),
    {
      ...{ limit: 'fairness among the others (Jain)', phase: loud.phase, samples },
      wanted: `≥ ${neighbours.fairness}`,
      measured: fairness.toFixed(3),
      passed: fairness >= neighbours.fairness,
    },
    {
      ...{ limit: 'availability for the others', wanted: `errors ≤ ${percent(errorRate)}`, samples },
      measured: `${failed} of ${samples}`,
      passed: !tooManyErrors(failed, samples),
    },
  ]
}

/**
 * 1 when all get the same, 1/n when one gets everything; 0 for nobody.
 * Source: Jain, Chiu and Hawe, "A Quantitative Measure of Fairness", DEC-TR-301, 1984.
 */
export const jain = (shares: readonly number[]): number =>
  shares.length === 0 ? 0 : sum(shares) ** 2 / (shares.length * sum(shares.map((share) => share ** 2))) || 0

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

/** Those that count against availability. */
const failedOf = (errors: RouteResult['errors']): number =>
  sum(Object.entries(errors).map(([kind, count]) => (errorsThatCount.includes(kind) ? count : 0)))

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0)

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

export const interruption = 'the run was interrupted'

/** Each reason that the run cannot be trusted. */
function doubtsOf(
  collected: Collected,
  circumstances: Circumstances,
  { routes, little }: { routes: RouteResult[]; little: LittleResult[] },
): string[] {
  const { population, interrupted } = circumstances
  // Then nothing was played, and there is nothing else to say.
  if (population) return [population]
  if (interrupted) return [interruption]
  return [
    ...generatorDoubts(collected, circumstances),
    ...userDoubts(collected, circumstances),
    ...messageDoubts(collected, circumstances),
    ...little
      .filter(({ ratio }) => Math.abs(ratio - 1) > validity.littlesLaw)
      .map(
        ({ phase, ratio, users }) =>
          `Little's law does not hold in ${phase}: throughput × (response + think time) is ${percent(ratio, 1)} of ${users.toFixed(0)} users, allowed ${percent(validity.littlesLaw, 0)} off`,
      ),
    ...thinRoutes(routes),
    ...unasked(routes, circumstances.limits ?? {}),
  ]
}

function generatorDoubts(collected: Collected, circumstances: Circumstances): string[] {
  const { stages, k6ExitCode, k6LastLines, generatorCpuShare, generatorRssBytes } = circumstances
  const doubts: string[] = []
  if (k6ExitCode !== 0) doubts.push(`k6 ended with ${k6ExitCode ?? 'a signal'}: ${k6LastLines}`)
  for (const { phase, judged } of stages) {
    if (judged === 'none') continue
    const lag = percentile(collected.lag.get(phase) ?? new Map(), 0.99)
    if (Number.isNaN(lag)) doubts.push(`no step was started in the ${phase} phase`)
    else if (lag > validity.scheduleLagP99) {
      doubts.push(
        `the generator was late itself: schedule lag p99 ${ms(lag)} in ${phase}, allowed ${validity.scheduleLagP99} ms; give it more CPU or fewer users`,
      )
    }
  }
  if (generatorCpuShare !== null && generatorCpuShare > validity.generatorCpuShare) {
    doubts.push(
      `the generator had no CPU left: ${percent(generatorCpuShare, 0)} of what its VUs can use, allowed ${percent(validity.generatorCpuShare, 0)}`,
    )
  }
  if (generatorRssBytes !== null && generatorRssBytes > validity.generatorRssBytes) {
    const [used, allowed] = [generatorRssBytes, validity.generatorRssBytes].map((bytes) => bytes / 1024 ** 2)
    doubts.push(`the generator took ${used?.toFixed(0)} MB, allowed ${allowed?.toFixed(0)} MB`)
  }
  const own = sum(
    [...collected.routes.values()].flatMap((ofPhase) =>
      [...ofPhase.values()].map(({ errors }) => errors.get('generator') ?? 0),
    ),
  )
  if (own > 0)
    doubts.push(
      `${own} requests failed on the generator's own machine (no port or no file left); raise ulimit -n, or use more machines`,
    )
  return doubts
}

function userDoubts(collected: Collected, { users, k6LastLines }: Circumstances): string[] {
  const vus = [...collected.vus.values()]
  const doubts: string[] = []
  const most = sum(vus.map(({ peakUsers }) => peakUsers))
  // k6 ends in order even when a user's code threw: what it said is the only trace.
  const said = /level=error.*/.exec(k6LastLines)?.[0]
  const because = said ? `; k6 said: ${said.slice(0, 300)}` : ''
  if (most < users * validity.activeUsers) doubts.push(`${most} of ${users} users were active${because}`)
  const lost = sum(vus.map(({ lostUsers }) => lostUsers))
  if (lost > 0) doubts.push(`${lost} users were lost by an error of the generator's own${because}`)
  return doubts
}

function messageDoubts(
  collected: Collected,
  { vus: expected, shards, marked = true }: Circumstances,
): string[] {
  const vus = [...collected.vus.values()]
  const doubts: string[] = []
  const missing = expected - vus.length
  if (missing > 0)
    doubts.push(
      `${missing} of ${expected} VUs told nothing${shards > 1 ? `: one of ${shards} shards was lost` : ''}`,
    )
  const lost = lostMessages(collected)
  if (lost > 0) doubts.push(`${lost} messages of the generator were lost`)
  if (collected.refused > 0) doubts.push(`${collected.refused} messages of the generator were refused`)
  const unfinished = vus.filter((vu) => !vu.final).length
  if (unfinished > 0) doubts.push(`${unfinished} of ${vus.length} VUs did not finish`)
  if (marked && collected.probes === 0) doubts.push('no answer was looked through for other tenants’ texts')
  return doubts
}

function thinRoutes(routes: RouteResult[]): string[] {
  const thin = routes.filter((route) => route.count < validity.minimumSamples)
  if (thin.length === 0) return []
  const named = thin.map((route) => `${route.route} (${route.count})`).join(', ')
  return [`fewer than ${validity.minimumSamples} samples of ${named}; run longer or with more users`]
}

/** A limit of nothing was not kept. */
const unasked = (routes: readonly RouteResult[], limits: Readonly<Record<string, number>>): string[] =>
  Object.keys(limits)
    .filter((name) => !routes.some(({ route }) => route === name))
    .map((name) => `no sample of ${name}, which has a limit`)

const inWords = ({ limit, route, phase, wanted, measured }: Evidence) =>
  `${route ? `${route}: ` : ''}${limit} ${measured}, wanted ${wanted}${phase && phase !== 'steady' ? ` (in ${phase})` : ''}`
