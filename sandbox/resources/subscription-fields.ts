import type { Metadata, Seconds } from '../core/objects/base.ts'
import type { Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { type DiscountParams, redeem } from './coupons.ts'
import { given, merged } from './metadata.ts'
import { currentPeriod } from './subscription-items.ts'
import { automaticTax, ownMethod, type SubscriptionParams } from './subscriptions.ts'

export type Proration = 'always_invoice' | 'create_prorations' | 'none'

export type ChangeParams = Omit<
  Partial<SubscriptionParams>,
  'billing_cycle_anchor' | 'cancel_at' | 'customer' | 'trial_end'
> & {
  billing_cycle_anchor?: 'now' | 'unchanged'
  cancel_at?: Seconds | '' | string
  cancellation_details?: { comment?: string; feedback?: string }
  proration_behavior?: Proration
  proration_date?: Seconds
  trial_end?: Seconds | 'now'
}

export function fieldsOf(
  sandbox: Sandbox,
  before: Subscription,
  params: ChangeParams,
  now: Seconds,
): Partial<Subscription> {
  const {
    metadata,
    discounts,
    default_payment_method: method,
    payment_settings: settings,
    trial_settings: trial,
  } = params
  return {
    ...given(params, ['collection_method', 'days_until_due', 'description']),
    ...(params.automatic_tax ? { automatic_tax: automaticTax(params.automatic_tax.enabled) } : {}),
    ...(method === undefined ? {} : { default_payment_method: ownMethod(sandbox, method, before.customer) }),
    ...(discounts === undefined ? {} : { discounts: discountsOf(sandbox, before, discounts) }),
    ...(trial ? { trial_settings: trial } : {}),
    ...(settings?.save_default_payment_method
      ? {
          payment_settings: {
            ...before.payment_settings,
            save_default_payment_method: settings.save_default_payment_method,
          },
        }
      : {}),
    metadata: merged(before.metadata, metadata as Metadata | '' | undefined),
    ...cancellation(before, params, now),
  }
}

const discountsOf = (
  sandbox: Sandbox,
  { customer, id }: Subscription,
  discounts: DiscountParams[] | '',
): string[] =>
  (discounts || []).map((one) =>
    one.discount === undefined
      ? redeem(sandbox, one, { customer, subscription: id }).id
      : sandbox.get('discount', one.discount, 'discounts').id,
  )

/** At the period's end, at a time, or not any more. */
function cancellation(before: Subscription, params: ChangeParams, now: Seconds): Partial<Subscription> {
  const { cancel_at: at, cancel_at_period_end: atEnd, cancellation_details: details } = params
  const told = { comment: details?.comment ?? null, feedback: details?.feedback ?? null }
  const reason = 'cancellation_requested'
  if (atEnd === true)
    return {
      cancel_at: currentPeriod(before).end,
      cancel_at_period_end: true,
      canceled_at: before.canceled_at ?? now,
      cancellation_details: { ...told, reason },
    }
  if (typeof at === 'number') {
    if (at <= now) throw invalid('cancel_at must be a timestamp in the future.', 'cancel_at')
    return {
      cancel_at: at,
      cancel_at_period_end: false,
      canceled_at: now,
      cancellation_details: { ...told, reason },
    }
  }
  if (atEnd === false || at === '')
    return {
      cancel_at: null,
      cancel_at_period_end: false,
      canceled_at: null,
      cancellation_details: { ...told, reason: null },
    }
  return details ? { cancellation_details: { ...before.cancellation_details, ...told } } : {}
}
