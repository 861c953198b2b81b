import type { Seconds } from '../core/objects/base.ts'
import type { Interval } from '../core/objects/catalog.ts'

export const hour = 3_600
export const day = 24 * hour

/**
 * A month later is the same day of the month, or the month's last where it has no such day; in UTC, as Stripe reckons:
 * https://docs.stripe.com/billing/subscriptions/billing-cycle.
 */
export function addMonths(time: Seconds, months: number): Seconds {
  const date = new Date(time * 1000)
  const target = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1))
  const lastDay = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate()
  const dayOfMonth = Math.min(date.getUTCDate(), lastDay)
  const midnight = Date.UTC(target.getUTCFullYear(), target.getUTCMonth(), dayOfMonth) / 1000
  return midnight + (Math.floor(time) % day)
}

export function addInterval(time: Seconds, interval: Interval, count: number): Seconds {
  switch (interval) {
    case 'day':
      return time + count * day
    case 'week':
      return time + count * 7 * day
    case 'month':
      return addMonths(time, count)
    case 'year':
      return addMonths(time, 12 * count)
  }
}

/** The end of the period that begins at `start`: counted from the anchor, so that a 31st comes back after February. */
export function periodEnd(anchor: Seconds, start: Seconds, interval: Interval, count: number): Seconds {
  if (anchor > start) return anchor
  for (let periods = 1; ; periods++) {
    const end = addInterval(anchor, interval, count * periods)
    if (end > start) return end
  }
}
