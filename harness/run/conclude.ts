import { availableParallelism } from 'node:os'
import { organisationOf } from '@headroom/fixtures/population.ts'
import { connectionsFor } from '@headroom/loadtests/wire/connections.ts'
import { count, percentile } from '@headroom/loadtests/wire/histogram.ts'
import type { Lack } from '@headroom/loadtests/wire/lacks.ts'
import type { RouteLimit } from '@headroom/loadtests/wire/message.ts'
import { isJudged, lengthOf, type Stage, stagesOf, vusFor } from '@headroom/loadtests/wire/workloads.ts'
import {
  effects,
  errorRate,
  neighbours,
  routes,
  soak,
  streamed,
  validity,
  webhooks,
  withoutLoad,
} from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import type { Collected } from '../collect/collector.ts'
import { firstBreak, type Timeline, type Window } from '../collect/timeline.ts'
import type { Circumstances } from '../judge/circumstances.ts'
import { connectionWaits } from '../judge/connections.ts'
import { tooManyErrors } from '../judge/errors.ts'
import { measuringReasons } from '../judge/invalid-reasons.ts'
import { judge, limitsBy } from '../judge/judge.ts'
import { type Answered, disturbancesOf, trusted } from '../judge/machine.ts'
import { thinInStorm, thinNeighbours } from '../judge/neighbours.ts'
import { notAsked, routesWithout } from '../plan/lacks.ts'
import { isPage } from '../plan/routes.ts'
import { type JudgedTimes, judgedSpan, type Plan, stagesUntil } from '../plan/scenarios.ts'
import type { Evidence } from '../result/evidence.ts'
import { thisMachine } from '../result/machine.ts'
import type { MemorySlope, Observed, Result } from '../result/result.ts'
import type { WatchedMachine } from '../stack/machine-load.ts'
import type { Missing } from './observe.ts'
import { missingEvidence, notWatched, type Watched } from './required.ts'

/** What k6's processes said and cost. */
export type GeneratorSeen = {
  exitCode: number | null
  lastLines: string
  /** Of each process over the judged time; null where it could not be read. */
  cpuSeconds: (number | null)[]
  rssBytes: number | null
  /** Whether it sends each request once; else what a server hangs up on is repeated without a word. */
  sendsOnce: boolean
}

/** Of k6 on other machines nothing is seen: what makes such a run invalid is a VU that does not finish. */
export const unseenGenerator: GeneratorSeen = {
  exitCode: 0,
  lastLines: '',
  cpuSeconds: [],
  rssBytes: null,
  sendsOnce: false,
}

/** A run that is over, and all that is known of it. */
export type Ended = Pick<Circumstances, 'crashes' | 'interrupted' | 'population'> & {
  id: string
  plan: Plan
  target: string
  revision: string | null
  startedAt: Date
  times: JudgedTimes
  collected: Collected
  timeline: Timeline
  generator: GeneratorSeen
  observed: Observed
  memory: MemorySlope[]
  /** What could not be watched of a stack of ours; null where the target is not ours to watch. */
  missing?: readonly Missing[] | null
  /** What the target is without: no limit of what needs it counts. */
  lacks?: readonly Lack[]
  /** What others used of the machine while it was judged. */
  machine?: WatchedMachine
  faultTexts: readonly string[]
  invalidReasons: readonly string[]
  /** What there was too little of, by who watched something else of the run. */
  thin?: readonly string[]
  /** What was found by who watched something else of the run. */
  evidence: readonly Evidence[]
  facts: readonly string[]
}

/** That a container may use, where it may use fewer than there are. */
const cores = availableParallelism()

/** Of those that a tour must have asked. @param lacks what the target is without */
function limitsOfTour(lacks: readonly Lack[]): Record<string, RouteLimit> {
  const left = new Set<string>([...Object.keys(withoutLoad), ...streamed, ...lacks.flatMap(routesWithout)])
  return Object.fromEntries(
    Object.entries(routes)
      .filter(([name]) => !left.has(name))
      .map(([name, { ttfbP95: ttfb, latencyP95: latency }]) => [name, { ttfb, latency }]),
  )
}

