import { type Interval, type PaidPlan, plans } from '../plans.ts'

/** Seconds since 1970. */
export type Time = number

export type Terms = { plan: PaidPlan; interval: Interval }

/** The part of an amount above zero that falls on what is left of a time. */
export type Prorate = (amount: number, left: number, whole: number) => number

/** As Worklane's customers are promised it: by the second, to the nearest cent. */
export const bySeconds: Prorate = (amount, left, whole) =>
  Number((2n * BigInt(amount) * BigInt(left) + BigInt(whole)) / (2n * BigInt(whole)))

export const hour = 3_600

/** Members that left are seats no more from the next period on: seen by the look so long before it begins. */
export const lastLook = 25 * hour
/** After a period began its bill is final, and looked at. */
const firstLook = 2 * hour

type Period = {
  terms: Terms
  seats: number
  anchor: Time
  start: Time
  end: Time
  /** What was last billed for the time from then to the end. */
  billed: { amount: number; from: Time }
  isLast: boolean
}

/** What an organisation has to pay, reckoned from what it did alone: with no line of Stripe's, nor of Worklane's. */
export class Reckoning {
  members: number
  /** Minor units, without what was given back. */
  total = 0
  period: Period | null = null
  readonly #prorate: Prorate

  constructor(members: number, prorate: Prorate = bySeconds) {
    this.members = members
    this.#prorate = prorate
  }

  /** When somebody looks next, after one time and until another; null where nothing is due. */
  nextLook(after: Time, until: Time): Time | null {
    const { period } = this
    if (!period) return null
    const looks = [period.start + firstLook, period.end - lastLook, period.end + firstLook]
    return looks.find((at) => at > after && at <= until) ?? null
  }

  /** Time goes on: whatever ends until then ends, and the next period begins with its bill. */
  moveTo(time: Time): void {
    while (this.period && this.period.end <= time) {
      const { period } = this
      if (period.isLast) this.period = null
      else this.#begin(period.terms, period.seats, period.anchor, period.end)
    }
  }

  subscribe(terms: Terms, at: Time): void {
    this.#begin(terms, this.members, at, at)
  }

  /** Within a period its seats stay; a new one begins with those that somebody has. */
  change(terms: Terms, at: Time): void {
    const { period } = this
    if (!period) return
    const isOther = terms.interval !== period.terms.interval
    if (isOther) {
      this.#giveBack(period, at)
      this.#begin(terms, this.members, at, at, period.isLast)
    } else if (terms.plan !== period.terms.plan) this.#rebill({ ...period, terms }, at)
  }

  /** Seats follow the members: more at once, fewer in the last hours. */
  look(at: Time): void {
    const { period } = this
    if (!period || period.seats === this.members) return
    if (this.members > period.seats) this.#rebill({ ...period, seats: this.members }, at)
    else if (period.end - at <= lastLook) this.period = { ...period, seats: this.members }
  }

  #begin(terms: Terms, seats: number, anchor: Time, start: Time, isLast = false): void {
    const amount = priceOf(terms) * seats
    this.total += amount
    const end = periodAfter(anchor, start, terms.interval)
    this.period = { terms, seats, anchor, start, end, billed: { amount, from: start }, isLast }
  }

  #rebill(next: Period, at: Time): void {
    this.#giveBack(next, at)
    const amount = this.#prorate(priceOf(next.terms) * next.seats, next.end - at, next.end - next.start)
    this.total += amount
    this.period = { ...next, billed: { amount, from: at } }
  }

  #giveBack({ billed, end }: Period, at: Time): void {
    this.total -= this.#prorate(billed.amount, end - at, end - billed.from)
  }
}

const priceOf = ({ plan, interval }: Terms): number => plans[plan].seat?.[interval] as number

/** The first end of a period, counted from the anchor, that is later. */
function periodAfter(anchor: Time, start: Time, interval: Interval): Time {
  const months = interval === 'year' ? 12 : 1
  for (let n = 1; ; n++) {
    const end = monthsLater(anchor, n * months)
    if (end > start) return end
  }
}

/** The same day and time of a later month, or the last day of it. */
export function monthsLater(time: Time, months: number): Time {
  const from = new Date(time * 1_000)
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + months]
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const day = Math.min(from.getUTCDate(), lastDay)
  return Date.UTC(year, month, day, from.getUTCHours(), from.getUTCMinutes(), from.getUTCSeconds()) / 1_000
}
