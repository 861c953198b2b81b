import { difference } from '../core/difference.ts'
import type { Period, Seconds } from '../core/objects/base.ts'
import type { Subscription, SubscriptionItem } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, missing, StripeError } from '../http/errors.ts'
import { hour } from './calendar.ts'
import { type DraftLine, subscriptionLines } from './invoice-draft.ts'
import { pendingItems } from './invoice-items.ts'
import { hasOtherInterval, itemChanges, prorateItem } from './item-changes.ts'
import { awaitPayment, debitsOf } from './pending-updates.ts'
import { credit, isMetered, replaceMetered } from './proration.ts'
import { assertUnmanaged, followInPhase } from './schedule-beside.ts'
import { invoiceFor, settleNow } from './subscription-billing.ts'
import { type ChangeParams, fieldsOf } from './subscription-fields.ts'
import { currentPeriod, endOf, itemList } from './subscription-items.ts'
import { assertOffered, endSubscription, plan } from './subscriptions.ts'

/** Changes a subscription; prices and quantities in the middle of a period are prorated by the second. */
export function changeSubscription(sandbox: Sandbox, id: string, params: ChangeParams): Subscription {
  const before = sandbox.get('subscription', id)
  if (['canceled', 'incomplete_expired'].includes(before.status))
    throw invalid(
      'A canceled subscription can only update its cancellation_details and metadata.',
      undefined,
      'resource_missing',
    )
  assertOffered(params)
  assertPending(params)
  assertUnmanaged(before, params)
  const clock = sandbox.clockOf(before)
  const at = params.proration_date ?? clock.now
  const period = currentPeriod(before)
  if (at < period.start || at > period.end)
    throw invalid('Cannot specify proration_date outside of the current period.', 'proration_date')
  const behavior = params.proration_behavior ?? 'create_prorations'
  const changes = itemChanges(sandbox, before, params.items ?? [])
  const kept = changes.flatMap(({ after }) => (after ? [after] : []))
  if (kept.length === 0) throw invalid('A subscription must have at least one active plan.', 'items')
  if (changes.some(({ before: item, after }) => item && after && item.quantity !== after.quantity))
    countQuantityChange(sandbox, id, clock.now)
  const trialEnds = params.trial_end === 'now' && before.status === 'trialing'
  const staysTrial = before.status === 'trialing' && params.trial_end === undefined
  const startsAnew =
    trialEnds ||
    params.billing_cycle_anchor === 'now' ||
    (hasOtherInterval(before, kept) && !staysTrial) ||
    typeof params.trial_end === 'number'
  const next = newPeriod(params, before, kept, clock.now, startsAnew)
  const items = kept.map((item) => ({
    ...item,
    current_period_end: next.end,
    current_period_start: next.start,
  }))
  const endsWithPeriod =
    params.cancel_at_period_end ?? (before.cancel_at_period_end && params.cancel_at === undefined)
  const debits = debitsOf(sandbox, before)
  const isBilled = before.status !== 'trialing' && before.status !== 'incomplete'
  if (isBilled && behavior !== 'none') {
    for (const change of changes) prorateItem(sandbox, before, change, at, startsAnew)
  }
  for (const change of changes) replaceMetered(sandbox, before, change, isBilled && behavior !== 'none')
  for (const { before: item, after } of changes) {
    if (!item && after) sandbox.itemOwners.set(after.id, id)
  }
  const changed = sandbox.change(
    'subscription',
    id,
    {
      ...fieldsOf(sandbox, before, params, clock.now),
      items: itemList(id, items),
      // The end of the period is another one now.
      ...(startsAnew && endsWithPeriod ? { cancel_at: next.end } : {}),
      ...(startsAnew
        ? { billing_cycle_anchor: typeof params.trial_end === 'number' ? params.trial_end : clock.now }
        : {}),
      ...(trialEnds ? { status: 'active', trial_end: clock.now } : {}),
      ...(typeof params.trial_end === 'number'
        ? { status: 'trialing', trial_end: params.trial_end, trial_start: before.trial_start ?? clock.now }
        : {}),
    } as Partial<Subscription>,
    false,
  )
  const lines = startsAnew ? linesAhead(sandbox, changed, period, isBilled) : []
  const waits = pendingItems(sandbox, before.customer, id).length > 0
  const takesWaiting = isBilled && (startsAnew || behavior === 'always_invoice')
  const isInvoiced = lines.length > 0 || (takesWaiting && waits)
  const invoice = isInvoiced ? invoiceFor(sandbox, changed, 'subscription_update', lines) : undefined
  const after = sandbox.get('subscription', id)
  const previous = difference(before, after)
  if (previous) sandbox.emit('customer.subscription.updated', after, previous)
  followInPhase(sandbox, after)
  plan(sandbox, after)
  if (invoice)
    settleNow(sandbox, invoice.id, { behavior: params.payment_behavior, isAway: params.off_session ?? false })
  const isOpen = invoice && sandbox.get('invoice', invoice.id).status === 'open'
  if (isOpen && params.payment_behavior === 'pending_if_incomplete')
    awaitPayment(sandbox, before, debits, invoice.id)
  return sandbox.get('subscription', id)
}