/** Judges a run, and tells everything of it. */
export function conclude(ended: Ended): Result {
  const { plan, times, collected, timeline, generator, memory } = ended
  const { journey } = plan
  const stages = stagesUntil(stagesOf(plan), times.playedMs)
  const vus = vusFor(plan.users, plan.shards)
  const seconds = (times.to - times.from) / 1000
  const shares =
    seconds > 0 ? generator.cpuSeconds.flatMap((cpu) => (cpu === null ? [] : [cpu / seconds])) : []
  const cpuShareOfCore = shares.length > 0 ? sum(shares) : null
  const coresPerShard = Math.min(cores / plan.shards, Math.max(1, vus / plan.shards))
  const circumstances: Circumstances = {
    users: plan.users,
    stages,
    vus,
    shards: plan.shards,
    judgedMs: times.judgedMs,
    connections: plan.connections ?? connectionsFor(plan.users),
    k6ExitCode: generator.exitCode,
    k6LastLines: generator.lastLines,
    crashes: ended.crashes,
    interrupted: ended.interrupted,
    population: ended.population,
    ...(journey ? { limits: journey.limits, marked: journey.marked, beginsAtTheBeginning: true } : {}),
    ...(plan.scenario === 'routes' ? { limits: limitsOfTour(ended.lacks ?? []) } : {}),
    generatorCpuShare: shares.length > 0 ? Math.max(...shares) / coresPerShard : null,
    generatorRssBytes: generator.rssBytes,
    more: {
      evidence: [
        ...(plan.scenario === 'soak' ? memory.flatMap(slopeEvidence) : []),
        ...effectEvidence(ended.observed.effects, delayLimits[plan.scenario]),
        ...webhookEvidence(ended.observed.webhooks),
        ...failedPagesEvidence(ended.observed.failedPages, pagesIn(collected, stages)),
        ...ended.evidence,
      ],
      invalidReasons: [...ended.invalidReasons],
      thin: [...(ended.thin ?? [])],
      facts: [...ended.facts],
    },
  }
  const { byLoad, ...judgement } = judge(collected, circumstances)
  const watched: Watched | null = ended.missing
    ? { missing: ended.missing, observed: ended.observed, memory }
    : null
  const { load, notWatched: ofMachine } = ended.machine ?? unseenMachine
  const disturbances = disturbancesOf(load)
  // Where nothing was played there is nothing else to say.
  const wasPlayed = ended.population === null && !ended.interrupted
  const thin = stages.some(({ loadMultiplier }) => loadMultiplier > 1)
    ? thinNeighbours(judgement.groups, stages)
    : thinInStorm(judgement.groups, stages)
  const missing = wasPlayed
    ? [...missingEvidence(plan.scenario, watched), ...thin, ...missingBooks(ended)]
    : []
  const facts = circumstances.crashes.length + collected.leaks.length + ended.facts.length > 0
  const vuStates = [...collected.vus.values()]
  const within = timeline.windows.filter(({ at }) => at < lengthOf(stages))
  const requests = requestsBetween(within, judgedSpan(stages), judgement.totals.requests)
  const told = trusted(
    { ...judgement, routes: answeredIn(collected, stages, judgement.routes) },
    { facts, missing, disturbances },
  )
  return {
    version: 3,
    run: ended.id,
    scenario: journey?.name ?? plan.scenario,
    startedAt: ended.startedAt.toISOString(),
    revision: ended.revision,
    machine: thisMachine(),
    target: ended.target,
    workload: {
      users: plan.users,
      thinkMs: plan.think,
      rampMs: plan.ramp,
      durationMs: plan.duration,
      seed: plan.seed,
      population: plan.population,
      tenants: journey ? null : tenantsOf(plan),
      shards: plan.shards,
      faults: [...ended.faultTexts],
    },
    ...judgement,
    ...told,
    notes: disturbances,
    isDisturbed: told.verdict === 'invalid' && disturbances.length > 0 && byLoad,
    notWatched: [
      ...(ended.lacks ?? []).map(notAsked),
      ...notWatched(plan.scenario, watched),
      ...unseen(generator, ended.target),
      ...ofMachine,
    ],
    machineLoad: load,
    firstBreak: firstBreak(
      { windows: within, width: timeline.width },
      (route) => limitsBy(journey?.limits)(route)?.ttfb,
    ),
    generator: {
      cpuMsPerRequest:
        cpuShareOfCore !== null && judgement.totals.requests > 0
          ? (cpuShareOfCore * seconds * 1000) / requests
          : null,
      cpuShareOfCore,
      peakRssBytes: generator.rssBytes,
      scheduleLagP99Ms: lagOf(collected.lag, stages),
      connectionWaits: connectionWaits(collected, stages),
      activeUsers: sum(vuStates.map(({ peakUsers }) => peakUsers)),
      streams: sum(vuStates.map(({ streams }) => streams)),
      invalidReasons: measuringReasons(collected, circumstances),
    },
    observed: { ...ended.observed, limiting: limitingBeside(ended.observed, disturbances) },
    memory,
  }
}

