import { type Histogram, percentile } from '@headroom/loadtests/wire/histogram.ts'
import { latencyTarget } from '@headroom/perf-budgets/slo.ts'

/** In thousandths, so that no rounding decides. */
const mayBeOver = Math.round((1 - latencyTarget) * 1_000)

/**
 * Whether a limit's percentile was kept, exactly: by the nearest rank, p95 is below a limit when no more than 5 of 100
 * are not.
 * @param over how many were not below the limit
 * @param limit 0 where there is none, which nothing keeps
 */
export const isWithin = (over: number, samples: number, limit: number): boolean =>
  limit > 0 && over * 1_000 <= mayBeOver * samples

/** A histogram's percentile is within 0.5%: what is shown of it is on the side of the limit where the true one is. */
export function shownPercentile(histogram: Histogram, limit: number | undefined, held: boolean): number {
  const estimate = percentile(histogram, latencyTarget)
  if (Number.isNaN(estimate)) return 0
  if (!limit) return estimate
  return held ? Math.min(estimate, limit * justBelow) : Math.max(estimate, limit)
}
const justBelow = 0.999
