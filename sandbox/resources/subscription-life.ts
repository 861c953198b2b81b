import type { Invoice } from '../core/objects/invoices.ts'
import type { Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { periodEnd } from './calendar.ts'
import { isDue, subscriptionLines } from './invoice-draft.ts'
import { pendingItems } from './invoice-items.ts'
import { subscriptionOf } from './invoice-payment.ts'
import { previewInvoice } from './invoice-preview.ts'
import { voidInvoice } from './invoices.ts'
import { isMetered } from './proration.ts'
import { invoicesOf, renewalInvoice } from './subscription-billing.ts'
import { currentPeriod, itemList } from './subscription-items.ts'
import { endSubscription, plan } from './subscriptions.ts'

/**
 * How a subscription goes from state to state: by time, and by what becomes of its invoices.
 *
 *     incomplete ── paid ──> active ── failed ──> past_due ── retries spent ──> unpaid | canceled
 *         │ 23 hours           ^  ^                   │ paid                       │ paid
 *         v                    │  └───────────────────┴────────────────────────────┘
 *     incomplete_expired    trialing ── no payment method ──> paused | canceled
 *
 * https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
 */
export function moveSubscriptions(sandbox: Sandbox): void {
  const alive = (id: string): Subscription | undefined => {
    const subscription = sandbox.find('subscription', id)
    const isOver = ['canceled', 'incomplete_expired', 'paused'].includes(subscription?.status ?? 'canceled')
    return isOver ? undefined : subscription
  }
  const happens = (kind: string, happening: (subscription: Subscription, now: number) => void) =>
    sandbox.happens(kind, (id) => {
      const subscription = alive(id)
      if (subscription) happening(subscription, sandbox.clockOf(subscription).now)
    })

  happens('subscription.expire', (subscription) => {
    if (subscription.status === 'incomplete') expire(sandbox, subscription)
  })
  happens('subscription.trial_will_end', (subscription) => {
    if (subscription.status === 'trialing') sandbox.emit('customer.subscription.trial_will_end', subscription)
  })
  happens('subscription.upcoming', (subscription, now) => {
    const { end } = currentPeriod(subscription)
    const isThisPeriod = now >= end - sandbox.settings.upcomingDays * 86_400 && now < end
    if (!isThisPeriod || subscription.status === 'incomplete' || subscription.cancel_at_period_end) return
    const { id: _none, ...upcoming } = previewInvoice(sandbox, subscription)
    sandbox.emit('invoice.upcoming', upcoming)
  })
  happens('subscription.cancel', (subscription, now) => {
    if (!isDue(subscription.cancel_at, now)) return
    finish(sandbox, subscription)
  })
  happens('subscription.renew', (subscription, now) => {
    if (currentPeriod(subscription).end > now || subscription.status === 'incomplete') return
    if (isDue(subscription.cancel_at, now)) finish(sandbox, subscription)
    else if (subscription.status === 'trialing') endTrial(sandbox, subscription)
    else renew(sandbox, subscription)
  })
  sandbox.on<Invoice>('invoice.paid', (invoice) => onPaid(sandbox, invoice))
  sandbox.on<Invoice>('invoice.payment_failed', (invoice) => onFailed(sandbox, invoice))
  sandbox.on<{ id: string }>('customer.deleted', ({ id }) => {
    for (const subscription of [...sandbox.table('subscription').newestFirst()]) {
      if (subscription.customer === id && alive(subscription.id)) endSubscription(sandbox, subscription.id)
    }
  })
}

/** The next period begins, and is billed. */
export function renew(sandbox: Sandbox, subscription: Subscription, status = subscription.status): void {
  const used = currentPeriod(subscription)
  const { interval = 'month', interval_count: count = 1 } = subscription.items.data[0]?.price.recurring ?? {}
  const end = periodEnd(subscription.billing_cycle_anchor, used.end, interval, count)
  const items = subscription.items.data.map((item) => ({
    ...item,
    current_period_end: end,
    current_period_start: used.end,
  }))
  const next = sandbox.change(
    'subscription',
    subscription.id,
    { items: itemList(subscription.id, items), status },
    false,
  )
  // What was used of a trial, or before a pause, is free.
  const lines = subscriptionLines(sandbox, next, status === subscription.status ? { used } : {})
  renewalInvoice(sandbox, next, used, lines)
  const renewed = sandbox.get('subscription', subscription.id)
  sandbox.emit('customer.subscription.updated', renewed, {
    items: subscription.items,
    latest_invoice: subscription.latest_invoice,
    ...(status === subscription.status ? {} : { status: subscription.status }),
  })
  plan(sandbox, renewed)
}

/** Active from then on, though no money has come yet: its first invoice is a draft for an hour. */
function endTrial(sandbox: Sandbox, subscription: Subscription): void {
  const customer = sandbox.get('customer', subscription.customer)
  const hasMethod =
    subscription.default_payment_method !== null || customer.invoice_settings.default_payment_method !== null
  const behavior = subscription.trial_settings.end_behavior.missing_payment_method
  if (!hasMethod && behavior === 'cancel') {
    endSubscription(sandbox, subscription.id, { reason: 'payment_failed' })
    return
  }
  if (!hasMethod && behavior === 'pause') {
    const paused = sandbox.change('subscription', subscription.id, { status: 'paused' })
    sandbox.emit('customer.subscription.paused', paused)
    return
  }
  renew(sandbox, subscription, 'active')
}

/** The end that was asked for: what was used and what waits is billed, and then nothing more. */
function finish(sandbox: Sandbox, subscription: Subscription): void {
  const used = currentPeriod(subscription)
  const lines = subscriptionLines(sandbox, subscription, { used }).filter(
    ({ price, amount }) => price && isMetered(price) && amount > 0,
  )
  const waiting = pendingItems(sandbox, subscription.customer, subscription.id)
  const last =
    lines.length + waiting.length > 0 ? renewalInvoice(sandbox, subscription, used, lines) : undefined
  endSubscription(sandbox, subscription.id, { last: last?.id })
}

function expire(sandbox: Sandbox, subscription: Subscription): void {
  const { now } = sandbox.clockOf(subscription)
  sandbox.change('subscription', subscription.id, { ended_at: now, status: 'incomplete_expired' })
  if (
    subscription.latest_invoice !== null &&
    sandbox.get('invoice', subscription.latest_invoice).status === 'open'
  )
    voidInvoice(sandbox, subscription.latest_invoice)
}

function onPaid(sandbox: Sandbox, invoice: Invoice): void {
  const subscription = sandbox.find('subscription', subscriptionOf(invoice))
  const stillOwes = sandbox
    .table('invoice')
    .ofCustomer(invoice.customer)
    .some(({ status, attempt_count: attempts }) => status === 'open' && attempts > 0)
  if (!stillOwes && sandbox.find('customer', invoice.customer)?.delinquent)
    sandbox.change('customer', invoice.customer, { delinquent: false })
  if (!subscription) return
  keepMethod(sandbox, subscription, invoice)
  const isBehind = ['incomplete', 'past_due', 'unpaid'].includes(subscription.status)
  const owes = invoicesOf(sandbox, subscription).some(
    ({ status, attempted }) => status === 'open' && attempted,
  )
  if (isBehind && !owes) sandbox.change('subscription', subscription.id, { status: 'active' })
}

function onFailed(sandbox: Sandbox, invoice: Invoice): void {
  const subscription = sandbox.find('subscription', subscriptionOf(invoice))
  if (
    !subscription ||
    // A change that waits for its payment takes nothing from what is there.
    sandbox.pendingUpdates.has(invoice.id) ||
    ['canceled', 'incomplete', 'incomplete_expired', 'unpaid'].includes(subscription.status)
  )
    return
  const isSpent =
    invoice.next_payment_attempt === null && invoice.attempt_count > sandbox.settings.retryDays.length
  if (!isSpent) {
    sandbox.change('subscription', subscription.id, { status: 'past_due' })
    return
  }
  const { afterRetries } = sandbox.settings
  if (afterRetries === 'canceled') endSubscription(sandbox, subscription.id, { reason: 'payment_failed' })
  else sandbox.change('subscription', subscription.id, { status: afterRetries })
}

/** The card that paid is kept for what comes, where the subscription wants that. */
function keepMethod(sandbox: Sandbox, subscription: Subscription, invoice: Invoice): void {
  if (subscription.payment_settings.save_default_payment_method !== 'on_subscription') return
  const intent = sandbox.find('payment_intent', sandbox.invoiceIntents.get(invoice.id))
  if (intent?.payment_method)
    sandbox.change('subscription', subscription.id, { default_payment_method: intent.payment_method })
}
