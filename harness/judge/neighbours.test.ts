import { expect, it } from 'vitest'
import { jain } from './neighbours.ts'

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
