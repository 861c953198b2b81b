import type { PaymentMethod } from '../core/objects/customers.ts'
import type { Invoice } from '../core/objects/invoices.ts'
import type { Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { day } from './calendar.ts'
import { confirmIntent } from './payment-confirmation.ts'
import { cancelIntent, createIntent } from './payment-intents.ts'
import type { Decline } from './test-cards.ts'

export type Payment = {
  method?: string | undefined
  /** Whether somebody asked for it, and is there to confirm. */
  isOnSession?: boolean
  isManual?: boolean
}

/**
 * Tries to take an open invoice's money.
 * @returns why it did not come, where it did not; undefined too where its holder has to confirm first
 */
export function attemptPayment(
  sandbox: Sandbox,
  id: string,
  { method, isOnSession = false, isManual = false }: Payment = {},
): Decline | undefined {
  const invoice = sandbox.get('invoice', id)
  if (invoice.collection_method === 'send_invoice' && !isManual) return undefined
  const chosen = method ?? methodFor(sandbox, invoice)
  const intentId = sandbox.invoiceIntents.get(id)
  if (intentId === undefined) throw new Error(`${id} has no payment intent`)
  const outcome = chosen
    ? confirmIntent(sandbox, intentId, { payment_method: chosen, off_session: !isOnSession })
    : { intent: sandbox.get('payment_intent', intentId), declined: noMethod }
  const { declined, intent } = outcome
  if (intent.status === 'succeeded') return undefined
  const attempts =
    invoice.attempt_count === 0 || !isManual ? invoice.attempt_count + 1 : invoice.attempt_count
  const next = declined && !isOnSession ? nextAttempt(sandbox, invoice, attempts) : null
  sandbox.change('invoice', id, {
    attempt_count: attempts,
    attempted: true,
    ...(isManual && invoice.attempt_count > 0 ? {} : { next_payment_attempt: next }),
  })
  const failed = sandbox.get('invoice', id)
  if (!declined || declined.code === 'authentication_required')
    sandbox.emit('invoice.payment_action_required', failed)
  sandbox.change('customer', invoice.customer, { delinquent: true })
  sandbox.emit('invoice.payment_failed', failed)
  return declined
}

/** Paid, with money that came or without any that was due. */
export function markPaid(sandbox: Sandbox, id: string): Invoice {
  const invoice = sandbox.get('invoice', id)
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') return invoice
  const { now } = sandbox.clockOf(invoice)
  const payment = sandbox.find('invoice_payment', sandbox.invoicePayments.get(id))
  if (payment?.status === 'open') {
    const paid = sandbox.change('invoice_payment', payment.id, {
      amount_paid: invoice.amount_due,
      status: 'paid',
      status_transitions: { canceled_at: null, paid_at: now },
    })
    sandbox.emit('invoice_payment.paid', paid)
  }
  sandbox.change('invoice', id, {
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    attempt_count: invoice.amount_due > 0 && invoice.attempt_count === 0 ? 1 : invoice.attempt_count,
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    status: 'paid',
    status_transitions: { ...invoice.status_transitions, paid_at: now },
  })
  const paid = sandbox.get('invoice', id)
  sandbox.emit('invoice.paid', paid)
  sandbox.emit('invoice.payment_succeeded', paid)
  return sandbox.get('invoice', id)
}

/** Nobody will pay for it any more. */
export function giveUpPayment(sandbox: Sandbox, id: string): void {
  const intentId = sandbox.invoiceIntents.get(id)
  const intent = sandbox.find('payment_intent', intentId)
  if (intent && intent.status !== 'succeeded' && intent.status !== 'canceled')
    cancelIntent(sandbox, intent.id, 'void_invoice')
  const payment = sandbox.find('invoice_payment', sandbox.invoicePayments.get(id))
  if (payment?.status !== 'open') return
  const { now } = sandbox.clockOf(sandbox.get('invoice', id))
  sandbox.change('invoice_payment', payment.id, {
    status: 'canceled',
    status_transitions: { canceled_at: now, paid_at: null },
  })
}

export const subscriptionOf = (invoice: Invoice): string | undefined =>
  invoice.parent?.subscription_details?.subscription

/** Its own, then the subscription's, then the customer's. */
export function methodFor(sandbox: Sandbox, invoice: Invoice): string | undefined {
  const subscription: Subscription | undefined = sandbox.find('subscription', subscriptionOf(invoice))
  const customer = sandbox.find('customer', invoice.customer)
  const chosen =
    invoice.default_payment_method ??
    subscription?.default_payment_method ??
    customer?.invoice_settings.default_payment_method
  const method: PaymentMethod | undefined = sandbox.find('payment_method', chosen)
  return method?.id
}

const noMethod: Decline = {
  code: 'resource_missing',
  message:
    'This customer has no attached payment source or default payment method. Please consider adding a default payment method.',
}

export function openPayment(sandbox: Sandbox, invoice: Invoice): void {
  const subscription = sandbox.find('subscription', subscriptionOf(invoice))
  const keepsMethod = subscription?.payment_settings.save_default_payment_method === 'on_subscription'
  const intent = createIntent(sandbox, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    description: subscription
      ? invoice.billing_reason === 'subscription_create'
        ? 'Subscription creation'
        : 'Subscription update'
      : `Payment for Invoice ${invoice.number}`,
    ...(keepsMethod ? { setup_future_usage: 'off_session' as const } : {}),
  })
  sandbox.intentInvoices.set(intent.id, invoice.id)
  sandbox.invoiceIntents.set(invoice.id, intent.id)
  const payment = sandbox.create(
    'invoice_payment',
    {
      amount_paid: null,
      amount_requested: invoice.amount_due,
      currency: invoice.currency,
      invoice: invoice.id,
      is_default: true,
      payment: { type: 'payment_intent', payment_intent: intent.id },
      status: 'open',
    },
    sandbox.clockOf(invoice),
  )
  sandbox.invoicePayments.set(invoice.id, payment.id)
}

function nextAttempt(sandbox: Sandbox, invoice: Invoice, attempts: number): number | null {
  const days = sandbox.settings.retryDays[attempts - 1]
  if (days === undefined || !invoice.auto_advance) return null
  const clock = sandbox.clockOf(invoice)
  const at = clock.now + days * day
  clock.schedule(at, 'invoice.retry', invoice.id)
  return at
}
