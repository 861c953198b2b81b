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

const everything = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
const forty = [
  0.073, -0.065, 0.025, -0.005, -0.002, 0.006, -0.049, 0.005, -0.014, 0.112, 0.019, 0.001, 0.004, -0.008,
  -0.02, 0, 0.026, 0.005, 0.041, 0.006, 0.013, 0.058, 0.028, -0.003, 0.007, 0.028, 0.07, 0.004, 0.005, 0.042,
  -0.015, 0.003, 0.038, 0.029, 0.015, 0.032, -0.073, 0.043, -0.017, -0.038,
]
const twoHundred = Array.from({ length: 200 }, (_, place) => (((place * 7_919) % 200) - 95) / 1_000)

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

  // Made in Python of the clipped and rounded weights: up to 12 by scipy 1.17.1, permutation_test(permutation_type=
  // 'samples', alternative='greater', n_resamples=inf); more by counting all sums in whole numbers.
  it.each([
    ['one that rose', [0.3], 0.5],
    ['one that fell', [-0.3], 1],
    ['ten that are equal', Array(10).fill(0.02), 0.0009765625],
    ['ties both ways', [0.1, 0.1, -0.1, 0.2, 0.2, -0.2, 0.3, 0.1], 0.12109375],
    ['some zeros', [0, 0, 0, 0.02, 0.03, 0.01, -0.01, 0.02], 0.09375],
    ['more zeros than not', [0, 0, 0, 0, 0, 0, 0.02, 0.02, 0.02, 0.02, 0.02], 0.03125],
    ['halves that fell', [1, 1, 1, 1, -0.0025, -0.0025, 0.0025], 0.0546875],
    ['one wild among eight', [0.01, -0.01, 0.012, -0.008, 0.009, -0.011, 0.01, -0.01, 5], 0.30859375],
    ['forty', forty, 0.012028867497065221],
    ['forty that all rose', forty.map((value) => Math.abs(value) + 0.001), 9.094947017729282e-13],
    ['two hundred', twoHundred, 0.1847714049291408],
  ])('know how likely a sum is by chance: %s', (_what, values, p) => {
    expect(signFlip(values) / p).toBeCloseTo(1, 10)
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

  // Made in Python: the median of all averages of two, and between which of them scipy 1.17.1's
  // wilcoxon(values - centre, method='exact') has p > 1 - confidence; with ties, zeros or more than ten, by counting
  // the rank sums in whole numbers.
  it.each([
    ['nine', [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3], 0.95, 1.725, [1.165, 2.37]],
    ['the fewest that say something', [0.31, -0.12, 0.05, 0.27, -0.02, 0.4], 0.95, 0.145, [-0.12, 0.4]],
    ['one fewer', [0.31, -0.12, 0.05, 0.27, -0.02], 0.95, 0.095, everything],
    ['too few at 99%', [0.31, -0.12, 0.05, 0.27, -0.02, 0.4, 0.113], 0.99, 0.1425, everything],
    ['enough at 99%', [0.31, -0.12, 0.05, 0.27, -0.02, 0.4, 0.113, 0.51], 0.99, 0.19075, [-0.12, 0.51]],
    ['one', [7], 0.95, 7, everything],
    ['ten that are equal', Array(10).fill(0.02), 0.95, 0.02, [0.02, 0.02]],
    ['zeros', [0, 0, 0, 0, 0.02, 0.03, 0.01], 0.95, 0.0075, [0, 0.02]],
    ['ties', [0.1, 0.1, -0.1, 0.2, 0.2, -0.2, 0.3, 0.1], 0.95, 0.1, [-0.05, 0.2]],
    ['forty', forty, 0.95, 0.01, [0.001, 0.0205]],
    ['two hundred', twoHundred, 0.95, 0.0045, [-0.004, 0.013]],
  ])('find the centre of %s, and its interval', (_what, values, confidence, centre, [low, high]) => {
    expect(hodgesLehmann(values)).toBeCloseTo(centre, 12)
    const interval = hodgesLehmannInterval(values, confidence)
    for (const [end, wanted] of [
      [interval[0], low],
      [interval[1], high],
    ] as const)
      if (Number.isFinite(wanted)) expect(end).toBeCloseTo(wanted as number, 12)
      else expect(end).toBe(wanted)
  })

  // Made by statsmodels: multipletests(ps, method='holm').
  it.each([
    [[], []],
    [[0.5], [0.5]],
    [
      [0.02, 0.02, 0.02],
      [0.06, 0.06, 0.06],
    ],
    [
      [1, 1],
      [1, 1],
    ],
    [
      [0.9, 0.6, 0.001, 0.001, 0.2],
      [1, 1, 0.005, 0.005, 0.6],
    ],
    [
      [0, 0.5, 0.5],
      [0, 1, 1],
    ],
    [
      [1e-12, 1e-12, 0.04, 0.2, 0.7, 1],
      [6e-12, 6e-12, 0.16, 0.6, 1, 1],
    ],
  ])('make %j as great as all together need', (ps, adjusted) => {
    for (const [place, p] of holm(ps).entries()) expect(p).toBeCloseTo(adjusted[place] as number, 14)
    expect(holm(ps)).toHaveLength(adjusted.length)
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
