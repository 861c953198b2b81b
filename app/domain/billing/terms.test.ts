import { expect, it } from 'vitest'
import type { Interval, PaidPlan } from './plans.ts'
import { whenOf } from './terms.ts'

const terms = (text: string) => {
  const [plan, interval] = text.split(' ') as [PaidPlan, Interval]
  return { plan, interval }
}

it.each([
  ['a larger plan', 'team month', 'business month', 'now'],
  ['a year for months', 'team month', 'team year', 'now'],
  ['both', 'team month', 'business year', 'now'],
  ['a smaller plan', 'business month', 'team month', 'periodEnd'],
  ['months for a year', 'team year', 'team month', 'periodEnd'],
  ['a larger plan, but months for a year', 'team year', 'business month', 'periodEnd'],
  ['a smaller plan, but a year for months', 'business month', 'team year', 'periodEnd'],
  ['what one has already', 'team year', 'team year', null],
] as const)('%s: from %s to %s takes effect %s', (_, from, to, when) => {
  expect(whenOf(terms(from), terms(to), false)).toBe(when)
})

it.each([
  ['business year', 'team month', 'now'],
  ['team month', 'team month', null],
] as const)('in a trial from %s to %s takes effect %s', (from, to, when) => {
  expect(whenOf(terms(from), terms(to), true)).toBe(when)
})
