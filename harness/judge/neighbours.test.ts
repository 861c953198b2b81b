import { stagesOf, workloads } from '@headroom/loadtests/wire/workloads.ts'
import { neighbours } from '@headroom/perf-budgets/slo.ts'
import { describe, expect, it } from 'vitest'
import type { GroupResult } from '../result/result.ts'
import { jain, stormEvidence, thinInStorm } from './neighbours.ts'

describe('what those who work notice of a storm of webhooks', () => {
  const stages = stagesOf(workloads['billing-storm'])
  const group = (group: string, phase: string, p95: number, count = 500): GroupResult => ({
    group,
    phase,
    p95,
    count,
    p50: p95 / 2,
    p99: 2 * p95,
    errors: 0,
  })

  it('is nothing while they are as fast as in the minute before', () => {
    const groups = [group('tier team', 'before', 200), group('tier team', 'storm', 210)]
    expect(stormEvidence(groups, stages)).toMatchObject([{ passed: true, samples: 500 }])
    expect(thinInStorm(groups, stages)).toEqual([])
  })

  it('breaks the limit when they are slower by more than the ratio, or get no answer any more', () => {
    const [before, storm] = [group('tier team', 'before', 200), 200 * neighbours.p95Ratio + 1]
    const [slow] = stormEvidence([before, group('tier team', 'storm', storm)], stages)
    expect(slow).toMatchObject({ passed: false, limit: expect.stringMatching(/p95 of tier team/) })
    expect(stormEvidence([before], stages)).toMatchObject([{ passed: false, actual: null }])
  })

  it('is not known where there were too few answers, and nobody asks in another scenario', () => {
    const few = [group('tier whale', 'before', 9, 3), group('tier whale', 'storm', 9)]
    expect(thinInStorm(few, stages)).toEqual(['only 3 answers for tier whale in before'])
    expect(thinInStorm([], stages)).toHaveLength(1)
    expect(stormEvidence(few, stagesOf(workloads.spike))).toEqual([])
    expect(thinInStorm([], stagesOf(workloads.spike))).toEqual([])
  })
})

// Made in Python with fractions: sum(x)**2 / (len(x) * sum(a * a for a in x)).
it.each([
  [[1], 1],
  [[2, 2, 2], 1],
  [[1, 0, 0, 0], 0.25],
  [[1, 2, 3, 4], 0.8333333333333334],
  [[0.98, 1.02, 0.5], 0.925596824832652],
  [[5, 0, 5, 0, 5], 0.6],
  [[1e9, 1, 1], 0.33333333466666665],
  [[1e200, 1e200], 1],
  [[1e-200, 3e-200], 0.8],
  [[0, 0], 0],
  [[Number.POSITIVE_INFINITY, 1], 0],
  [[Number.NaN, 1], 0],
])('of %j the fairness is %d', (shares, fairness) => {
  expect(jain(shares)).toBeCloseTo(fairness, 12)
})

it('a million equal shares are fair', () => {
  expect(jain(Array(1_000_000).fill(0.1))).toBeCloseTo(1, 12)
})
