import { describe, expect, it } from 'vitest'
import { nothingObserved, type Result } from '../result/result.ts'
import { outcomeOf } from './smoke-step.ts'

const others = 'other processes used 1.8 of 2 cores (sh 1.8), allowed 10%'
const result = (change: Partial<Result> = {}) =>
  ({
    verdict: 'invalid',
    notes: [others],
    isDisturbed: true,
    reasons: [others, 'the generator was late itself'],
    routes: [{ errors: { timeout: 3 } }],
    totals: { leaks: 0 },
    observed: nothingObserved,
    ...change,
  }) as unknown as Result
const routesWith = (errors: object) => [{ errors }] as unknown as Result['routes']

describe('the smoke test of `pnpm test`', () => {
  it('is disturbed where it is invalid, and others used the machine', () => {
    expect(outcomeOf(result())).toBe('disturbed')
  })

  it('has passed where every limit held, disturbed or not', () => {
    expect(outcomeOf(result({ verdict: 'pass' }))).toBe('passed')
  })

  it('has failed where the target gave wrong answers, whoever used the machine', () => {
    expect(outcomeOf(result({ routes: routesWith({ '5xx': 1 }) }))).toBe('failed')
    expect(outcomeOf(result({ totals: { leaks: 1 } as Result['totals'] }))).toBe('failed')
    expect(outcomeOf(result({ verdict: 'fail' }))).toBe('failed')
    const failedPages = [{ route: '/reports', kind: 'error', count: 1 }]
    expect(outcomeOf(result({ observed: { ...nothingObserved, failedPages } }))).toBe('failed')
  })

  it('has failed where it is invalid for another reason', () => {
    expect(outcomeOf(result({ notes: [], isDisturbed: false }))).toBe('failed')
    // What this comes of, beside that others used the machine: conclude.test.ts.
    expect(outcomeOf(result({ isDisturbed: false }))).toBe('failed')
    const reasons = [others, 'failed pages, which smoke stands on, is missing: Prometheus did not answer']
    expect(outcomeOf(result({ reasons }))).toBe('failed')
  })
})
