import { count, percentile } from '@headroom/loadtests/wire/histogram.ts'
import { isJudged } from '@headroom/loadtests/wire/workloads.ts'
import { validity } from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import { type Collected, lostMessages } from '../collect/collector.ts'
import { ms, percent } from '../result/figures.ts'
import type { LittleResult, RouteResult } from '../result/result.ts'
import type { Circumstances } from './circumstances.ts'

export const interruption = 'the run was interrupted'

/** Why a run cannot be judged. */
export type InvalidReasons = {
  /** Its figures are wrong, or of something else. */
  measuring: string[]
  /** They are too few to say anything: what the target failed at counts nevertheless. */
  thin: string[]
  /** Those of both that others who use the machine may be the whole reason of; the rest is so on a quiet one, too. */
  byLoad: string[]
}

/** Each reason that the run cannot be trusted. */
export function invalidReasonsOf(
  collected: Collected,
  circumstances: Circumstances,
  { routes, little }: { routes: RouteResult[]; little: LittleResult[] },
): InvalidReasons {
  const { population, interrupted, limits = {}, marked = true } = circumstances
  // Then nothing was played, and there is nothing else to say.
  if (population) return { measuring: [population], thin: [], byLoad: [] }
  if (interrupted) return { measuring: [interruption], thin: [], byLoad: [] }
  const clock = little.flatMap(clockReasons)
  const few = [...unstarted(collected, circumstances), ...thinRoutes(routes), ...unasked(routes, limits)]
  return {
    measuring: [...measuringReasons(collected, circumstances), ...little.flatMap(littleReasons), ...clock],
    thin: [
      ...few,
      ...(marked && collected.probes === 0 ? ['no answer was looked through for other tenants’ texts'] : []),
    ],
    byLoad: [...latenessReasons(collected, circumstances), ...clock, ...few],
  }
}

/** What makes every figure worthless, however many there are: the generator's own lateness and losses. */
export const measuringReasons = (collected: Collected, circumstances: Circumstances): string[] => [
  ...generatorReasons(collected, circumstances),
  ...userReasons(collected, circumstances),
  ...messageReasons(collected, circumstances),
]

/** k6's clock tells whole milliseconds: of steps that take hardly more than one the law says no more than that. */
const tick = 1

const littleReasons = ({ phase, ratio, users, responseMs, thinkMs }: LittleResult): string[] =>
  Math.abs(ratio - 1) > Math.max(validity.littlesLaw, tick / (responseMs + thinkMs))
    ? [
        `Little's law does not hold in ${phase}: throughput × (response + think time) is ${percent(ratio, 1)} of ${users.toFixed(0)} users, allowed ${percent(validity.littlesLaw, 0)} off`,
      ]
    : []

function clockReasons({ phase, toldMs, clockMs }: LittleResult): string[] {
  if (toldMs === null || clockMs === null) return []
  const { share, floor } = validity.latencyByClock
  if (Math.abs(toldMs - clockMs) <= Math.max(floor, share * clockMs)) return []
  return [
    `what is told of latency is not what it was in ${phase}: a step took ${ms(toldMs)} by the generator's figures, and ${ms(clockMs)} by its clock`,
  ]
}

/** Judged stages in which nobody could begin anything. */
const unstarted = ({ lag }: Collected, { stages }: Circumstances): string[] =>
  stages
    .filter((stage) => isJudged(stage) && !lag.get(stage.phase)?.size)
    .map(({ phase }) => `no step was started in the ${phase} phase`)

