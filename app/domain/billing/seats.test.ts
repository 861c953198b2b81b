import { expect, it } from 'vitest'
import { seatsFor } from './seats.ts'

const end = '2026-03-31T12:00:00.000Z'
const hoursBefore = (hours: number) => new Date(Date.parse(end) - hours * 3_600_000)

it.each([
  ['as many as members', 'active', 3, 3, 200, 3],
  ['more at once', 'active', 3, 5, 200, 5],
  ['more at once, in the last hours as well', 'active', 3, 5, 1, 5],
  ['no fewer in the middle of a period', 'active', 5, 3, 200, 5],
  ['no fewer a moment too early', 'active', 5, 3, 26.1, 5],
  ['fewer in its last hours', 'active', 5, 3, 26, 3],
  ['fewer after its end, which nobody has looked at yet', 'past_due', 5, 3, -2, 3],
  ['fewer at once in a trial, which costs nothing', 'trialing', 5, 3, 200, 3],
  ['what it was, where it has ended', 'canceled', 5, 9, 200, 5],
  ['what it was, where it never began', 'incomplete', 5, 9, 200, 5],
] as const)('a subscription has %s', (_, status, seats, members, hours, expected) => {
  expect(seatsFor({ status, seats, period_end: end }, members, hoursBefore(hours))).toBe(expected)
})
