import type { RouteName } from '@headroom/perf-budgets/routes.ts'
import {
  effects,
  errorRate,
  latencyTarget,
  promises,
  type RouteKind,
  routes,
  streamed,
  webhooks,
} from '@headroom/perf-budgets/slo.ts'
import { oldestEffect } from './expressions.ts'
import { anyOf, routesByLimit } from './promql.ts'

/**
 * What a Prometheus that scrapes Worklane in production watches: each promise as the share of requests that broke it,
 * over several windows, and alerts on how fast that spends the error budget.
 *
 * Source: Beyer et al., The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
 */

const counted = 'http_request_duration_seconds'
const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const
type Window = (typeof windows)[number]

type Promised = {
  slo: 'availability' | 'latency'
  /** What it is about, for who is woken by it. */
  words: string
  /** The share of requests that may break it. */
  budget: number
  /** PromQL for requests a second that broke it, and for all that could. */
  broken: (range: string) => string
  all: (range: string) => string
}

const rate = (series: string, labels: string, range: string) => `sum(rate(${series}{${labels}}[${range}]))`
const answered = (range: string) => rate(`${counted}_count`, 'route!=""', range)
/** No errors are no series; zero times all is a zero, and only where there were requests. */
const orNone = (expression: string, range: string) => `(${expression} or 0 * ${answered(range)})`
const failed = (labels: string, range: string) =>
  orNone(rate(`${counted}_count`, `${labels}status=~"5.."`, range), range)
/** A page that broke after it had told 200. Each that told 500 is among the failures as well, and counts once. */
const failedPages = (range: string) => {
  const all = orNone(rate('page_failures_total', 'kind="error"', range), range)
  return `clamp_min(${all} - ${failed('route=~"(page|rsc|action) .*", ', range)}, 0)`
}
// The edge serves static files itself.
/** Of static files and those of people no process of Worklane knows. */
const past: readonly RouteKind[] = ['static', 'file']
const isTimed = (name: RouteName) => !past.includes(routes[name].kind) && !streamed.includes(name)
const inTime = (range: string) =>
  [...routesByLimit(isTimed)]
    .map(([limit, names]) => {
      const labels = `route=~"${anyOf(names)}", status!~"5..", le="${limit / 1000}"`
      return `(${rate(`${counted}_bucket`, labels, range)} or vector(0))`
    })
    .join(' + ')
/**
 * Errors break the other promise, an open stream is no slow answer, and what has no limit (a probe of the edge, a
 * page that is not found) cannot be beyond it.
 */
const timed = (range: string) =>
  rate(`${counted}_count`, `route=~"${anyOf(timedNames)}", status!~"5.."`, range)
const timedNames = [...routesByLimit(isTimed).values()].flat()

export const promised: readonly Promised[] = [
  {
    slo: 'availability',
    words: 'requests are answered with an error of ours',
    budget: Number(errorRate.toPrecision(6)),
    broken: (range) => `(${failed('', range)} + ${failedPages(range)})`,
    all: answered,
  },
  {
    slo: 'latency',
    words: "requests take longer than their route's limit",
    budget: Number((1 - latencyTarget).toPrecision(6)),
    broken: (range) => `(${timed(range)} - (${inTime(range)}))`,
    all: timed,
  },
]

/** How many times faster than even spending, over two windows: the long one proves it, the short one ends it. */
export const burns = [
  { times: 14.4, long: '1h', short: '5m', severity: 'page' },
  { times: 6, long: '6h', short: '30m', severity: 'page' },
  { times: 3, long: '1d', short: '2h', severity: 'ticket' },
  { times: 1, long: '3d', short: '6h', severity: 'ticket' },
] as const satisfies { times: number; long: Window; short: Window; severity: 'page' | 'ticket' }[]

type Rule = {
  record?: string
  alert?: string
  expr: string
  for?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}
export type RuleFile = { groups: { name: string; interval?: string; rules: Rule[] }[] }

const { days } = promises.availability
const recorded = (window: string) => `slo:error_ratio:rate${window}`
const budgetLeft = `slo:error_budget_left:${days}d`

