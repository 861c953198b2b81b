import type { ErrorClass } from '@headroom/loadtests/wire/message.ts'
import { errorRate, errorsThatCount } from '@headroom/perf-budgets/slo.ts'
import { sum } from 'simple-statistics'
import type { ErrorExample, RouteResult } from '../result/result.ts'
import { atLeast } from './binomial.ts'

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

/** Most frequent first. */
export const kindsOf = (errors: RouteResult['errors']): [ErrorClass, number][] =>
  (Object.entries(errors) as [ErrorClass, number][]).sort(([, a], [, b]) => b - a)

/** An example of an error, as reasons write it. */
export function exampleInWords({ request, status, why, body }: ErrorExample): string {
  const said = body.replaceAll(/\s+/g, ' ').trim()
  const answered = status === 0 ? 'was not answered' : `answered ${status}`
  const because = why === `status ${status}` || why === '' ? '' : `, ${why}`
  return `${request} ${answered}${because}${said === '' ? '' : ` (“${said}”)`}`
}