/** Ends a subscription at once; with `prorate` what is left of its period is given back. */
export function cancelNow(
  sandbox: Sandbox,
  id: string,
  params: {
    invoice_now?: boolean
    prorate?: boolean
    cancellation_details?: { comment?: string; feedback?: string }
  },
): Subscription {
  const subscription = sandbox.get('subscription', id)
  if (['canceled', 'incomplete_expired'].includes(subscription.status)) throw missing('subscription', id)
  const { now } = sandbox.clockOf(subscription)
  if (params.prorate) {
    for (const item of subscription.items.data)
      credit(sandbox, subscription, { price: item.price, quantity: item.quantity, item }, now)
  }
  const lines = subscriptionLines(sandbox, subscription, {
    used: { start: currentPeriod(subscription).start, end: now },
  }).filter(({ price, amount }) => price && isMetered(price) && amount > 0)
  const waits = pendingItems(sandbox, subscription.customer, id).length > 0
  const last =
    params.invoice_now && (lines.length > 0 || waits)
      ? invoiceFor(sandbox, subscription, 'subscription_update', lines)
      : undefined
  const { comment, feedback } = params.cancellation_details ?? {}
  endSubscription(sandbox, id, { comment: comment ?? null, feedback: feedback ?? null, last: last?.id })
  if (last) settleNow(sandbox, last.id, { behavior: 'allow_incomplete', isAway: true })
  return sandbox.get('subscription', id)
}

/** @throws StripeError 429 where there were too many, if there is a limit */
function countQuantityChange(sandbox: Sandbox, id: string, now: Seconds): void {
  const limit = sandbox.settings.quantityChangesAnHour
  const before = sandbox.quantityChanges.get(id) ?? []
  const recent = before.filter((time) => time > now - hour)
  if (limit !== null && recent.length >= limit)
    throw new StripeError(
      429,
      'invalid_request_error',
      `The quantity of ${id} was updated ${limit} times within an hour. Please try again later.`,
      { code: 'rate_limit' },
    )
  sandbox.quantityChanges.set(id, [...recent, now])
  sandbox.undo(() => sandbox.quantityChanges.set(id, before))
}

const whatMayWait = new Set([
  ...['billing_cycle_anchor', 'items', 'off_session', 'payment_behavior', 'proration_behavior'],
  ...['proration_date', 'trial_end'],
])

/** @throws StripeError where something else would have to wait for the payment as well */
function assertPending(params: ChangeParams): void {
  if (params.payment_behavior !== 'pending_if_incomplete') return
  const [other] = Object.keys(params).filter((name) => !whatMayWait.has(name))
  if (other !== undefined)
    throw invalid(
      `When payment_behavior is set to pending_if_incomplete, you can only pass supported params. You passed unsupported params: ${other}.`,
      other,
    )
}

function newPeriod(
  params: ChangeParams,
  before: Subscription,
  items: readonly SubscriptionItem[],
  now: Seconds,
  startsAnew: boolean,
): Period {
  if (!startsAnew) return currentPeriod(before)
  if (typeof params.trial_end === 'number') {
    if (params.trial_end <= now) throw invalid('trial_end must be a timestamp in the future.', 'trial_end')
    return { start: now, end: params.trial_end }
  }
  return {
    start: now,
    end: endOf(
      items.map(({ price }) => price),
      now,
      now,
    ),
  }
}

/** The whole period ahead, and what was used in the one that is cut short. */
function linesAhead(
  sandbox: Sandbox,
  subscription: Subscription,
  before: Period,
  isBilled: boolean,
): DraftLine[] {
  const { now } = sandbox.clockOf(subscription)
  if (subscription.status === 'trialing') return subscriptionLines(sandbox, subscription, { isFree: true })
  const used = { start: before.start, end: now }
  return subscriptionLines(sandbox, subscription, isBilled ? { used } : {})
}