function generatorReasons(collected: Collected, circumstances: Circumstances): string[] {
  const { k6ExitCode, k6LastLines, generatorRssBytes } = circumstances
  const invalidReasons: string[] = []
  if (k6ExitCode !== 0) invalidReasons.push(`k6 ended with ${k6ExitCode ?? 'a signal'}: ${k6LastLines}`)
  invalidReasons.push(...latenessReasons(collected, circumstances))
  if (generatorRssBytes !== null && generatorRssBytes > validity.generatorRssBytes) {
    const [used, allowed] = [generatorRssBytes, validity.generatorRssBytes].map((bytes) => bytes / 1024 ** 2)
    invalidReasons.push(`the generator took ${used?.toFixed(0)} MB, allowed ${allowed?.toFixed(0)} MB`)
  }
  const own = sum(
    [...collected.routes.values()].flatMap((ofPhase) =>
      [...ofPhase.values()].map(({ errors }) => errors.get('generator') ?? 0),
    ),
  )
  if (own > 0)
    invalidReasons.push(
      `${own} requests failed on the generator's own machine (no port or no file left); raise ulimit -n, or use more machines`,
    )
  return invalidReasons
}

/** That it had too little of the machine. */
function latenessReasons(collected: Collected, { stages, generatorCpuShare }: Circumstances): string[] {
  const invalidReasons: string[] = []
  for (const { phase } of stages.filter(isJudged)) {
    const lag = collected.lag.get(phase) ?? new Map()
    // Counted, since a percentile is within 0.5%.
    if ((collected.late.get(phase) ?? 0) * 100 > count(lag)) {
      invalidReasons.push(
        `the generator was late itself: schedule lag p99 ${ms(percentile(lag, 0.99))} in ${phase}, allowed ${validity.scheduleLagP99} ms; give it more CPU or fewer users`,
      )
    }
  }
  if (generatorCpuShare !== null && generatorCpuShare > validity.generatorCpuShare) {
    invalidReasons.push(
      `the generator had no CPU left: ${percent(generatorCpuShare, 0)} of what its VUs can use, allowed ${percent(validity.generatorCpuShare, 0)}`,
    )
  }
  return invalidReasons
}

function userReasons(collected: Collected, { users, k6LastLines }: Circumstances): string[] {
  const vus = [...collected.vus.values()]
  const invalidReasons: string[] = []
  const most = sum(vus.map(({ peakUsers }) => peakUsers))
  // k6 ends in order even when a user's code threw: what it said is the only trace.
  const said = /level=error.*/.exec(k6LastLines)?.[0]
  const because = said ? `; k6 said: ${said.slice(0, 300)}` : ''
  if (most < users * validity.activeUsers)
    invalidReasons.push(`${most} of ${users} users were active${because}`)
  const lost = sum(vus.map(({ lostUsers }) => lostUsers))
  if (lost > 0) invalidReasons.push(`${lost} users were lost by an error of the generator's own${because}`)
  return invalidReasons
}

function messageReasons(collected: Collected, { vus: expected, shards }: Circumstances): string[] {
  const vus = [...collected.vus.values()]
  const invalidReasons: string[] = []
  const missing = expected - vus.length
  if (missing > 0)
    invalidReasons.push(
      `${missing} of ${expected} VUs told nothing${shards > 1 ? `: one of ${shards} shards was lost` : ''}`,
    )
  const lost = lostMessages(collected)
  if (lost > 0) invalidReasons.push(`${lost} messages of the generator were lost`)
  if (collected.refused > 0)
    invalidReasons.push(`${collected.refused} messages of the generator were refused`)
  const unfinished = vus.filter((vu) => !vu.final).length
  if (unfinished > 0) invalidReasons.push(`${unfinished} of ${vus.length} VUs did not finish`)
  return invalidReasons
}

/** Of those whose times are judged. */
function thinRoutes(routes: RouteResult[]): string[] {
  const thin = routes.filter(({ count, ttfbLimit }) => ttfbLimit !== null && count < validity.minimumSamples)
  if (thin.length === 0) return []
  const named = thin.map((route) => `${route.route} (${route.count})`).join(', ')
  return [`fewer than ${validity.minimumSamples} samples of ${named}; run longer or with more users`]
}

/** A limit of nothing was not kept. */
const unasked = (routes: readonly RouteResult[], limits: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(limits)
    .filter((name) => !routes.some(({ route }) => route === name))
    .map((name) => `no sample of ${name}, which has a limit`)
