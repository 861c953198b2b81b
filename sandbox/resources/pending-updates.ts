import type { Seconds } from '../core/objects/base.ts'
import type { Invoice } from '../core/objects/invoices.ts'
import type { Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { hour } from './calendar.ts'
import { subscriptionOf } from './invoice-payment.ts'
import { voidInvoice } from './invoices.ts'
import { type ItemDebit, isMetered, rememberDebit } from './proration.ts'
import { currentPeriod } from './subscription-items.ts'
import { plan } from './subscriptions.ts'

/** What a subscription becomes once its invoice is paid. */
export type PendingUpdate = {
  fields: Pick<Subscription, 'items' | 'billing_cycle_anchor'>
  debits: Debits
  /** Items whose usage until then is on the invoice. */
  used: { items: string[]; until: Seconds }
}
/** What each item's time was billed with. */
type Debits = [item: string, debit: ItemDebit | undefined][]

const timeToPay = 23 * hour

export const debitsOf = (sandbox: Sandbox, { items }: Subscription): Debits =>
  items.data.map(({ id }) => [id, sandbox.itemDebits.get(id)])

/**
 * A change whose invoice could not be paid at once waits for that: until then the subscription is as it was. It is
 * dropped after 23 hours, as the period ends, or with its invoice; what was used until then is on that invoice, and is
 * billed by no other one: https://docs.stripe.com/billing/subscriptions/pending-updates
 */
export function awaitPayment(sandbox: Sandbox, before: Subscription, debits: Debits, invoice: string): void {
  const after = sandbox.get('subscription', before.id)
  const clock = sandbox.clockOf(before)
  keep(sandbox, invoice, {
    fields: { items: after.items, billing_cycle_anchor: after.billing_cycle_anchor },
    debits: debitsOf(sandbox, after),
    used: { items: billedItems(before, after), until: clock.now },
  })
  for (const [item, debit] of debits) rememberDebit(sandbox, item, debit)
  const expires: Seconds = Math.min(clock.now + timeToPay, currentPeriod(before).end)
  clock.schedule(expires, 'subscription.pending_update', before.id, 0)
  const asBefore = sandbox.change(
    'subscription',
    before.id,
    {
      ...before,
      latest_invoice: invoice,
      pending_update: {
        billing_cycle_anchor: after.billing_cycle_anchor,
        discount: null,
        discounts: null,
        expires_at: expires,
        metadata: null,
        subscription_items: after.items.data,
        trial_end: null,
        trial_from_plan: null,
      },
    },
    'customer.subscription.updated',
  )
  plan(sandbox, asBefore)
}

/** Applies what is paid, drops what is not. */
export function moveUpdates(sandbox: Sandbox): void {
  sandbox.on<Invoice>('invoice.paid', (invoice) => {
    const update = sandbox.pendingUpdates.get(invoice.id)
    const id = subscriptionOf(invoice)
    if (!update || id === undefined) return
    keep(sandbox, invoice.id, undefined)
    for (const [item, debit] of update.debits) rememberDebit(sandbox, item, debit)
    const applied = sandbox.change(
      'subscription',
      id,
      { ...update.fields, pending_update: null },
      'customer.subscription.updated',
    )
    sandbox.emit('customer.subscription.pending_update_applied', applied)
    plan(sandbox, applied)
  })
  sandbox.on<Invoice>('invoice.voided', (invoice) => {
    const id = subscriptionOf(invoice)
    const update = sandbox.pendingUpdates.get(invoice.id)
    if (!update || id === undefined) return
    keep(sandbox, invoice.id, undefined)
    const { items, until } = update.used
    for (const item of items) rememberDebit(sandbox, item, { amount: 0, start: until, end: until })
    const dropped = sandbox.change('subscription', id, { pending_update: null })
    sandbox.emit('customer.subscription.pending_update_expired', dropped)
  })
  sandbox.happens('subscription.pending_update', (id) => {
    const subscription = sandbox.find('subscription', id)
    const { now } = sandbox.clockOf(subscription ?? {})
    const { pending_update: update, latest_invoice: invoice } = subscription ?? {}
    if (update && update.expires_at <= now && invoice) voidInvoice(sandbox, invoice)
  })
}

/** Those that are metered, and whose price or period would end with the change. */
function billedItems(before: Subscription, after: Subscription): string[] {
  const isNewPeriod = before.billing_cycle_anchor !== after.billing_cycle_anchor
  const goesOn = (id: string, price: string) =>
    !isNewPeriod && after.items.data.some((item) => item.id === id && item.price.id === price)
  return before.items.data
    .filter(({ id, price }) => isMetered(price) && !goesOn(id, price.id))
    .map(({ id }) => id)
}

function keep(sandbox: Sandbox, invoice: string, update: PendingUpdate | undefined): void {
  const before = sandbox.pendingUpdates.get(invoice)
  const put = (value: PendingUpdate | undefined) => {
    if (value) sandbox.pendingUpdates.set(invoice, value)
    else sandbox.pendingUpdates.delete(invoice)
  }
  put(update)
  sandbox.undo(() => put(before))
}
