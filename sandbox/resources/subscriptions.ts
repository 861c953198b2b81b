import type { Metadata, Seconds } from '../core/objects/base.ts'
import type { Price } from '../core/objects/catalog.ts'
import type { Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, notOffered } from '../http/errors.ts'
import { day, hour } from './calendar.ts'
import { type DiscountParams, redeem } from './coupons.ts'
import { subscriptionLines } from './invoice-draft.ts'
import { finalizeInvoice } from './invoices.ts'
import { merged } from './metadata.ts'
import { methodOf } from './payment-methods.ts'
import { invoiceFor, invoicesOf, partial, settleFirst } from './subscription-billing.ts'
import {
  commonCurrency,
  currentPeriod,
  endOf,
  type ItemParams,
  itemList,
  newItem,
  priceOf,
} from './subscription-items.ts'

export type SubscriptionParams = {
  automatic_tax?: { enabled: boolean }
  billing_cycle_anchor?: Seconds
  billing_mode?: { type: string }
  cancel_at?: Seconds
  cancel_at_period_end?: boolean
  collection_method?: Subscription['collection_method']
  currency?: string
  customer: string
  days_until_due?: number
  default_payment_method?: string
  description?: string
  discounts?: DiscountParams[] | ''
  items?: ItemParams[]
  metadata?: Metadata | ''
  off_session?: boolean
  payment_behavior?:
    | 'allow_incomplete'
    | 'default_incomplete'
    | 'error_if_incomplete'
    | 'pending_if_incomplete'
  payment_settings?: { save_default_payment_method?: 'off' | 'on_subscription' }
  proration_behavior?: string
  trial_end?: Seconds | 'now'
  trial_period_days?: number
  trial_settings?: Subscription['trial_settings']
}

/** Stripe gives 23 hours to pay for a new subscription. */
const timeToComplete = 23 * hour

/** `customer.subscription.trial_will_end` comes so long before. */
const trialNotice = 3 * day

/** Starts one, with its first invoice. Nothing is left of it where its payment has to succeed and does not. */
export function createSubscription(sandbox: Sandbox, params: SubscriptionParams): Subscription {
  const customer = sandbox.get('customer', params.customer, 'customer')
  const clock = sandbox.clockOf(customer)
  assertOffered(params)
  if (params.payment_behavior === 'pending_if_incomplete')
    throw invalid(
      'payment_behavior `pending_if_incomplete` can only be used when updating a subscription.',
      'payment_behavior',
    )
  const { items: givenItems = [], payment_behavior: behavior = 'allow_incomplete' } = params
  if (givenItems.length === 0) throw invalid('Missing required param: items.', 'items', 'parameter_missing')
  const trialEnd = trialEndOf(params, clock.now)
  const anchor = trialEnd ?? params.billing_cycle_anchor ?? clock.now
  if (anchor < clock.now) throw invalid('billing_cycle_anchor cannot be in the past.', 'billing_cycle_anchor')
  const id = sandbox.ids.next('sub')
  const prices = givenItems.map((item, place) => priceOf(sandbox, item, `items[${place}]`))
  const currency = commonCurrency(prices)
  const period = { start: clock.now, end: trialEnd ?? endOf(prices, anchor, clock.now) }
  const items = givenItems.map((item, place) => newItem(sandbox, id, item, prices[place] as Price, period))
  const discounts = (params.discounts || []).map(
    (discount) => redeem(sandbox, discount, { customer: customer.id, subscription: id }).id,
  )
  const isInvoiced = params.collection_method === 'send_invoice'
  if (isInvoiced && params.days_until_due === undefined)
    throw invalid('You must pass days_until_due with collection_method=send_invoice.', 'days_until_due')
  const subscription = sandbox.make(
    'subscription',
    {
      id,
      automatic_tax: automaticTax(params.automatic_tax?.enabled ?? false),
      billing_cycle_anchor: anchor,
      billing_mode: { type: 'flexible', flexible: { proration_discounts: 'included' } },
      cancel_at: params.cancel_at ?? (params.cancel_at_period_end ? period.end : null),
      cancel_at_period_end: params.cancel_at_period_end ?? false,
      canceled_at: params.cancel_at_period_end || params.cancel_at ? clock.now : null,
      cancellation_details: { comment: null, feedback: null, reason: null },
      collection_method: params.collection_method ?? 'charge_automatically',
      currency,
      customer: customer.id,
      days_until_due: params.days_until_due ?? null,
      default_payment_method: ownMethod(sandbox, params.default_payment_method, customer.id),
      description: params.description ?? null,
      discounts,
      items: itemList(id, items),
      metadata: merged({}, params.metadata),
      payment_settings: {
        payment_method_options: null,
        payment_method_types: null,
        save_default_payment_method: params.payment_settings?.save_default_payment_method ?? 'off',
      },
      start_date: clock.now,
      status: trialEnd === undefined ? (isInvoiced ? 'active' : 'incomplete') : 'trialing',
      test_clock: customer.test_clock,
      trial_end: trialEnd ?? null,
      trial_settings: params.trial_settings ?? { end_behavior: { missing_payment_method: 'create_invoice' } },
      trial_start: trialEnd === undefined ? null : clock.now,
    },
    clock,
  )
  sandbox.table('subscription').insert(subscription)
  for (const item of items) sandbox.itemOwners.set(item.id, id)
  plan(sandbox, subscription)
  const isTrial = trialEnd !== undefined
  // A first period that ends at a given anchor is shorter, and costs less.
  const isPartial = !isTrial && anchor > clock.now
  const lines = subscriptionLines(sandbox, subscription, { isFree: isTrial })
  const billed = isPartial ? lines.map((line) => partial(line, anchor, clock.now)) : lines
  const invoice = invoiceFor(sandbox, subscription, 'subscription_create', billed)
  sandbox.emit('customer.subscription.created', sandbox.get('subscription', id))
  finalizeInvoice(sandbox, invoice.id)
  settleFirst(sandbox, invoice.id, behavior, params.off_session ?? false)
  return sandbox.get('subscription', id)
}

