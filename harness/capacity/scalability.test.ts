import { describe, expect, it } from 'vitest'
import { type Fit, fitLaw, type Point, throughput } from './scalability.ts'

const close = (value: number, wanted: number, share: number) =>
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(share * Math.abs(wanted))

const fitted = (points: readonly Point[]): Fit => fitLaw(points) as Fit

const pointsOf = (users: readonly number[], stepsPerSecond: readonly number[]): Point[] =>
  users.map((each, place) => ({ users: each, stepsPerSecond: stepsPerSecond[place] as number }))

describe('the universal scalability law', () => {
  const thousands = [500, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000]
  const few = [1, 2, 4, 8, 16, 32]

  it.each([
    { users: thousands, gamma: 0.02, alpha: 2e-5, beta: 4e-8 },
    { users: thousands, gamma: 0.02, alpha: 0.02, beta: 1e-7 },
    { users: thousands, gamma: 0.016, alpha: 0, beta: 3e-8 },
    { users: thousands, gamma: 0.016, alpha: 3e-4, beta: 0 },
    { users: thousands, gamma: 0.016, alpha: 0, beta: 0 },
    { users: few, gamma: 10, alpha: 0.1, beta: 0.002 },
    { users: few, gamma: 1_000, alpha: 0.5, beta: 0 },
    { users: few, gamma: 0.01, alpha: 0, beta: 0.01 },
  ])('is found again in points that obey it: γ $gamma, α $alpha, β $beta', ({ users, ...law }) => {
    const fit = fitted(users.map((each) => ({ users: each, stepsPerSecond: throughput(law, each) })))
    close(fit.gamma, law.gamma, 1e-6)
    expect(Math.abs(fit.alpha - law.alpha)).toBeLessThan(1e-6 * (law.alpha + 1 / Math.max(...users)))
    expect(Math.abs(fit.beta - law.beta)).toBeLessThan(1e-6 * (law.beta + 1 / Math.max(...users) ** 2))
    for (const { users, fit: told } of fit.band) close(told, throughput(law, users), 1e-6)
  })

  // Made by scipy 1.17.1: curve_fit(lambda N, g, a, b: g*N / (1 + a*(N-1) + b*N*(N-1)), N, X,
  // bounds=([0, 0, 0], [inf, 1, inf])), the best of four starts, γ and β in units that
  // bring them near 1; where α or β ended at a bound, without it.
  it.each([
    {
      what: 'a peak among few users',
      points: pointsOf(few, [9.9, 19.1, 35.5, 59.8, 80.3, 76.9]),
      law: [9.8962126, 0.028697051, 0.0022477948],
      peak: 21,
    },
    {
      what: 'everything measured twice',
      points: pointsOf([...few, ...few], [10.1, 18.9, 34, 57, 79, 75, 9.8, 19.5, 36.5, 60, 81, 78]),
      law: [9.7792188, 0.028992306, 0.002203776],
      peak: 21,
    },
    {
      what: 'no coherency',
      points: pointsOf(
        [1, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64],
        [20, 78, 130, 170, 190, 200, 210, 230, 260, 280, 310],
      ),
      law: [21.848843, 0.057770781, 0],
      peak: null,
    },
    {
      what: 'no contention',
      points: pointsOf(
        [125, 250, 1_000, 2_000, 3_150, 4_000, 5_000],
        [2.11, 4.02, 15.7, 28.9, 39.4, 44.1, 46],
      ),
      law: [0.01627097, 0, 3.0414256e-8],
      peak: 5_734,
    },
    {
      what: 'neither',
      points: pointsOf([100, 200, 400, 800, 1_600, 3_200], [1.62, 3.19, 6.5, 13.1, 25.7, 52.3]),
      law: [0.01629011, 0, 0],
      peak: null,
    },
    {
      what: 'no gain from more users',
      points: pointsOf([10, 20, 40, 80, 160, 320], [50, 51, 49.5, 50.2, 50.6, 49.9]),
      law: [48.943661, 0.9721389, 1.8487187e-5],
      peak: 39,
    },
    {
      what: 'a loss with each user',
      points: pointsOf(few, [10, 8, 7, 5, 3, 1.5]),
      law: [9.7657153, 1, 0.14791856],
      peak: 1,
    },
  ])('is fitted to noisy points as scipy does: $what', ({ points, law: [gamma, alpha, beta], peak }) => {
    const fit = fitted(points)
    close(fit.gamma, gamma as number, 1e-5)
    close(fit.alpha, alpha as number, 1e-5)
    close(fit.beta, beta as number, 1e-5)
    expect(fit.peakUsers).toBe(peak)
  })

  it('has a band that holds the truth when points are noisy, and that ends at twice the most', () => {
    const law = { gamma: 0.02, alpha: 2e-5, beta: 4e-8 }
    const noise = [1.02, 0.97, 1.01, 0.99, 1.03, 0.98, 1]
    let turn = 0
    const random = () => (turn++ * 0.618_034) % 1
    const points = thousands.map((users, index) => ({
      users,
      stepsPerSecond: throughput(law, users) * (noise[index] as number),
    }))
    const fit = fitLaw(points, random)
    const inside = fit?.band.filter(({ users }) => users <= 6_000) ?? []
    for (const { users, low, high } of inside) {
      expect(low * 0.97).toBeLessThan(throughput(law, users))
      expect(high * 1.03).toBeGreaterThan(throughput(law, users))
    }
    expect(fit?.band.at(-1)?.users).toBe(12_000)
  })

  it('names no peak beyond twice the most', () => {
    const peakOf = (beta: number) =>
      fitted(
        thousands.map((users) => ({
          users,
          stepsPerSecond: throughput({ gamma: 1, alpha: 0, beta }, users),
        })),
      ).peakUsers
    expect(peakOf(1 / 11_900 ** 2)).toBe(11_900)
    expect(peakOf(1 / 12_100 ** 2)).toBeNull()
  })

  it('is not fitted to fewer than six', () => {
    expect(fitLaw(thousands.slice(0, 5).map((users) => ({ users, stepsPerSecond: users })))).toBeNull()
  })
})
