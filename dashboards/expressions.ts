import { errorRate } from '@headroom/perf-budgets/slo.ts'
import { anyOf, routesByLimit } from './promql.ts'

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
/** Users that arrive and leave are not judged; the talk with the collector has no phase at all. */
const judged = `${run}, phase!~"(ramp|drain)?"`
const worklane = `${run}, phase!=""`

const requestsTotal = 'k6_http_reqs_total'
const errorsTotal = 'k6_headroom_errors_total'
const firstByte = 'k6_http_req_waiting_seconds'
const activeUsers = 'k6_headroom_active_users'
const askedUsers = 'k6_headroom_asked_users'
const scheduleLag = 'k6_headroom_schedule_lag_seconds'

const sinceStart = (counter: string, labels: string) => `sum(max_over_time(${counter}{${labels}}[$__range]))`

const total = sinceStart(requestsTotal, judged)
/** No errors are no series; zero times the total is a zero, and only where there were requests. */
const errors = (labels = judged) => `(${sinceStart(errorsTotal, labels)} or 0 * ${total})`
const allowed = Number(errorRate.toPrecision(6))

/** Requests that gave their users what was asked for, between 0 and 1. */
export const availability = `1 - ${errors()} / ${total}`

/** What the promised availability still allows of this run's requests; negative when overspent. */
export const errorBudgetLeft = `1 - ${errors()} / (${allowed} * ${total})`

/** Answers in which a user saw another tenant's text, whatever the phase. */
export const leaks = errors(`${worklane}, class="leak"`)

export const requestsJudged = total

/** Who never answered had no first byte, and would count as the fastest. */
const answered = `${judged}, status!="0"`
const ttfbP95Over = (range: string, labels: string) =>
  `histogram_quantile(0.95, sum by (name) (increase(${firstByte}{${labels}}[${range}])))`

/** Seconds, one series a route. */
export const ttfbP95ByRoute = ttfbP95Over('$__rate_interval', `${worklane}, status!="0"`)

/** Seconds, the slowest route alone. */
export const ttfbP95OfTheWorstRoute = `topk(1, ${ttfbP95Over('$__range', answered)})`

/** p95 over the route's own limit, the ten nearest to it or beyond; above 1 the promise is broken. */
export const limitUsed = `topk(10, ${[...routesByLimit()]
  .map(
    ([limit, names]) =>
      `${ttfbP95Over('$__range', `${answered}, name=~"${anyOf(names)}"`)} / ${limit / 1000}`,
  )
  .join(' or ')})`

/** Per second, by phase of the run. */
export const requestRate = `sum by (phase) (rate(${requestsTotal}{${worklane}}[$__rate_interval]))`

/** Per second, by class; a zero of class "none" while there are requests and no errors. */
export const errorRateByClass = [
  `sum by (class) (rate(${errorsTotal}{${worklane}}[$__rate_interval]))`,
  `label_replace(0 * sum(rate(${requestsTotal}{${worklane}}[$__rate_interval])), "class", "none", "", "")`,
].join(' or ')

/** Each VU reports its own users. */
export const usersActive = `sum(max without (phase, scenario) (${activeUsers}{${run}}))`

/** What the run was asked to keep active. */
export const usersAsked = `max(${askedUsers}{${run}})`

/** Seconds; how late the generator itself was. */
export const scheduleLagQuantile = (quantile: number, range = '$__rate_interval') =>
  `histogram_quantile(${quantile}, sum(increase(${scheduleLag}{${run}}[${range}])))`

/** Seconds, from an event of Stripe as it was delivered until it had its effect; Worklane's workers tell. */
export const webhookEffectQuantile = (quantile: number) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(webhook_effect_seconds_bucket[$__rate_interval])))`

/** Seconds, the age of the oldest event of Stripe that has no effect yet. */
export const webhookOldestWaiting = 'max(webhook_oldest_waiting_seconds)'

/** Seconds, from a write to what it brings about; Worklane's workers tell. */
export const effectDelayQuantile = (quantile: number) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(effect_delay_seconds_bucket[$__rate_interval])))`

/** Seconds, the age of the oldest job of each queue that has not ended. */
export const oldestJobs = 'max by (queue) (job_oldest_seconds)'

/** Seconds, the age of the oldest write of which an effect is waited for that people notice. */
export const oldestEffect =
  'max(effect_oldest_waiting_seconds or job_oldest_seconds{queue=~"notifications|mail"})'

/** The runs that Prometheus knows, for the menu at the top. */
export const runsKnown = `label_values(${requestsTotal}, testid)`