export type End = {
  /** As in `cancellation_details`. */
  reason?: string
  comment?: string | null
  feedback?: string | null
  /** The invoice that is still to be paid. */
  last?: string | undefined
}

/** Ends one at once. Of its other invoices nobody is asked to pay any more. */
export function endSubscription(
  sandbox: Sandbox,
  id: string,
  { reason = 'cancellation_requested', comment = null, feedback = null, last }: End = {},
): Subscription {
  const subscription = sandbox.get('subscription', id)
  const { now } = sandbox.clockOf(subscription)
  const ended = sandbox.change(
    'subscription',
    id,
    {
      canceled_at: subscription.canceled_at ?? now,
      cancellation_details: { ...subscription.cancellation_details, comment, feedback, reason },
      ended_at: now,
      status: subscription.status === 'incomplete' ? 'incomplete_expired' : 'canceled',
    },
    false,
  )
  sandbox.emit('customer.subscription.deleted', ended)
  for (const invoice of invoicesOf(sandbox, subscription)) {
    if (invoice.id !== last && (invoice.status === 'open' || invoice.status === 'draft'))
      sandbox.change('invoice', invoice.id, { auto_advance: false, next_payment_attempt: null })
  }
  return sandbox.get('subscription', id)
}

/** Plans what happens to a subscription by itself; each looks again when it is due. */
export function plan(sandbox: Sandbox, subscription: Subscription): void {
  const clock = sandbox.clockOf(subscription)
  const { id, trial_end: trialEnd, cancel_at: cancelAt, status } = subscription
  const end = currentPeriod(subscription).end
  if (status === 'trialing' && trialEnd !== null)
    clock.schedule(Math.max(clock.now, trialEnd - trialNotice), 'subscription.trial_will_end', id)
  if (status === 'incomplete') clock.schedule(clock.now + timeToComplete, 'subscription.expire', id)
  if (cancelAt !== null && cancelAt !== end) clock.schedule(cancelAt, 'subscription.cancel', id)
  const notice = end - sandbox.settings.upcomingDays * day
  if (notice > clock.now) clock.schedule(notice, 'subscription.upcoming', id)
  clock.schedule(end, 'subscription.renew', id)
}

export function ownMethod(sandbox: Sandbox, id: string | undefined, customer: string): string | null {
  if (!id) return null
  const method = methodOf(sandbox, id, 'default_payment_method')
  if (method.customer !== customer)
    throw invalid(
      `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`,
      'default_payment_method',
      'resource_missing',
    )
  return method.id
}

export const automaticTax = (enabled: boolean): Subscription['automatic_tax'] => ({
  enabled,
  disabled_reason: null,
  liability: enabled ? { type: 'self' } : null,
})

export function assertOffered({ billing_mode: mode }: Pick<SubscriptionParams, 'billing_mode'>): void {
  if (mode && mode.type !== 'flexible') throw notOffered(`billing_mode ${mode.type}`, 'billing_mode')
}

function trialEndOf(
  { trial_end: end, trial_period_days: days }: SubscriptionParams,
  now: Seconds,
): Seconds | undefined {
  if (end === 'now') return undefined
  if (end !== undefined && days !== undefined)
    throw invalid('You may only specify one of these parameters: trial_end, trial_period_days.', 'trial_end')
  if (end !== undefined && end <= now)
    throw invalid('trial_end must be a timestamp in the future.', 'trial_end')
  return end ?? (days ? now + days * day : undefined)
}
