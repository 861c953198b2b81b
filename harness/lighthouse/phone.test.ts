import { describe, expect, it } from 'vitest'
import { benchmarkSamplesKept, phoneAfter, phoneFor } from './phone.ts'

describe('a phone', () => {
  it('is a quarter as fast as the computers that Lighthouse has its factor of four for', () => {
    expect(phoneFor(1_760).cpuSlowdown).toBe(4)
  })

  it('goes by the mean of what was seen, and forgets what was long ago', () => {
    expect(phoneAfter([1_100, 2_200])).toEqual({ benchmarkIndex: 1_650, cpuSlowdown: 3.8 })
    const since = Array.from({ length: benchmarkSamplesKept }, () => 1_100)
    expect(phoneAfter([2_200, ...since])).toEqual(phoneFor(1_100))
    expect(phoneAfter([2_200, ...since.slice(1)]).cpuSlowdown).toBeGreaterThan(2.5)
  })
})
