import { describe, expect, it } from 'vitest'
import { askedPause, pauseAfter, pauses } from './retries.ts'

const hour = 3_600_000

describe('the tries of a delivery', () => {
  it('are over after a day, and not much sooner or later', () => {
    const total = (chance: number) =>
      pauses.reduce((sum, _, n) => sum + (pauseAfter(n + 1, null, chance) ?? 0), 0)
    expect(total(0)).toBeGreaterThan(23 * hour)
    expect(total(1)).toBeLessThan(27 * hour)
    expect(pauseAfter(pauses.length + 1)).toBeNull()
  })

  it('begin within seconds, and are not all at the same moment', () => {
    expect(pauseAfter(1, null, 0)).toBe(5_000)
    const drawn = Array.from({ length: 100 }, () => pauseAfter(2))
    expect(new Set(drawn).size).toBeGreaterThan(50)
    for (const each of drawn) expect(each).toBeGreaterThanOrEqual(300_000)
  })

  it('are no sooner than the receiver asks, within six hours', () => {
    expect(pauseAfter(1, 60_000, 0)).toBe(60_000)
    expect(pauseAfter(2, 60_000, 0)).toBe(300_000)
    expect(pauseAfter(1, Number.POSITIVE_INFINITY, 0)).toBe(6 * hour)
    expect(pauseAfter(pauses.length + 1, 60_000)).toBeNull()
  })

  it.each<[number, string | undefined, number | null]>([
    [429, '120', 120_000],
    [503, ' 7 ', 7_000],
    [503, 'Thu, 01 Jan 1970 00:02:00 GMT', 120_000],
    [503, 'Wed, 31 Dec 1969 00:00:00 GMT', 0],
    [429, undefined, null],
    [429, 'soon', null],
    [429, '-5', null],
    [500, '120', null],
    [503, '9'.repeat(400), Number.POSITIVE_INFINITY],
  ])('take of %i with Retry-After %j %j ms', (status, header, asked) => {
    expect(askedPause(status, header, 0)).toBe(asked)
  })
})
