import { describe, expect, it } from 'vitest'
import { limitingPart, rises, slopeOf } from './observe.ts'

const part = (cores: number, poolWaiting = 0) => ({
  cores,
  poolWaiting,
  rssBytes: 1e8,
  eventLoopLagP99Ms: 12,
})

describe('the part that limits', () => {
  it('is the machine when it is busy, and names who took most of it', () => {
    const limiting = limitingPart(0.97, { web: part(1.1), postgres: part(0.4), api: part(0.1) })
    expect(limiting?.part).toBe('web')
    expect(limiting?.why).toMatch(/97% of the machine's .* web 1.10, postgres 0.40, api 0.10/)
  })

  it('is a process of Node that has used up its core, though the machine has more', () => {
    expect(limitingPart(0.5, { postgres: part(1.5), api: part(0.95) })?.part).toBe('api')
  })

  it('is the process whose event loop was late, though on average it had room', () => {
    const web = { ...part(0.7, 3), eventLoopLagP99Ms: 900 }
    const limiting = limitingPart(0.6, { web, api: { ...part(0.8), eventLoopLagP99Ms: 40 } })
    expect(limiting?.part).toBe('web')
    expect(limiting?.why).toMatch(/late by up to 900 ms/)
  })

  it('is the pool where requests waited for a connection', () => {
    expect(limitingPart(0.4, { web: part(0.3, 7), api: part(0.2) })?.why).toMatch(/up to 7 requests waited/)
  })

  it('is none where each had room, and where nobody looked', () => {
    expect(limitingPart(0.4, { web: part(0.3), api: part(0.2) })).toBeNull()
    expect(limitingPart(null, {})).toBeNull()
  })
})

describe('pages that failed', () => {
  const row = (instance: string, kind: string, value: number) => ({
    value,
    labels: { instance, route: '/reports', kind },
  })

  it('are what the counters of all processes rose by, a new counter from 0', () => {
    const before = [row('a', 'error', 3)]
    const after = [row('a', 'error', 5), row('b', 'error', 4), row('a', 'tooMany', 1)]
    expect(rises(before, after)).toEqual([
      { route: '/reports', kind: 'error', count: 6 },
      { route: '/reports', kind: 'tooMany', count: 1 },
    ])
  })

  it('are all that a process counted that began anew, and none where nothing rose', () => {
    expect(rises([row('a', 'error', 9)], [row('a', 'error', 2)])).toMatchObject([{ count: 2 }])
    expect(rises([row('a', 'error', 9)], [row('a', 'error', 9)])).toEqual([])
  })
})

describe('the slope of memory', () => {
  it('is not what it took to become warm, and what grows from then on is', () => {
    const at = (minute: number, leak: number) => Math.min(minute, 8) * 50_000 + leak * minute
    const points = (leak: number) =>
      Array.from({ length: 31 }, (_, minute): [number, number] => [minute, at(minute, leak)])
    expect(slopeOf('web', 'resident', points(0)).bytesPerMinute).toBeCloseTo(0)
    expect(slopeOf('web', 'resident', points(0)).samples).toBe(21)
    expect(slopeOf('web', 'resident', points(700)).bytesPerMinute).toBeCloseTo(700)
  })

  it('is what it grew by in a minute, whatever it jumped by', () => {
    const points = [0, 1, 2, 3].map((minute): [number, number] => [minute, 1_000 * minute + (minute % 2)])
    expect(slopeOf('api', 'resident', points).bytesPerMinute).toBeCloseTo(1_000, -1)
  })

  it('is not known of no sample or one, which is no slope of 0', () => {
    expect(slopeOf('api', 'resident', [])).toMatchObject({ bytesPerMinute: null, samples: 0 })
    expect(slopeOf('api', 'resident', [[1, 5e7]])).toMatchObject({ bytesPerMinute: null, samples: 1 })
  })
})
