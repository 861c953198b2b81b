import { addAll, count, type Histogram, percentile } from '@headroom/loadtests/wire/histogram.ts'
import { isJudged } from '@headroom/loadtests/wire/workloads.ts'
import { errorsOfTime, latencyTarget, validity } from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import type { Collected, RouteTally } from '../collect/collector.ts'
import type { Evidence } from '../result/evidence.ts'
import { ms } from '../result/figures.ts'
import type { Result, RouteResult } from '../result/result.ts'
import type { Circumstances } from './circumstances.ts'

/** Requests of the judged stages that waited for one of the generator's own connections. */
export function connectionWaits(
  { routes, waits }: Collected,
  stages: Circumstances['stages'],
): Result['generator']['connectionWaits'] {
  const judged = stages.filter(isJudged).map(({ phase }) => phase)
  const all = sum(
    judged.flatMap((phase) => [...(routes.get(phase)?.values() ?? [])].map(({ latency }) => count(latency))),
  )
  const waited: Histogram = new Map()
  for (const phase of judged) addAll(waited, waits.get(phase) ?? new Map())
  const requests = count(waited)
  // Of all requests, most of which waited for nothing.
  const share = requests === 0 ? 0 : 1 - (all * 0.01) / requests
  return { requests, p99Ms: share > 0 ? percentile(waited, share) : 0 }
}

/**
 * A limit that was broken only because users waited for connections of the generator's own says nothing of the target.
 * Where the target itself was too slow the wait is what users meet behind a CDN, and counts.
 * @param judged routes with what was counted of them
 * @param failures what the target failed at; that users gave up may come of the wait as well
 */
export function connectionReasons(
  collected: Collected,
  judged: readonly { result: RouteResult; tally: RouteTally }[],
  failures: readonly Evidence[],
  { stages, connections }: Circumstances,
): string[] {
  const { requests, p99Ms } = connectionWaits(collected, stages)
  if (p99Ms <= validity.connectionWaitP99) return []
  const wereLate = ({ errors }: RouteResult) =>
    Object.keys(errors).every((kind) => errorsOfTime.includes(kind))
  if (!judged.every(({ result }) => wereLate(result))) return []
  const broken = judged.filter(({ result: { ttfbLimit, latencyLimit, ttfbP95, p95 } }) =>
    [
      [ttfbLimit, ttfbP95],
      [latencyLimit, p95],
    ].some(([limit, measured]) => limit !== null && (measured ?? 0) >= (limit ?? 0)),
  )
  if (broken.length === 0 && failures.length === 0) return []
  const isOurs = judged.every(({ result: { ttfbLimit, latencyLimit }, tally }) =>
    (['ttfb', 'latency'] as const).every((what) => {
      const limit = what === 'ttfb' ? ttfbLimit : latencyLimit
      return limit === null || percentile(withoutWaits(tally, what), latencyTarget) < limit
    }),
  )
  if (!isOurs) return []
  return [
    `${requests} requests waited for one of the generator's own ${connections} connections, 1 of 100 for more than ${ms(p99Ms)}, and without that wait every limit was kept; play fewer users, or raise --connections`,
  ]
}

function withoutWaits(tally: RouteTally, what: 'ttfb' | 'latency'): Histogram {
  const all: Histogram = new Map(tally[what])
  addAll(all, tally.waited[what], -1)
  addAll(all, tally.waited.without[what])
  return all
}
