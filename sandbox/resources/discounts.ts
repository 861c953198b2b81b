import type { Cents, Seconds } from '../core/objects/base.ts'
import type { Discount } from '../core/objects/catalog.ts'
import type { Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { percentOf, share } from './amounts.ts'

/** What each discount takes off each of some amounts: by discount, then by amount. Never more than there is. */
export function discounted(
  sandbox: Sandbox,
  discounts: readonly Discount[],
  amounts: readonly Cents[],
): { discount: string; off: Cents[] }[] {
  const left = [...amounts]
  return discounts.map(({ id, source }) => {
    const { percent_off: percent, amount_off: fixed } = sandbox.get('coupon', source.coupon)
    const positive = left.map((amount) => Math.max(amount, 0))
    const whole = positive.reduce((sum, one) => sum + one, 0)
    const off =
      percent === null
        ? share(Math.min(fixed ?? 0, whole), positive)
        : positive.map((amount) => percentOf(amount, percent))
    for (const [place, one] of off.entries()) left[place] = (left[place] ?? 0) - one
    return { discount: id, off }
  })
}

/** A subscription's discounts that count at a time. */
export const discountsAt = (sandbox: Sandbox, ids: readonly string[], at: Seconds): Discount[] =>
  ids
    .map((id) => sandbox.get('discount', id))
    .filter(({ end, source }) => (end === null || end > at) && sandbox.find('coupon', source.coupon))

/** An amount with the percentages off that a subscription has now; a fixed amount is taken off whole invoices only. */
export function netOf(sandbox: Sandbox, subscription: Subscription, amount: Cents): Cents {
  const { now } = sandbox.clockOf(subscription)
  const percentages = discountsAt(sandbox, subscription.discounts, now).filter(
    ({ source }) => sandbox.get('coupon', source.coupon).percent_off !== null,
  )
  return discounted(sandbox, percentages, [amount]).reduce((left, { off }) => left - (off[0] ?? 0), amount)
}

/** Those that stay for the next invoice: a coupon for once is spent with the first that it took something off. */
export const unspent = (sandbox: Sandbox, ids: readonly string[], spent: ReadonlySet<string>): string[] =>
  ids.filter((id) => {
    const coupon = sandbox.find('coupon', sandbox.get('discount', id).source.coupon)
    return coupon !== undefined && !(coupon.duration === 'once' && spent.has(id))
  })
