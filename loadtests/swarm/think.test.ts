import { describe, expect, it } from 'vitest'
import { next } from '../../fixtures/random.ts'
import { residualThinkTime, thinkTime } from './think.ts'

const draws = 200_000
const meanOf = (sample: (state: { random: number }) => number) => {
  const state = { random: 1 }
  let sum = 0
  for (let i = 0; i < draws; i++) sum += sample(state)
  return sum / draws
}

describe('think time', () => {
  it('has the mean that was asked for', () => {
    const mean = meanOf((state) => thinkTime(60_000, next(state), next(state)))
    expect(Math.abs(mean / 60_000 - 1)).toBeLessThan(0.01)
  })

  it('has a median below its mean: most pauses are short', () => {
    const state = { random: 1 }
    const times = Array.from({ length: 10_001 }, () => thinkTime(60_000, next(state), next(state))).sort(
      (a, b) => a - b,
    )
    expect(times[5_000]).toBeLessThan(50_000)
  })

  it('is longer than half of its mean for who is found in the middle of it', () => {
    // E[X²] / 2E[X], and for a lognormal E[X²] = E[X]² exp(σ²).
    const wanted = (60_000 * Math.exp(0.8 ** 2)) / 2
    const mean = meanOf((state) => residualThinkTime(60_000, next(state), next(state), next(state)))
    expect(Math.abs(mean / wanted - 1)).toBeLessThan(0.02)
  })

  it('is nothing when nobody thinks', () => {
    expect(thinkTime(0, 0.5, 0.5)).toBe(0)
    expect(residualThinkTime(0, 0.5, 0.5, 0.5)).toBe(0)
  })
})
