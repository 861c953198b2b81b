import { describe, expect, it } from 'vitest'
import { add, bucketOf, count, type Histogram, percentile, record } from './histogram.ts'

/** Deterministic numbers in (0, 1). */
const uniform = (n: number) =>
  Array.from({ length: n }, (_, i) => ((i * 0.6180339887498949) % 1) * 0.9999 + 0.00005)

const distributions: Record<string, number[]> = {
  uniform: uniform(50_000).map((u) => 1 + 999 * u),
  exponential: uniform(50_000).map((u) => -200 * Math.log(1 - u)),
  'long-tailed': uniform(50_000).map((u) => 5 * (1 - u) ** -1.2),
  constant: uniform(1_000).map(() => 42),
  'two humps': uniform(50_000).map((u, i) => (i % 10 === 0 ? 900 + 100 * u : 20 + 5 * u)),
}

const exact = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(values.length * share)) - 1] as number

const histogramOf = (values: number[]): Histogram => {
  const histogram: Histogram = new Map()
  for (const value of values) record(histogram, value)
  return histogram
}

describe.each(Object.entries(distributions))('a %s distribution', (_, values) => {
  it.each([0.5, 0.9, 0.95, 0.99, 0.999])('has its percentile %d within 0.5%% of the exact one', (share) => {
    const wanted = exact(values, share)
    expect(Math.abs(percentile(histogramOf(values), share) / wanted - 1)).toBeLessThan(0.0051)
  })

  it.each([1, 2, 5])('is the same after it went over the wire in %d parts', (parts) => {
    const merged: Histogram = new Map()
    for (let part = 0; part < parts; part++) {
      const buckets = values.filter((_, i) => i % parts === part).map(bucketOf)
      add(merged, JSON.parse(JSON.stringify(buckets)))
    }
    expect(count(merged)).toBe(values.length)
    expect([...merged].sort()).toEqual([...histogramOf(values)].sort())
  })
})

describe('a histogram', () => {
  it('has no percentile of nothing', () => {
    expect(percentile(new Map(), 0.95)).toBeNaN()
  })

  it('differs from averaged percentiles, which is why those are never used', () => {
    const fast = uniform(10_000).map((u) => 10 + u)
    const slow = uniform(500).map((u) => 1_000 + u)
    const merged = percentile(histogramOf([...fast, ...slow]), 0.95)
    const averaged = (exact(fast, 0.95) + exact(slow, 0.95)) / 2
    expect(Math.abs(merged / exact([...fast, ...slow], 0.95) - 1)).toBeLessThan(0.0051)
    expect(averaged).toBeGreaterThan(10 * merged)
  })
})
