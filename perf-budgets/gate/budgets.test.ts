import { describe, expect, it } from 'vitest'
import * as slo from '../slo.ts'
import { judgeBudgets } from './budgets.ts'

const loosened = (change: Record<string, unknown>, accepted?: string[]) =>
  judgeBudgets(slo, { ...slo, ...change }, accepted).findings

describe('the limits of a change', () => {
  it('are as they were', () => {
    const { compared, findings } = judgeBudgets(slo, slo)
    expect(findings).toEqual([])
    expect(compared).toBeGreaterThan(150)
  })

  it('are the same where they had another name in the base', () => {
    const { interimAnalyses, ...rest } = slo.gate
    const before = { ...slo, gate: { ...rest, looks: interimAnalyses } }
    expect(judgeBudgets(before, slo).findings).toEqual([])
    const fewer = { ...slo, gate: { ...slo.gate, interimAnalyses: [10, 40] } }
    expect(judgeBudgets(before, fewer).findings).toMatchObject([
      { route: 'gate.interimAnalyses.0', call: 'worse' },
    ])
  })

  it.each([
    [
      'a route may be slower',
      { routes: { ...slo.routes, 'page /': { kind: 'page', ttfbP95: 800 } } },
      'routes.page /.ttfbP95',
    ],
    [
      'a page may score less',
      { lighthouse: { ...slo.lighthouse, performance: { mobile: 0.9, desktop: 1 } } },
      'lighthouse.performance.mobile',
    ],
    [
      'more may fail',
      { promises: { ...slo.promises, availability: { target: 0.99, days: 30 } } },
      'promises.availability.target',
    ],
    [
      'a limit is gone',
      { neighbours: { p95Ratio: 1.5, floor: 50, effectDelayP95: 2_000 } },
      'neighbours.fairness',
    ],
    [
      'the gate tolerates more',
      { gate: { ...slo.gate, figures: { ...slo.gate.figures, p95: { floor: 5, tolerated: 3 } } } },
      'gate.figures.p95.tolerated',
    ],
    [
      'the gate lets a count rise by more',
      { gate: { ...slo.gate, counters: { ...slo.gate.counters, queries: { ratio: 1, amount: 50 } } } },
      'gate.counters.queries.amount',
    ],
    [
      'the gate plays fewer users',
      { gate: { ...slo.gate, slice: { ...slo.gate.slice, users: 5 } } },
      'gate.slice.users',
    ],
    ['the gate looks once', { gate: { ...slo.gate, interimAnalyses: [20] } }, 'gate.interimAnalyses.1'],
    [
      'fewer samples are enough',
      { validity: { ...slo.validity, minimumSamples: 2 } },
      'validity.minimumSamples',
    ],
    ['fewer requests are in time', { latencyTarget: 0.9 }, 'latencyTarget'],
    [
      'an error counts no more',
      { errorsThatCount: slo.errorsThatCount.filter((name) => name !== 'timeout') },
      'errorsThatCount.timeout',
    ],
    ['a route needs no limit', { streamed: [...slo.streamed, 'GET /v1/report'] }, 'streamed.GET /v1/report'],
    [
      'a route needs no load',
      { withoutLoad: { ...slo.withoutLoad, 'GET /v1/report': 'slow' } },
      'withoutLoad.GET /v1/report',
    ],
  ])('are looser when %s', (_what, change, route) => {
    expect(loosened(change)).toMatchObject([{ kind: 'budget', route, call: 'worse' }])
    expect(loosened(change, [`budget ${route}`])).toMatchObject([{ call: 'accepted' }])
  })

  it('may be stricter, and a route may go', () => {
    const { 'page /': _, ...routes } = slo.routes
    expect(loosened({ routes })).toEqual([])
    expect(loosened({ ttfbP95: 700 })).toMatchObject([{ call: 'better' }])
    expect(
      loosened({ withoutLoad: {}, gate: { ...slo.gate, slice: { ...slo.gate.slice, think: 1_000 } } }),
    ).toEqual([])
    const { withoutLimit: _without, ...before } = slo
    expect(judgeBudgets(before, slo).findings).toEqual([])
  })
})
