import { describe, expect, it } from 'vitest'
import {
  hodgesLehmann,
  hodgesLehmannInterval,
  holm,
  logRatios,
  median,
  minimumPairs,
  signFlip,
} from './statistics.ts'

describe('the statistics of pairs', () => {
  it('take the logarithm of head over base, and refuse what has no ratio', () => {
    expect(logRatios([{ base: 100, head: 110 }])).toEqual([Math.log(1.1)])
    expect(() => logRatios([{ base: 0, head: 1 }])).toThrow(/pair 1: base 0 and head 1 must both be above 0/)
    expect(() => logRatios([{ base: 1, head: Number.NaN }])).toThrow(/pair 1/)
  })

  it.each([
    [[3], 3],
    [[3, 1, 2], 2],
    [[1, 9, 2], 2],
    [[1, 2, 3, 10], 2.5],
    [[4, 1, 2, 3], 2.5],
    [[], Number.NaN],
  ])('find the middle of %j', (values, middle) => {
    expect(median(values)).toBe(middle)
  })

  it('know how likely it is that all of n went the same way', () => {
    expect(signFlip([1, 1, 1, 1, 1])).toBeCloseTo(1 / 32, 12)
    expect(signFlip([-1, -1, -1])).toBe(1)
    expect(signFlip([0, 0])).toBe(1)
    expect(signFlip([])).toBe(1)
  })

  it('count every way, as trying all of them does', () => {
    const values = [0.3, -0.1, 0.2, 0.25, -0.05, 0.4, 0.1]
    const scale = median(values.map(Math.abs))
    const weights = values.map((value) => Math.round(200 * Math.max(-1.5, Math.min(1.5, value / scale))))
    const observed = weights.reduce((a, b) => a + b, 0)
    let asGreat = 0
    for (let way = 0; way < 2 ** weights.length; way++) {
      const sum = weights.reduce((total, weight, place) => total + (way & (1 << place) ? -weight : weight), 0)
      if (sum >= observed) asGreat++
    }
    expect(signFlip(values)).toBeCloseTo(asGreat / 2 ** weights.length, 12)
  })

  it('let one wild pair decide nothing', () => {
    const calm = [0.01, -0.01, 0.012, -0.008, 0.009, -0.011, 0.01, -0.01]
    expect(signFlip([...calm, 5])).toBeGreaterThan(0.1)
  })

  it('find a centre that one wild pair does not move, and where it lies', () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1000]
    expect(hodgesLehmann(values)).toBe(5.5)
    const [low, high] = hodgesLehmannInterval([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    // For ten values at 95% the nine least and greatest averages fall away (Wilcoxon's table: 8).
    expect([low, high]).toEqual([3, 8])
  })

  it('say nothing of the centre of too few', () => {
    expect(hodgesLehmannInterval([1, 2, 3])).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
  })

  it('are stricter with many metrics', () => {
    const adjusted = holm([0.01, 0.04, 0.03])
    expect(adjusted.map((p) => Number(p.toFixed(6)))).toEqual([0.03, 0.06, 0.06])
    expect(minimumPairs(2, 0.01)).toBe(8)
  })
})
