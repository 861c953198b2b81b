import type { Cents, Period, Seconds } from '../core/objects/base.ts'
import type { Price } from '../core/objects/catalog.ts'
import type { Subscription, SubscriptionItem } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { amountOf, prorated } from './amounts.ts'
import { netOf } from './discounts.ts'
import { createItem } from './invoice-items.ts'

/** What was billed for an item, and for which time. */
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
