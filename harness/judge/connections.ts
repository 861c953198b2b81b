import { count, type Histogram, percentile } from '@headroom/loadtests/wire/histogram.ts'
import { isJudged } from '@headroom/loadtests/wire/workloads.ts'
import { latencyTarget, validity } from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import type { Collected, RouteTally } from '../collect/collector.ts'
import type { Circumstances } from './circumstances.ts'
import { ms } from './figures.ts'
import type { Result, RouteResult } from './result.ts'

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
  for (const phase of judged) addAll(waited, waits.get(phase) ?? new Map(), 1)
  const requests = count(waited)
  // Of all requests, most of which waited for nothing.
  const share = requests === 0 ? 0 : 1 - (all * 0.01) / requests
  return { requests, p99Ms: share > 0 ? percentile(waited, share) : 0 }
}

/**
 * A limit that was broken only because users waited for connections of the generator's own says nothing of the target.
 * Where the target itself was too slow the wait is what users meet behind a CDN, and counts.
 */
export function connectionDoubts(
  collected: Collected,
  routes: readonly RouteResult[],
  { stages, connections }: Circumstances,
): string[] {
  const { requests, p99Ms } = connectionWaits(collected, stages)
  if (p99Ms <= validity.connectionWaitP99) return []
  const broken = routes.filter(({ ttfbLimit, ttfbP95 }) => ttfbLimit !== null && ttfbP95 >= ttfbLimit)
  const isOurs = broken.every(({ route, phase, ttfbLimit }) => {
    const tally = collected.routes.get(phase)?.get(route)
    return tally !== undefined && percentile(withoutWaits(tally), latencyTarget) < (ttfbLimit ?? 0)
  })
  if (broken.length === 0 || !isOurs) return []
  return [
    `${requests} requests waited for one of the generator's own ${connections} connections, 1 of 100 for more than ${ms(p99Ms)}, and without that wait every limit of TTFB was kept; play fewer users, or raise --connections`,
  ]
}

function withoutWaits({ ttfb, waited }: RouteTally): Histogram {
  const all: Histogram = new Map(ttfb)
  addAll(all, waited.ttfb, -1)
  addAll(all, waited.without, 1)
  return all
}

function addAll(into: Histogram, histogram: Histogram, times: number): void {
  for (const [bucket, n] of histogram) into.set(bucket, (into.get(bucket) ?? 0) + times * n)
}
