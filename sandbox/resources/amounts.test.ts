import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { percentOf, prorated, share } from './amounts.ts'
import { addMonths, periodEnd } from './calendar.ts'

const utc = (text: string) => Date.parse(`${text}Z`) / 1_000

/** The same by long division in decimal text, which shares nothing with the code. */
function byHand(amount: number, left: number, whole: number): number {
  const exact = (Math.abs(amount) * left) / whole
  const cents = Math.floor(exact)
  const rest = Math.abs(amount) * left - cents * whole
  return Math.sign(amount) * (rest * 2 >= whole ? cents + 1 : cents) || 0
}

/** A wrong one: by days, as some billing systems do it. */
const byDays = (amount: number, left: number, whole: number): number =>
  Math.round((amount * Math.round(left / 86_400)) / Math.round(whole / 86_400))

const cases = fc.record({
  amount: fc.integer({ min: -5_000_000, max: 5_000_000 }),
  start: fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
  whole: fc.integer({ min: 86_400, max: 366 * 86_400 }),
  part: fc.double({ min: 0, max: 1, noNaN: true }),
})

const agrees = (oracle: typeof byHand) =>
  fc.property(cases, ({ amount, start, whole, part }) => {
    const at = start + Math.floor(whole * part)
    const left = start + whole - at
    return prorated(amount, { start, end: start + whole }, at) === oracle(amount, left, whole)
  })

describe('proration', () => {
  it('is the part of the seconds that are left, to the cent', () => {
    fc.assert(agrees(byHand), { numRuns: 2_000 })
  })

  it('is not what a reckoning by days gives', () => {
    expect(() => fc.assert(agrees(byDays), { numRuns: 2_000 })).toThrow()
  })

  it('gives back what it took, whatever is between', () => {
    expect(prorated(1_000, { start: 0, end: 30 }, 0)).toBe(1_000)
    expect(prorated(1_000, { start: 0, end: 30 }, 30)).toBe(0)
    expect(prorated(-1_000, { start: 0, end: 3 }, 1)).toBe(-667)
  })
})

describe('shares', () => {
  it('come to the whole, and none is larger than what it is a share of', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100_000), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (among, part) => {
          const whole = among.reduce((sum, one) => sum + one, 0)
          const amount = Math.floor(whole * part)
          const shares = share(amount, among)
          expect(shares.reduce((sum, one) => sum + one, 0)).toBe(amount)
          expect(shares.every((one, place) => one >= 0 && one <= (among[place] ?? 0))).toBe(true)
        },
      ),
    )
  })

  it('of a percentage round halves up', () => {
    expect(percentOf(50, 1)).toBe(1)
    expect(percentOf(49, 1)).toBe(0)
    expect(percentOf(1_000, 33.3333)).toBe(333)
  })
})

describe('the calendar', () => {
  it('goes from the 31st to the last of a shorter month, and back to the 31st', () => {
    expect(addMonths(utc('2027-01-31T10:00:00'), 1)).toBe(utc('2027-02-28T10:00:00'))
    const anchor = utc('2027-01-31T10:00:00')
    expect(periodEnd(anchor, utc('2027-02-28T10:00:00'), 'month', 1)).toBe(utc('2027-03-31T10:00:00'))
    expect(periodEnd(utc('2024-02-29T00:00:00'), utc('2024-02-29T00:00:00'), 'year', 1)).toBe(
      utc('2025-02-28T00:00:00'),
    )
  })
})