/** What a storm of webhooks is about: where nobody compared the books, as on a target of others, it says nothing. */
const missingBooks = ({ plan, evidence, invalidReasons }: Ended): string[] =>
  plan.shape === 'storm' && evidence.length === 0 && invalidReasons.length === 0
    ? ['nobody compared the books of Stripe and Worklane']
    : []

/** Where nobody could begin anything in a judged stage, what was answered before it counts. */
export function answeredIn(
  { lag, routes }: Pick<Collected, 'lag' | 'routes'>,
  stages: readonly Stage[],
  judged: readonly Answered[],
): readonly Answered[] {
  if (stages.filter(isJudged).every(({ phase }) => lag.get(phase)?.size)) return judged
  return [...routes.values()].flatMap((tallies) =>
    [...tallies.values()].map(({ latency, errors }) => ({
      count: count(latency),
      errors: Object.fromEntries(errors),
    })),
  )
}

/** What limited a run where others used the machine is first of all that. */
const limitingBeside = ({ limiting }: Observed, [disturbance]: readonly string[]): Observed['limiting'] =>
  limiting && disturbance
    ? { part: 'the machine', why: `${disturbance}; beside them ${limiting.part}: ${limiting.why}` }
    : limiting

/** Of a run that others play. */
const unseenMachine: WatchedMachine = {
  load: null,
  notWatched: ['what other processes used of the machines that the load came from: it came from elsewhere'],
}

const unseen = ({ cpuSeconds, rssBytes, sendsOnce }: GeneratorSeen, target: string): string[] => [
  ...(rssBytes !== null && cpuSeconds.length > 0 && cpuSeconds.every((cpu) => cpu !== null)
    ? []
    : ['CPU and memory of the generator: its processes cannot be watched from here']),
  ...(sendsOnce
    ? []
    : [
        'hang-ups on a GET over a kept connection: a k6 that Headroom did not build sends it again without a word (docs/decisions/029)',
      ]),
  ...(target.startsWith('https:')
    ? ['streams that an HTTP/2 server refuses: Go sends them again without a word (docs/decisions/029)']
    : []),
]

/** Requests of the whole judged span: what is between two judged stages costs the generator as well. */
const requestsBetween = (windows: readonly Window[], [from, to]: [number, number], judged: number): number =>
  Math.max(judged, sum(windows.filter(({ at }) => at >= from && at < to).map(({ requests }) => requests)))

/** Of scenarios that have another limit than the usual one. Milliseconds. */
const delayLimits: Partial<Record<string, number>> = { 'noisy-neighbour': neighbours.effectDelayP95 }

