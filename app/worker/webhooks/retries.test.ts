import { describe, expect, it } from 'vitest'
import { pauseAfter, pauses } from './retries.ts'

const hour = 3_600_000

describe('the tries of a delivery', () => {
  it('are over after a day, and not much sooner or later', () => {
    const total = (chance: number) => pauses.reduce((sum, _, n) => sum + (pauseAfter(n + 1, chance) ?? 0), 0)
    expect(total(0)).toBeGreaterThan(23 * hour)
    expect(total(1)).toBeLessThan(27 * hour)
    expect(pauseAfter(pauses.length + 1)).toBeNull()
  })

  it('begin within seconds, and are not all at the same moment', () => {
    expect(pauseAfter(1, 0)).toBe(5_000)
    const drawn = Array.from({ length: 100 }, () => pauseAfter(2))
    expect(new Set(drawn).size).toBeGreaterThan(50)
    for (const each of drawn) expect(each).toBeGreaterThanOrEqual(300_000)
  })
})
