import type { Base, List, Metadata, Seconds } from './base.ts'
import type { Price } from './catalog.ts'

type SubscriptionStatus =
  | 'active'
  | 'canceled'
  | 'incomplete'
  | 'incomplete_expired'
  | 'past_due'
  | 'paused'
  | 'trialing'
  | 'unpaid'

/** Metered items have no quantity. */
export type SubscriptionItem = {
  id: string
  object: 'subscription_item'
  created: Seconds
  current_period_end: Seconds
  current_period_start: Seconds
  discounts: string[]
  metadata: Metadata
  price: Price
  quantity?: number
  subscription: string
  tax_rates: []
}

export type Subscription = Base<'subscription'> & {
  automatic_tax: { enabled: boolean; disabled_reason: null; liability: { type: 'self' } | null }
  billing_cycle_anchor: Seconds
  billing_mode: {
    type: 'classic' | 'flexible'
    flexible: { proration_discounts: 'included' | 'itemized' } | null
  }
  cancel_at: Seconds | null
  cancel_at_period_end: boolean
  canceled_at: Seconds | null
  cancellation_details: { comment: string | null; feedback: string | null; reason: string | null }
  collection_method: 'charge_automatically' | 'send_invoice'
  currency: string
  customer: string
  days_until_due: number | null
  default_payment_method: string | null
  description: string | null
  discounts: string[]
  ended_at: Seconds | null
  items: List<SubscriptionItem>
  latest_invoice: string | null
  metadata: Metadata
  pause_collection: { behavior: string; resumes_at: Seconds | null } | null
  payment_settings: {
    payment_method_options: null
    payment_method_types: null
    save_default_payment_method: 'off' | 'on_subscription'
  }
  pending_setup_intent: string | null
  pending_update: {
    billing_cycle_anchor: Seconds | null
    discount: null
    discounts: null
    expires_at: Seconds
    metadata: null
    subscription_items: SubscriptionItem[] | null
    trial_end: null
    trial_from_plan: null
  } | null
  schedule: string | null
  start_date: Seconds
  status: SubscriptionStatus
  test_clock: string | null
  trial_end: Seconds | null
  trial_settings: { end_behavior: { missing_payment_method: 'cancel' | 'create_invoice' | 'pause' } }
  trial_start: Seconds | null
}

export type SchedulePhase = {
  start_date: Seconds
  end_date: Seconds
  items: { price: string; quantity?: number; metadata: Metadata }[]
  proration_behavior: 'always_invoice' | 'create_prorations' | 'none'
  trial_end: Seconds | null
  metadata: Metadata | null
  discounts: { coupon: string | null; discount: string | null; promotion_code: string | null }[]
  /** As the subscription has it, unless the phase says it. */
  automatic_tax?: Subscription['automatic_tax']
}

export type Schedule = Base<'subscription_schedule'> & {
  canceled_at: Seconds | null
  completed_at: Seconds | null
  current_phase: { start_date: Seconds; end_date: Seconds } | null
  customer: string
  end_behavior: 'cancel' | 'none' | 'release' | 'renew'
  metadata: Metadata
  phases: SchedulePhase[]
  released_at: Seconds | null
  released_subscription: string | null
  status: 'active' | 'canceled' | 'completed' | 'not_started' | 'released'
  subscription: string | null
  test_clock: string | null
}
