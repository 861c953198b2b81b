import type { Invoice } from '../core/objects/invoices.ts'
import type { Subscription, SubscriptionItem } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { periodEnd } from './calendar.ts'
import { type DraftLine, draftInvoice, pendingLines, subscriptionLines } from './invoice-draft.ts'
import { pendingItems } from './invoice-items.ts'
import { currentPeriod, itemList } from './subscription-items.ts'

/**
 * The invoice that comes at the end of the running period, as things stand.
 * @param as.isRecurring what comes with each period, without what waits for the next invoice alone
 */
export function previewInvoice(
  sandbox: Sandbox,
  subscription: Subscription,
  { isRecurring = false } = {},
): Invoice {
  const used = currentPeriod(subscription)
  const isEnding = subscription.cancel_at !== null && subscription.cancel_at <= used.end
  const { interval = 'month', interval_count: count = 1 } = subscription.items.data[0]?.price.recurring ?? {}
  const end = periodEnd(subscription.billing_cycle_anchor, used.end, interval, count)
  const next = (item: SubscriptionItem) => ({
    ...item,
    current_period_end: end,
    current_period_start: used.end,
  })
  const ahead = { ...subscription, items: itemList(subscription.id, subscription.items.data.map(next)) }
  const lines = subscriptionLines(sandbox, ahead, { used })
  const items = isRecurring ? [] : pendingItems(sandbox, subscription.customer, subscription.id)
  const waiting = pendingLines(sandbox, items)
  return preview(sandbox, subscription, [...waiting, ...(isEnding ? [] : lines)], used)
}

/** An invoice that is not kept; what it would ask for after the customer's balance. */
function preview(
  sandbox: Sandbox,
  subscription: Subscription,
  lines: readonly DraftLine[],
  period: { start: number; end: number },
): Invoice {
  const customer = sandbox.get('customer', subscription.customer)
  const invoice = draftInvoice(sandbox, {
    currency: subscription.currency,
    customer,
    discounts: subscription.discounts,
    hasAutomaticTax: subscription.automatic_tax.enabled,
    lines,
    period,
    reason: 'upcoming',
    subscription,
  })
  const due = Math.max(0, invoice.total + customer.balance)
  return {
    ...invoice,
    id: `upcoming_${invoice.id}`,
    amount_due: due,
    amount_remaining: due,
    created: period.end,
    ending_balance: invoice.total + customer.balance - due,
    next_payment_attempt: period.end + 3_600,
    starting_balance: customer.balance,
  }
}
