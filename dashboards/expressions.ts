import { promises, routes } from '@headroom/perf-budgets/slo.ts'

/**
 * The questions of the dashboard, as PromQL over what k6 writes with
 * `K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM=true`. `$__range`, `$__rate_interval` and `$testid` are Grafana's to
 * fill in.
 *
 * Counters are read as "how many since the run began" (`max_over_time`), not by `increase`: an error that happens
 * once makes a series whose first value is 1, and `increase` sees nothing of it.
 */

/** What the tags of loadtests/ become in Prometheus: `name` is the route, `status` is 0 when nobody answered. */
const run = 'testid=~"$testid"'
/** Limits leave the warm-up out. */
const measured = `${run}, phase!="warm-up"`

const requestsTotal = 'k6_http_reqs_total'
const firstByte = 'k6_http_req_waiting_seconds'
const usersActiveGauge = 'k6_users_active'
const usersAskedGauge = 'k6_users_asked'
const scheduleLag = 'k6_schedule_lag_seconds'

const sinceStart = (labels: string) => `sum(max_over_time(${requestsTotal}{${labels}}[$__range]))`

const total = sinceStart(measured)
/** Zero failures are no series; zero times the total is a zero only where there were requests. */
const failed = `(${sinceStart(`${measured}, status=~"0|5.."`)} or 0 * ${total})`
const allowed = (1 - promises.availability.target).toPrecision(6).replace(/0+$/, '')

/** Answered and not with a server error, between 0 and 1. */
export const availability = `1 - ${failed} / ${total}`

/** What the promised availability still allows of this run's requests; negative when overspent. */
export const errorBudgetLeft = `1 - ${failed} / (${allowed} * ${total})`

export const requestsMeasured = total

/** Who never answered had no first byte, and would count as the fastest. */
const answered = `${measured}, status!="0"`
const ttfbP95Over = (range: string, labels = answered) =>
  `histogram_quantile(0.95, sum by (name) (increase(${firstByte}{${labels}}[${range}])))`

/** Seconds, one series a route. */
export const ttfbP95ByRoute = ttfbP95Over('$__rate_interval')

/** Seconds, the slowest route alone. */
export const ttfbP95OfTheWorstRoute = `topk(1, ${ttfbP95Over('$__range')})`

/** p95 over the route's own limit, the ten nearest to it or beyond; above 1 the promise is broken. */
export const limitUsed = `topk(10, ${[...routesByLimit()]
  .map(
    ([limit, names]) =>
      `${ttfbP95Over('$__range', `${answered}, name=~"${anyOf(names)}"`)} / ${limit / 1000}`,
  )
  .join(' or ')})`

/** Per second, by phase of the run. */
export const requestRate = `sum by (phase) (rate(${requestsTotal}{${run}}[$__rate_interval]))`

/** Per second; each is 0, and not empty, while there are requests without such an error. */
export const errorRates = {
  'no answer': errorsOf('0'),
  'server error (5xx)': errorsOf('5..'),
  'rate limited (429)': errorsOf('429'),
  'refused (other 4xx)': errorsOf('4[013-9].|42[0-8]'),
} as const

function errorsOf(status: string): string {
  const rate = (labels: string) => `sum(rate(${requestsTotal}{${labels}}[$__rate_interval]))`
  return `${rate(`${run}, status=~"${status}"`)} or 0 * ${rate(run)}`
}

/** Each VU reports its own users; a phase that is over must not be counted beside the present one. */
const acrossVus = (metric: string) => `sum(max without (phase, scenario) (${metric}{${run}}))`
export const usersActive = acrossVus(usersActiveGauge)
export const usersAsked = acrossVus(usersAskedGauge)

/** Seconds; how late the generator itself was. */
export const scheduleLagQuantile = (quantile: number, range = '$__rate_interval') =>
  `histogram_quantile(${quantile}, sum(increase(${scheduleLag}{${run}}[${range}])))`

/** The runs that Prometheus knows, for the menu at the top. */
export const runsKnown = `label_values(${requestsTotal}, testid)`

function routesByLimit(): Map<number, string[]> {
  const names = Object.keys(routes) as (keyof typeof routes)[]
  return Map.groupBy(names, (name) => routes[name].ttfbP95)
}

/** The names as one RE2 pattern inside a PromQL string: what the pattern escapes, the string escapes again. */
function anyOf(names: string[]): string {
  return names.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\\\$&')).join('|')
}
