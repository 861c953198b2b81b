import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueTextMode,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { effects, lighthouse, promises, ttfbP95, validity, webhooks } from '@headroom/perf-budgets/slo.ts'
import * as expressions from './expressions.ts'
import { atLeast, atMost, colours, curves, gauges, layOut, prometheus, stat, text } from './panels.ts'

const { availability, concurrency, isolation } = promises
const seconds = (milliseconds: number) => milliseconds / 1000
const percent = (ratio: number) => `${Number((ratio * 100).toFixed(4))}%`
const count = (value: number) => value.toLocaleString('en-US')

/** The dashboard of the promises: what was promised, what was measured, and whether the run may be believed. */
export function slaDashboard(): Dashboard {
  const dashboard = new DashboardBuilder('Headroom: the promises')
    .uid('headroom-sla')
    .description('How many users Worklane carries, and whether it keeps its promises while it does.')
    .tags(['headroom', 'sla'])
    .timezone('browser')
    .refresh('5s')
    .time({ from: 'now-15m', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('testid')
        .label('Run')
        .datasource(prometheus)
        .query(expressions.runsKnown)
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .includeAll(true)
        // A run that was given no id counts as well.
        .allValue('.*')
        .current({ text: 'All', value: '$__all', selected: true }),
    )
  return layOut(dashboard, [
    { title: 'The promises', panels: promisesKept() },
    { title: 'Time to first byte', panels: firstBytes() },
    { title: 'Load and errors', panels: loadAndErrors() },
    { title: 'What writes bring about', panels: whatWritesBringAbout() },
    { title: 'What Stripe tells', panels: whatStripeTells() },
    { title: 'May this run be believed?', panels: generatorHealth() },
  ])
}

function promisesKept() {
  return [
    stat({
      title: `Availability · promised ${percent(availability.target)}`,
      description: `Requests that gave their user what was asked for; arriving and leaving users left out. The promise is over ${availability.days} days; a short run can break it but not prove it.`,
      unit: 'percentunit',
      decimals: 3,
      queries: { availability: expressions.availability },
      width: 4,
    }).thresholds(atLeast(availability.target)),
    stat({
      title: `TTFB p95, slowest route · promised < ${ttfbP95} ms`,
      description: 'Time to first byte that 95 of 100 requests stay below, of the route that is worst at it.',
      unit: 's',
      decimals: 3,
      queries: { '{{name}}': expressions.ttfbP95OfTheWorstRoute },
      width: 4,
    })
      .textMode(BigValueTextMode.ValueAndName)
      .thresholds(atMost(seconds(ttfbP95))),
    stat({
      title: `Users at once · promised ${count(concurrency.users)}`,
      description: `Signed in and thinking ${seconds(concurrency.thinkTime)} s between steps.`,
      unit: 'locale',
      decimals: 0,
      queries: { active: expressions.usersActive },
      width: 4,
    }).colorMode(BigValueColorMode.None),
    stat({
      title: "Other tenants' texts seen · promised 0",
      description: 'Answers that held a text of a tenant which is not the user’s own.',
      unit: 'locale',
      decimals: 0,
      queries: { seen: expressions.leaks },
      width: 4,
    }).thresholds(atMost(isolation.leaks + 1)),
    stat({
      title: 'Error budget left',
      description: `Of the failures that ${percent(availability.target)} allows for this run's requests.`,
      unit: 'percentunit',
      decimals: 1,
      queries: { left: expressions.errorBudgetLeft },
      width: 4,
    }).thresholds(colours(['red', null], ['orange', 0], ['green', 0.25])),
    text({
      title: `Lighthouse · promised ≥ ${lighthouse.performance.mobile * 100}`,
      content: [
        `Performance **≥ ${lighthouse.performance.mobile * 100}** on every page on phones, ${lighthouse.performance.desktop * 100} on computers, median of ${lighthouse.runs} runs.`,
        'Measured without load by `pnpm lighthouse`; its report is `lighthouse/index.html` in the results of that run.',
      ].join('\n\n'),
      width: 4,
    }),
  ]
}

function firstBytes() {
  return [
    curves({
      title: 'TTFB p95 by route',
      description: `The line is the promise for every route, ${ttfbP95} ms; many routes are held to less.`,
      unit: 's',
      queries: { '{{name}}': expressions.ttfbP95ByRoute },
      width: 16,
      limit: atMost(seconds(ttfbP95)),
    }),
    gauges({
      title: "Share of the route's own limit in use",
      description: 'TTFB p95 over the limit in perf-budgets/slo.ts, the ten routes with the least room.',
      unit: 'percentunit',
      decimals: 0,
      queries: { '{{name}}': expressions.limitUsed },
      width: 8,
    })
      .displayMode(BarGaugeDisplayMode.Basic)
      .orientation(VizOrientation.Horizontal)
      .thresholds(colours(['green', null], ['orange', 0.75], ['red', 1])),
  ]
}

function loadAndErrors() {
  return [
    curves({
      title: 'Users',
      unit: 'locale',
      queries: { active: expressions.usersActive, asked: expressions.usersAsked },
      width: 8,
    }),
    curves({
      title: 'Requests per second, by phase',
      unit: 'reqps',
      queries: { '{{phase}}': expressions.requestRate },
      width: 8,
    }),
    curves({
      title: 'Errors per second, by class',
      unit: 'reqps',
      queries: { '{{class}}': expressions.errorRateByClass },
      width: 8,
    }),
  ]
}

function whatWritesBringAbout() {
  return [
    curves({
      title: `From a write to its effect · promised p95 < ${seconds(effects.delayP95)} s`,
      description: 'Activity, notifications, mail, files: until the worker has done it.',
      unit: 's',
      queries: { p50: expressions.effectDelayQuantile(0.5), p95: expressions.effectDelayQuantile(0.95) },
      width: 12,
      limit: atMost(seconds(effects.delayP95)),
    }),
    curves({
      title: `Oldest job of each queue · promised < ${seconds(effects.oldestWaiting)} s for notifications and mail`,
      description: 'In the queue or under way. Exports and checks of large files take as long as they take.',
      unit: 's',
      queries: { '{{queue}}': expressions.oldestJobs },
      width: 12,
      limit: atMost(seconds(effects.oldestWaiting)),
    }),
  ]
}

function whatStripeTells() {
  return [
    curves({
      title: `From a webhook to its effect · promised p95 < ${seconds(webhooks.effectP95)} s`,
      description: 'From its delivery until a reading of the customer that knows of it is written.',
      unit: 's',
      queries: {
        p50: expressions.webhookEffectQuantile(0.5),
        p95: expressions.webhookEffectQuantile(0.95),
      },
      width: 12,
      limit: atMost(seconds(webhooks.effectP95)),
    }),
    curves({
      title: `Oldest webhook that waits · promised < ${seconds(webhooks.oldestWaiting)} s`,
      description: 'In the queue or under way, and without its effect.',
      unit: 's',
      queries: { oldest: expressions.webhookOldestWaiting },
      width: 12,
      limit: atMost(seconds(webhooks.oldestWaiting)),
    }),
  ]
}

function generatorHealth() {
  const limit = seconds(validity.scheduleLagP99)
  return [
    stat({
      title: `Schedule lag p99 · valid ≤ ${validity.scheduleLagP99} ms`,
      description:
        'How late the generator started its steps. Beyond the limit it measures itself: the run is invalid.',
      unit: 's',
      decimals: 3,
      queries: { p99: expressions.scheduleLagQuantile(0.99, '$__range') },
      width: 4,
    }).thresholds(atMost(limit)),
    stat({
      title: 'Requests measured',
      description: 'What the figures above stand on, arriving and leaving users left out.',
      unit: 'locale',
      decimals: 0,
      queries: { requests: expressions.requestsJudged },
      width: 4,
    }).colorMode(BigValueColorMode.None),
    curves({
      title: 'Schedule lag',
      unit: 's',
      queries: { p50: expressions.scheduleLagQuantile(0.5), p99: expressions.scheduleLagQuantile(0.99) },
      width: 16,
      limit: atMost(limit),
    }),
  ]
}
