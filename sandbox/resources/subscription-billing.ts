import type { Period, Seconds } from '../core/objects/base.ts'
import type { Invoice } from '../core/objects/invoices.ts'
import type { Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, StripeError } from '../http/errors.ts'
import { divideRounded } from './amounts.ts'
import { addInterval } from './calendar.ts'
import { unspent } from './discounts.ts'
import { type DraftLine, pendingLines, subscriptionLines } from './invoice-draft.ts'
import { pendingItems } from './invoice-items.ts'
import { attemptPayment, methodFor, subscriptionOf } from './invoice-payment.ts'
import { createInvoice, finalizeInvoice, finalizeLater } from './invoices.ts'
import type { SubscriptionParams } from './subscriptions.ts'

/** A draft of this subscription's next invoice, with the lines given and whatever waits for it. The caller tells of it. */
export function invoiceFor(
  sandbox: Sandbox,
  subscription: Subscription,
  reason: Invoice['billing_reason'],
  lines: readonly DraftLine[],
  period: Period = { start: sandbox.clockOf(subscription).now, end: sandbox.clockOf(subscription).now },
): Invoice {
  const waiting = pendingItems(sandbox, subscription.customer, subscription.id)
  const invoice = createInvoice(sandbox, {
    currency: subscription.currency,
    customer: sandbox.get('customer', subscription.customer),
    discounts: subscription.discounts,
    hasAutomaticTax: subscription.automatic_tax.enabled,
    lines: [...pendingLines(sandbox, waiting), ...lines],
    period,
    reason,
    subscription,
  })
  const spent = new Set(
    invoice.total_discount_amounts.filter(({ amount }) => amount > 0).map(({ discount }) => discount),
  )
  const discounts = unspent(sandbox, subscription.discounts, spent)
  sandbox.change('subscription', subscription.id, { discounts, latest_invoice: invoice.id }, false)
  return invoice
}

/** Finalises an invoice at once, and asks for its money. */
export function settleNow(
  sandbox: Sandbox,
  id: string,
  { behavior, isAway = false }: { behavior: SubscriptionParams['payment_behavior']; isAway?: boolean },
): void {
  finalizeInvoice(sandbox, id)
  if (sandbox.get('invoice', id).status !== 'open' || behavior === 'default_incomplete') return
  const declined = attemptPayment(sandbox, id, { isOnSession: !isAway })
  if (behavior === 'error_if_incomplete') throwUnlessPaid(sandbox, id, declined)
}

/** The period's costs, with a draft that is finalised in an hour. */
export function renewalInvoice(
  sandbox: Sandbox,
  subscription: Subscription,
  used: Period,
  lines = subscriptionLines(sandbox, subscription, { used }),
): Invoice {
  const invoice = invoiceFor(sandbox, subscription, 'subscription_cycle', lines, used)
  // Nobody is asked again while what came before is given up.
  return subscription.status === 'unpaid'
    ? sandbox.change('invoice', invoice.id, { auto_advance: false })
    : finalizeLater(sandbox, invoice)
}

export const invoicesOf = (sandbox: Sandbox, { id, customer }: Subscription): Invoice[] =>
  sandbox
    .table('invoice')
    .ofCustomer(customer)
    .filter((invoice) => subscriptionOf(invoice) === id)

function throwUnlessPaid(
  sandbox: Sandbox,
  id: string,
  declined: { code: string; decline_code?: string; message: string } | undefined,
): void {
  const { status } = sandbox.get('invoice', id)
  if (status !== 'open') return
  if (declined?.code === 'resource_missing') throw invalid(declined.message, undefined, declined.code)
  const { message, ...codes } = declined ?? {
    message:
      'Payment for this subscription requires additional user action before it can be completed successfully.',
    code: 'subscription_payment_intent_requires_action',
  }
  throw new StripeError(402, 'card_error', message, codes)
}

export function settleFirst(
  sandbox: Sandbox,
  invoiceId: string,
  behavior: SubscriptionParams['payment_behavior'],
  isAway: boolean,
): void {
  const invoice = sandbox.get('invoice', invoiceId)
  if (invoice.status !== 'open') return
  if (behavior === 'default_incomplete' || invoice.collection_method === 'send_invoice') return
  if (methodFor(sandbox, invoice) === undefined)
    throw invalid(
      'This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.',
      undefined,
      'resource_missing',
    )
  const declined = attemptPayment(sandbox, invoice.id, { isOnSession: true })
  if (behavior === 'error_if_incomplete' || (isAway && declined?.code === 'authentication_required'))
    throwUnlessPaid(sandbox, invoice.id, declined)
}

/** The first, shorter period: by seconds of the whole one that ends at the anchor. */
export function partial(line: DraftLine, anchor: Seconds, now: Seconds): DraftLine {
  const { interval = 'month', interval_count: count = 1 } = line.price?.recurring ?? {}
  const start = addInterval(anchor, interval, -count)
  const whole = BigInt(anchor - start)
  const amount = Number(divideRounded(BigInt(line.amount) * BigInt(anchor - now), whole))
  return { ...line, amount, period: { start: now, end: anchor } }
}
