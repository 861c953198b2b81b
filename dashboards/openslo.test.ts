import { errorRate } from '@headroom/perf-budgets/slo.ts'
import { parser } from '@prometheus-io/lezer-promql'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { renderDashboards } from './render.ts'

/** RFC 1123, as the specification asks of names. */
const Name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
  .max(63)
const Duration = z.string().regex(/^\d+[mhdwMQY]$/)
const Metric = z.strictObject({
  metricSource: z.strictObject({
    metricSourceRef: Name,
    type: z.string(),
    spec: z.strictObject({ query: z.string() }),
  }),
})

/**
 * What OpenSLO v1 asks of the kinds that we write. Its own JSON schemas misspell ratioMetric and ask for a field
 * without a name, so that no document fits them; these lines follow the text.
 * Source: github.com/OpenSLO/OpenSLO, README.md.
 */
const specs: Record<string, z.ZodType> = {
  Service: z.strictObject({ description: z.string().max(1050) }),
  DataSource: z.strictObject({ type: z.string(), connectionDetails: z.record(z.string(), z.unknown()) }),
  SLO: z.strictObject({
    description: z.string().max(1050),
    service: Name,
    indicator: z.strictObject({
      metadata: z.strictObject({ name: Name }),
      spec: z.strictObject({
        ratioMetric: z.strictObject({ counter: z.boolean(), bad: Metric, total: Metric }),
      }),
    }),
    timeWindow: z.array(z.strictObject({ duration: Duration, isRolling: z.boolean() })).length(1),
    budgetingMethod: z.enum(['Occurrences', 'Timeslices', 'RatioTimeslices']),
    objectives: z.array(z.strictObject({ displayName: z.string(), target: z.number().min(0).lt(1) })).min(1),
    alertPolicies: z.array(Name),
  }),
  AlertPolicy: z.strictObject({
    description: z.string().max(1050),
    alertWhenBreaching: z.boolean(),
    alertWhenNoData: z.boolean(),
    alertWhenResolved: z.boolean(),
    conditions: z.array(z.strictObject({ conditionRef: Name })).length(1),
    notificationTargets: z.array(z.strictObject({ targetRef: Name })).min(1),
  }),
  AlertCondition: z.strictObject({
    description: z.string().max(1050),
    severity: z.string(),
    condition: z.strictObject({
      kind: z.literal('burnrate'),
      op: z.enum(['lte', 'gte', 'lt', 'gt']),
      threshold: z.number(),
      lookbackWindow: Duration,
      alertAfter: Duration,
    }),
  }),
  AlertNotificationTarget: z.strictObject({ target: z.string() }),
}

const Document = z.strictObject({
  apiVersion: z.literal('openslo/v1'),
  kind: z.enum(Object.keys(specs)),
  metadata: z.strictObject({ name: Name, displayName: z.string().optional() }),
  spec: z.record(z.string(), z.unknown()),
})

describe('the promises in OpenSLO', () => {
  const documents = parseAllDocuments(renderDashboards()['openslo.yaml'] ?? '').map((each) =>
    Document.parse(each.toJS()),
  )

  it.each(documents.map((document) => [document.kind, document.metadata.name, document] as const))(
    'hold a %s %s as the specification wants it',
    (kind, _, { spec }) => {
      expect(specs[kind]?.safeParse(spec).error?.issues ?? []).toEqual([])
    },
  )

  it('would be refused with a field that there is not', () => {
    const slo = documents.find(({ kind }) => kind === 'SLO')
    expect(specs.SLO?.safeParse({ ...slo?.spec, objective: [] }).success).toBe(false)
  })

  it('refer only to what they hold', () => {
    const names = (kind: string) =>
      documents.filter((each) => each.kind === kind).map(({ metadata }) => metadata.name)
    const policies = documents.filter(({ kind }) => kind === 'SLO').flatMap(({ spec }) => spec.alertPolicies)
    for (const policy of policies) expect(names('AlertPolicy')).toContain(policy)
    for (const policy of documents.filter(({ kind }) => kind === 'AlertPolicy')) {
      const [{ conditionRef }] = policy.spec.conditions as [{ conditionRef: string }]
      expect(names('AlertCondition')).toContain(conditionRef)
    }
  })

  it('hold the limits of slo.ts, and PromQL that parses', () => {
    const slos = documents.filter(({ kind }) => kind === 'SLO').map(({ spec }) => spec)
    const [availability] = slos.map(({ objectives }) => (objectives as { target: number }[])[0]?.target)
    expect(availability).toBeCloseTo(1 - errorRate, 9)
    const queries = JSON.stringify(slos).match(/"query":"(?:[^"\\]|\\.)*"/g) ?? []
    expect(queries).toHaveLength(4)
    for (const query of queries) {
      const { query: promql } = JSON.parse(`{${query}}`) as { query: string }
      const errors: number[] = []
      parser.parse(promql).iterate({ enter: ({ type, from }) => void (type.isError && errors.push(from)) })
      expect(errors, promql).toEqual([])
    }
  })
})