export function prometheusRules(): RuleFile {
  const ratio = ({ slo, broken, all }: Promised, window: string): Rule => ({
    record: recorded(window),
    labels: { slo },
    expr: `${broken(window)} / ${all(window)}`,
  })
  return {
    groups: [
      {
        name: 'worklane-slo',
        interval: '30s',
        rules: promised.flatMap((promise) => windows.map((window) => ratio(promise, window))),
      },
      {
        name: 'worklane-slo-budget',
        interval: '5m',
        rules: promised.map((promise) => ({
          record: budgetLeft,
          labels: { slo: promise.slo },
          expr: `1 - ${ratio(promise, `${days}d`).expr} / ${promise.budget}`,
        })),
      },
      {
        name: 'worklane-slo-alerts',
        rules: [...promised.flatMap(burnAlerts), partDown, ...effectAlerts, ...webhookAlerts],
      },
    ],
  }
}

function burnAlerts({ slo, words, budget }: Promised): Rule[] {
  return burns.map(({ times, long, short, severity }) => {
    const limit = Number((times * budget).toPrecision(6))
    const above = (window: Window) => `${recorded(window)}{slo="${slo}"} > ${limit}`
    return {
      alert: 'ErrorBudgetBurn',
      expr: `${above(long)} and ${above(short)}`,
      labels: { slo, severity, burn: `${times}x`, window: long },
      annotations: {
        summary: `Too many ${words}: the budget for ${slo} goes ${times} times too fast`,
        description: `{{ $value | humanizePercentage }} over ${long}; ${Number((budget * 100).toFixed(4))}% may. At this pace the budget of ${days} days is gone in ${Math.round((days * 24) / times)} hours.`,
      },
    }
  })
}

/** Who is dead counts no errors: the edge in front of it does, and Prometheus notices. */
const partDown: Rule = {
  alert: 'PartDown',
  expr: 'up == 0',
  for: '1m',
  labels: { severity: 'page' },
  annotations: { summary: '{{ $labels.job }} at {{ $labels.instance }} does not answer' },
}

const effectDelay = 'sum by (le) (rate(effect_delay_seconds_bucket[10m]))'

/** What writes bring about is late, or waits: requests go on, and nobody is told of anything. */
const effectAlerts: Rule[] = [
  {
    alert: 'EffectsLate',
    for: '5m',
    labels: { severity: 'ticket' },
    expr: `histogram_quantile(0.95, ${effectDelay}) > ${effects.delayP95 / 1000}`,
    annotations: {
      summary: 'What writes bring about takes too long',
      description: `95 of 100 took up to {{ $value | humanizeDuration }}; the promise is ${effects.delayP95 / 1000} s.`,
    },
  },
  {
    alert: 'EffectWaiting',
    for: '2m',
    labels: { severity: 'page' },
    expr: `${oldestEffect} > ${effects.oldestWaiting / 1000}`,
    annotations: {
      summary: 'What a write was to bring about waits for the workers',
      description: `The oldest for {{ $value | humanizeDuration }}; none may for more than ${effects.oldestWaiting / 1000} s.`,
    },
  },
]

const webhookEffect = 'sum by (le) (rate(webhook_effect_seconds_bucket[10m]))'

/** What Stripe tells is late, or waits: nobody's request fails of it, but somebody has paid and has not what they paid for. */
const webhookAlerts: Rule[] = [
  {
    alert: 'WebhooksLate',
    for: '5m',
    labels: { severity: 'ticket' },
    expr: `histogram_quantile(0.95, ${webhookEffect}) > ${webhooks.effectP95 / 1000}`,
    annotations: {
      summary: 'What Stripe tells takes too long to have its effect',
      description: `95 of 100 took up to {{ $value | humanizeDuration }}; the promise is ${webhooks.effectP95 / 1000} s.`,
    },
  },
  {
    alert: 'WebhookWaiting',
    for: '1m',
    labels: { severity: 'page' },
    expr: `max(webhook_oldest_waiting_seconds) > ${webhooks.oldestWaiting / 1000}`,
    annotations: {
      summary: 'What Stripe told waits for its effect',
      description: `The oldest for {{ $value | humanizeDuration }}; none may for more than ${webhooks.oldestWaiting / 1000} s.`,
    },
  },
]
