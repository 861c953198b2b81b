import { describe, expect, it } from 'vitest'
import { ago, dueText, hueOf, initials } from './format.ts'

const now = new Date('2026-11-23T15:30:00Z')
const clock = { now, zone: 'UTC', today: '2026-11-23' }

describe('due dates', () => {
  it.each([
    ['2026-11-23', 'Today', 'soon'],
    ['2026-11-24', 'Tomorrow', 'soon'],
    ['2026-11-22', 'Yesterday', 'overdue'],
    ['2026-11-26', 'In 3 days', 'soon'],
    ['2026-11-19', '4 days ago', 'overdue'],
    ['2026-12-24', '24 Dec', 'later'],
  ])('says of %s "%s", which is %s', (dueOn, text, state) => {
    expect(dueText(dueOn, clock.today)).toEqual({ text, state })
  })
})

describe('people and times', () => {
  it('shortens a name to at most two letters', () => {
    expect(initials('Ada Lovelace King')).toBe('AL')
    expect(initials('Ada')).toBe('A')
    expect(initials('💥 Ada')).toBe('💥A')
  })

  it('gives a name one hue', () => {
    expect(hueOf('Ada')).toBe(hueOf('Ada'))
    expect(hueOf('Ada')).not.toBe(hueOf('Bob'))
  })

  it('tells how long ago something was', () => {
    expect(ago('2026-11-23T15:29:40Z', clock)).toBe('just now')
    expect(ago('2026-11-23T15:00:00Z', clock)).toBe('30 min ago')
    expect(ago('2026-11-20T15:00:00Z', clock)).toBe('3 d ago')
    expect(ago('2025-03-01T15:00:00Z', clock)).toBe('1 Mar')
    // Where it is tomorrow already.
    expect(ago('2025-03-01T20:00:00Z', { ...clock, zone: 'Asia/Kolkata' })).toBe('2 Mar')
  })
})
