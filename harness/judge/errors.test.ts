import { describe, expect, it } from 'vitest'
import { tooManyErrors } from './errors.ts'

describe('errors of a route', () => {
  // Made by scipy 1.17.1: the least k for which binom.sf(k - 1, samples, 0.001) < 0.01.
  it.each([
    [1, 1],
    [10, 1],
    [11, 2],
    [148, 2],
    [149, 3],
    [1_784, 6],
    [20_000, 32],
    [500_000, 554],
    [739_999, 805],
    [740_000, 805],
    [744_000, 809],
    [745_000, 810],
    [745_200, 810],
    [746_000, 811],
    [760_000, 826],
    [1_000_000, 1_075],
    [10_000_000, 10_234],
    [100_000_000, 100_737],
    [1_000_000_000, 1_002_327],
  ])('of %i requests are too many from %i on', (samples, fewest) => {
    expect(tooManyErrors(fewest - 1, samples)).toBe(false)
    for (const errors of [fewest, 2 * fewest, Math.ceil(samples / 2), samples])
      if (errors >= fewest && errors <= samples)
        expect([errors, tooManyErrors(errors, samples)]).toEqual([errors, true])
  })

  it('are too many where a tenth of 760,000 requests failed', () => {
    expect(tooManyErrors(80_000, 760_000)).toBe(true)
  })
})