/** Where our own workers can be watched, and did enough to tell. */
export function effectEvidence(
  { count: samples, delayP95Ms, oldestWaitingMs }: Observed['effects'],
  limit: number = effects.delayP95,
): Evidence[] {
  if (samples < validity.minimumSamples || delayP95Ms === null) return []
  return [
    delayEvidence('from a write to its effect, p95', samples, delayP95Ms, limit),
    ...(oldestWaitingMs === null
      ? []
      : [
          delayEvidence('oldest effect that was waited for', samples, oldestWaitingMs, effects.oldestWaiting),
        ]),
  ]
}

/** The same of what Stripe tells: until a reading that knows of it is written. */
export function webhookEvidence({ count, effectP95Ms, oldestWaitingMs }: Observed['webhooks']): Evidence[] {
  if (count < validity.minimumSamples || effectP95Ms === null || oldestWaitingMs === null) return []
  return [
    delayEvidence('from a webhook to its effect, p95', count, effectP95Ms, webhooks.effectP95),
    delayEvidence(
      'oldest webhook that waited for its effect',
      count,
      oldestWaitingMs,
      webhooks.oldestWaiting,
    ),
  ]
}

/** Milliseconds, told in seconds. */
const delayEvidence = (limit: string, samples: number, actual: number, expected: number): Evidence => ({
  limit,
  where: {},
  operator: '<',
  expected: expected / 1000,
  actual: actual / 1000,
  unit: 's',
  samples,
  passed: actual < expected,
})

/** How late the generator was at p99, in ms, in the worst of the judged stages: the lateness that makes a run invalid. */
export function lagOf(lag: Collected['lag'], stages: readonly Stage[]): number | null {
  const found = stages.filter(isJudged).map(({ phase }) => percentile(lag.get(phase) ?? new Map(), 0.99))
  const known = found.filter((each) => !Number.isNaN(each))
  return known.length > 0 ? Math.max(...known) : null
}

/** Pages whose status was good and that failed nevertheless: they count against availability like any other. */
export function failedPagesEvidence(failed: Observed['failedPages'], pages: number): Evidence[] {
  if (failed === null || pages === 0) return []
  const failures = sum(failed.map(({ count }) => count))
  const which = failed.slice(0, 3).map(({ route, kind, count }) => `${route} ${kind} ${count}`)
  return [
    {
      limit: 'pages that failed behind a good status',
      where: {},
      operator: '≤',
      expected: errorRate,
      actual: failures / pages,
      unit: 'share',
      samples: pages,
      samplesOf: 'pages',
      detail: which.join(', '),
      passed: !tooManyErrors(failures, pages),
      isTimeless: true,
    },
  ]
}

/** Pages that were asked for from the first judged stage to the last. */
function pagesIn({ routes }: Collected, stages: readonly Stage[]): number {
  const span = stages.slice(stages.findIndex(isJudged), stages.findLastIndex(isJudged) + 1)
  const counts = span.flatMap(({ phase }) =>
    [...(routes.get(phase) ?? [])].flatMap(([route, { latency }]) => (isPage(route) ? [count(latency)] : [])),
  )
  return sum(counts)
}

/** Of enough samples; fewer are missing evidence. */
export function slopeEvidence({
  process,
  what,
  bytesPerMinute,
  samples,
  lastBytes,
}: MemorySlope): Evidence[] {
  if (bytesPerMinute === null || samples < validity.minimumSamples) return []
  const limit = what === 'resident' ? soak.residentSlope : soak.arrayBuffersSlope
  return [
    {
      limit: `growth of the ${what} memory of ${process}`,
      where: {},
      operator: '≤',
      expected: limit,
      actual: bytesPerMinute,
      unit: 'bytes per minute',
      detail: `${(lastBytes / 1024 ** 2).toFixed(0)} MB at the end`,
      samples,
      passed: bytesPerMinute <= limit,
      isTimeless: true,
    },
  ]
}

/** How many tenants the run's users belong to. */
function tenantsOf({ users, population }: Plan): number {
  const tenants = new Set<number>()
  for (let k = 0; k < users; k++)
    tenants.add(organisationOf(population, Math.floor((k * population.users) / users)))
  return tenants.size
}
