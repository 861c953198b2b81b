import type { Cents, Period, Seconds } from '../core/objects/base.ts'
import type { Price } from '../core/objects/catalog.ts'
import type { Subscription, SubscriptionItem } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { amountOf, prorated } from './amounts.ts'
import { netOf } from './discounts.ts'
import { createItem } from './invoice-items.ts'
import { usageOf } from './meters.ts'

/** What was billed for an item, and for which time. What is metered is billed from its end on. */
export type ItemDebit = Period & { amount: Cents }

export type ItemState = { price: Price; quantity: number | undefined; item: SubscriptionItem }

export const periodOf = (item: SubscriptionItem): Period => ({
  start: item.current_period_start,
  end: item.current_period_end,
})

/** Remembers what an item's time was billed with. */
export function rememberDebit(sandbox: Sandbox, item: string, debit: ItemDebit | undefined): void {
  const before = sandbox.itemDebits.get(item)
  if (debit) sandbox.itemDebits.set(item, debit)
  else sandbox.itemDebits.delete(item)
  sandbox.undo(() => {
    if (before) sandbox.itemDebits.set(item, before)
    else sandbox.itemDebits.delete(item)
  })
}

/**
 * Bills a change in the middle of a period, as invoice items that wait for the next invoice: a credit for the time that
 * is left of what was billed, and a debit for the same time at the new price. The credit is a part of what was really
 * billed, as in Stripe's flexible billing mode, which the current API takes by default:
 * https://docs.stripe.com/billing/subscriptions/billing-mode
 */
export function prorateChange(
  sandbox: Sandbox,
  subscription: Subscription,
  { before, after, at }: { before?: ItemState; after?: ItemState; at: Seconds },
): void {
  if (before) credit(sandbox, subscription, before, at)
  if (after) debit(sandbox, subscription, after, at)
}

/** The part of a period in which an item's price counts what is used: not before the price was there. */
export function meteredPeriod(sandbox: Sandbox, { id }: SubscriptionItem, { start, end }: Period): Period {
  const from = Math.max(start, sandbox.itemDebits.get(id)?.end ?? start)
  return { start: Math.min(from, end), end }
}

/**
 * A metered price that makes way for another: what was used until now is billed by it, with the next invoice, and the
 * other one counts from now on. Without prorations nobody pays for what was used until now.
 * https://docs.stripe.com/billing/subscriptions/usage-based/manage-billing-setup
 */
export function replaceMetered(
  sandbox: Sandbox,
  subscription: Subscription,
  { before, after }: { before?: SubscriptionItem; after?: SubscriptionItem },
  isBilled: boolean,
): void {
  if (before?.price.id === after?.price.id) return
  const { now } = sandbox.clockOf(subscription)
  if (isBilled && before && isMetered(before.price)) billUsage(sandbox, subscription, before, now)
  if (after && isMetered(after.price)) rememberDebit(sandbox, after.id, { amount: 0, start: now, end: now })
}

function billUsage(sandbox: Sandbox, subscription: Subscription, item: SubscriptionItem, now: Seconds): void {
  const { price } = item
  if (price.recurring?.meter == null) return
  const period = meteredPeriod(sandbox, item, { start: item.current_period_start, end: now })
  const units = usageOf(sandbox, price.recurring.meter, subscription.customer, period)
  const amount = netOf(sandbox, subscription, amountOf(sandbox, price, units))
  if (amount === 0) return
  createItem(sandbox, {
    amount,
    description: `${named(sandbox, price, units)} until ${dayOf(now)}`,
    period,
    price,
    quantity: units,
    subscription,
    item: item.id,
  })
}

/** Gives back what is left of an item's time. */
export function credit(
  sandbox: Sandbox,
  subscription: Subscription,
  { price, quantity, item }: ItemState,
  at: Seconds,
): void {
  const billed = sandbox.itemDebits.get(item.id)
  if (!billed || isMetered(price)) return
  const amount = -prorated(billed.amount, billed, at)
  rememberDebit(sandbox, item.id, undefined)
  if (amount === 0) return
  createItem(sandbox, {
    amount,
    description: `Unused time on ${named(sandbox, price, quantity)} after ${dayOf(at)}`,
    period: { start: at, end: billed.end },
    price,
    quantity: quantity ?? 1,
    subscription,
    item: item.id,
  })
}

function debit(
  sandbox: Sandbox,
  subscription: Subscription,
  { price, quantity = 1, item }: ItemState,
  at: Seconds,
): void {
  if (isMetered(price)) return
  const period = periodOf(item)
  const whole = netOf(sandbox, subscription, amountOf(sandbox, price, quantity))
  const amount = prorated(whole, period, at)
  rememberDebit(sandbox, item.id, { amount, start: at, end: period.end })
  if (amount === 0) return
  createItem(sandbox, {
    amount,
    description: `Remaining time on ${named(sandbox, price, quantity)} after ${dayOf(at)}`,
    period: { start: at, end: period.end },
    price,
    quantity,
    subscription,
    item: item.id,
  })
}

export const isMetered = ({ recurring }: Price): boolean => recurring?.usage_type === 'metered'

/** As on Stripe's invoices: "3 × Team". */
export function named(sandbox: Sandbox, price: Price, quantity = 1): string {
  return `${quantity} × ${sandbox.find('product', price.product)?.name ?? price.id}`
}

const dayOf = (time: Seconds): string =>
  new Intl.DateTimeFormat('en-GB', {
    day: '2-digit',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(time * 1000)
