import { errorRate, errorsThatCount } from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import { atLeast } from './binomial.ts'
import type { RouteResult } from './result.ts'

/**
 * True when a route failed more often than availability allows and chance does not explain it: one error among
 * a few requests proves nothing of the route, and the limit over all routes counts it anyway.
 * Exact one-sided binomial test at 1%.
 */
export function tooManyErrors(errors: number, samples: number): boolean {
  return errors > 0 && atLeast(errors, samples, errorRate) < 0.01
}

/** Those that count against availability. */
export const failedOf = (errors: RouteResult['errors']): number =>
  sum(Object.entries(errors).map(([kind, count]) => (errorsThatCount.includes(kind) ? count : 0)))
