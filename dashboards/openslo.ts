import { promises } from '@headroom/perf-budgets/slo.ts'
import { burns, promised } from './rules.ts'

type Document = {
  apiVersion: 'openslo/v1'
  kind: string
  metadata: { name: string; displayName?: string }
  spec: object
}

const service = 'worklane'
const dataSource = 'prometheus'
const displayNames = {
  availability: 'Availability',
  latency: 'Answers within the limit of their route',
} as const

/**
 * The promises in the language of OpenSLO, for tools that are not ours.
 * Source: OpenSLO specification v1.
 */
export function openSlo(): Document[] {
  const slos = promised.map(({ slo, words, budget, broken, all }): Document => {
    const metric = (query: string) => ({
      metricSource: { metricSourceRef: dataSource, type: 'Prometheus', spec: { query } },
    })
    const range = '5m'
    return {
      apiVersion: 'openslo/v1',
      kind: 'SLO',
      metadata: { name: `${service}-${slo}`, displayName: displayNames[slo] },
      spec: {
        description: `Of ${promises.availability.days} days, at most ${Number((budget * 100).toFixed(4))}% of what is asked may go wrong: ${words}.`,
        service,
        indicator: {
          metadata: { name: `${service}-${slo}-ratio` },
          spec: { ratioMetric: { counter: false, bad: metric(broken(range)), total: metric(all(range)) } },
        },
        timeWindow: [{ duration: `${promises.availability.days}d`, isRolling: true }],
        budgetingMethod: 'Occurrences',
        objectives: [{ displayName: displayNames[slo], target: Number((1 - budget).toPrecision(6)) }],
        alertPolicies: burns.map(nameOf),
      },
    }
  })
  return [
    {
      apiVersion: 'openslo/v1',
      kind: 'Service',
      metadata: { name: service, displayName: 'Worklane' },
      spec: { description: 'Projects, boards and tasks of many organisations' },
    },
    {
      apiVersion: 'openslo/v1',
      kind: 'DataSource',
      metadata: { name: dataSource },
      spec: { type: 'Prometheus', connectionDetails: {} },
    },
    ...slos,
    // A policy has one condition.
    ...burns.map(
      (burn): Document => ({
        apiVersion: 'openslo/v1',
        kind: 'AlertPolicy',
        metadata: { name: nameOf(burn) },
        spec: {
          description: `The rules in slo-rules.yaml ask the last ${burn.short} as well, so that the alert ends with its cause`,
          alertWhenBreaching: true,
          alertWhenNoData: false,
          alertWhenResolved: false,
          conditions: [{ conditionRef: nameOf(burn) }],
          notificationTargets: [{ targetRef: `${service}-on-call` }],
        },
      }),
    ),
    ...burns.map((burn): Document => {
      const { times, long, severity } = burn
      return {
        apiVersion: 'openslo/v1',
        kind: 'AlertCondition',
        metadata: { name: nameOf(burn) },
        spec: {
          description: `The budget goes ${times} times too fast over ${long}`,
          severity,
          condition: { kind: 'burnrate', op: 'gt', threshold: times, lookbackWindow: long, alertAfter: '0m' },
        },
      }
    }),
    {
      apiVersion: 'openslo/v1',
      kind: 'AlertNotificationTarget',
      metadata: { name: `${service}-on-call` },
      spec: { target: 'pager' },
    },
  ]
}

const nameOf = ({ times, long }: (typeof burns)[number]) =>
  `${service}-burns-${String(times).replace('.', '-')}x-over-${long}`
