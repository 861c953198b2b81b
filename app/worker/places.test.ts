import { describe, expect, it } from 'vitest'
import { Places } from './places.ts'

describe('the places of a worker', () => {
  it('are one organisation’s up to its share, and again once it gave one back', () => {
    const places = new Places(2)
    expect([places.take('a'), places.take('a')]).toEqual([null, null])
    expect(places.take('a')).toBeGreaterThan(0)
    places.give('a')
    expect(places.take('a')).toBeNull()
  })

  it('are there for everybody else meanwhile', () => {
    const places = new Places(1)
    places.take('a')
    expect(places.take('b')).toBeNull()
  })

  it('have whoever finds none wait longer the more wait, and never for ever', () => {
    const places = new Places(2)
    places.take('a')
    places.take('a')
    const waits = Array.from({ length: 1_000 }, () => places.take('a') ?? 0)
    expect(waits.slice(0, 6)).toEqual([250, 250, 500, 500, 750, 750])
    expect(Math.max(...waits)).toBe(30_000)
    places.give('a')
    places.take('a')
    expect(places.take('a')).toBe(250)
  })
})
