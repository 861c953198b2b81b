import { describe, expect, it } from 'vitest'
import { Clock } from './clock.ts'

describe('a clock', () => {
  it('lets happen what is due in order, each at its own time, and what comes of it as well', () => {
    const clock = new Clock('clock_1', 100)
    const seen: string[] = []
    clock.schedule(300, 'late', 'a')
    clock.schedule(200, 'second', 'b')
    clock.schedule(200, 'first', 'c', 0)
    clock.schedule(900, 'never', 'd')
    clock.advanceTo(500, ({ kind }) => {
      seen.push(`${kind} at ${clock.now}`)
      if (kind === 'second') clock.schedule(250, 'after', 'e')
    })
    expect(seen).toEqual(['first at 200', 'second at 200', 'after at 250', 'late at 300'])
    expect(clock.now).toBe(500)
  })

  it('lets happen once what is planned twice for the same time', () => {
    const clock = new Clock('clock_1', 100)
    let times = 0
    for (let n = 0; n < 3; n++) clock.schedule(200, 'renew', 'a')
    clock.advanceTo(200, () => times++)
    clock.schedule(200, 'renew', 'a')
    clock.advanceTo(300, () => times++)
    expect(times).toBe(2)
  })

  it('follows the real one, from where it was put', () => {
    let real = 1_000
    const clock = new Clock(null, 5_000, () => real)
    real += 7
    expect(clock.now).toBe(5_007)
    clock.advanceTo(6_000, () => {})
    real += 3
    expect(clock.now).toBe(6_003)
    clock.freeze()
    real += 100
    expect(clock.now).toBe(6_003)
    clock.unfreeze()
    real += 1
    expect(clock.now).toBe(6_004)
  })

  it('does not go back for what was planned for a time that is past', () => {
    const clock = new Clock('clock_1', 100)
    clock.schedule(50, 'past', 'a')
    clock.advanceTo(101, () => expect(clock.now).toBe(100))
    expect(clock.now).toBe(101)
  })
})
