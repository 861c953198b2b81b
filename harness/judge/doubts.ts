import { percentile } from '@headroom/loadtests/wire/histogram.ts'
import { isJudged } from '@headroom/loadtests/wire/workloads.ts'
import { validity } from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import { type Collected, lostMessages } from '../collect/collector.ts'
import type { Circumstances } from './circumstances.ts'
import { ms, percent } from './figures.ts'
import type { LittleResult, RouteResult } from './result.ts'

export const interruption = 'the run was interrupted'

/** Each reason that the run cannot be trusted. */
export function doubtsOf(
  collected: Collected,
  circumstances: Circumstances,
  { routes, little }: { routes: RouteResult[]; little: LittleResult[] },
): string[] {
  const { population, interrupted } = circumstances
  // Then nothing was played, and there is nothing else to say.
  if (population) return [population]
  if (interrupted) return [interruption]
  return [
    ...measuringDoubts(collected, circumstances),
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

/** What makes every figure worthless, however many there are: the generator's own lateness and losses. */
export const measuringDoubts = (collected: Collected, circumstances: Circumstances): string[] => [
  ...generatorDoubts(collected, circumstances),
  ...userDoubts(collected, circumstances),
  ...messageDoubts(collected, circumstances),
]

function generatorDoubts(collected: Collected, circumstances: Circumstances): string[] {
  const { stages, k6ExitCode, k6LastLines, generatorCpuShare, generatorRssBytes } = circumstances
  const doubts: string[] = []
  if (k6ExitCode !== 0) doubts.push(`k6 ended with ${k6ExitCode ?? 'a signal'}: ${k6LastLines}`)
  for (const { phase } of stages.filter(isJudged)) {
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

/** Of those whose times are judged. */
function thinRoutes(routes: RouteResult[]): string[] {
  const thin = routes.filter(({ count, ttfbLimit }) => ttfbLimit !== null && count < validity.minimumSamples)
  if (thin.length === 0) return []
  const named = thin.map((route) => `${route.route} (${route.count})`).join(', ')
  return [`fewer than ${validity.minimumSamples} samples of ${named}; run longer or with more users`]
}

/** A limit of nothing was not kept. */
const unasked = (routes: readonly RouteResult[], limits: Readonly<Record<string, number>>): string[] =>
  Object.keys(limits)
    .filter((name) => !routes.some(({ route }) => route === name))
    .map((name) => `no sample of ${name}, which has a limit`)
