import type { Base, Cents, Metadata, Seconds } from './base.ts'

export type Product = Base<'product'> & {
  active: boolean
  default_price: string | null
  description: string | null
  images: string[]
  marketing_features: { name?: string }[]
  metadata: Metadata
  name: string
  tax_code: string | null
  unit_label: string | null
  updated: Seconds
  url: string | null
}

export type Interval = 'day' | 'month' | 'week' | 'year'

export type Tier = {
  flat_amount: Cents | null
  flat_amount_decimal: string | null
  unit_amount: Cents | null
  unit_amount_decimal: string | null
  up_to: number | null
}

export type Price = Base<'price'> & {
  active: boolean
  billing_scheme: 'per_unit' | 'tiered'
  currency: string
  lookup_key: string | null
  metadata: Metadata
  nickname: string | null
  product: string
  recurring: {
    interval: Interval
    interval_count: number
    meter: string | null
    usage_type: 'licensed' | 'metered'
  } | null
  tax_behavior: 'exclusive' | 'inclusive' | 'unspecified'
  tiers_mode: 'graduated' | 'volume' | null
  transform_quantity: { divide_by: number; round: 'down' | 'up' } | null
  type: 'one_time' | 'recurring'
  unit_amount: Cents | null
  unit_amount_decimal: string | null
}

export type Coupon = Base<'coupon'> & {
  amount_off: Cents | null
  currency: string | null
  duration: 'forever' | 'once' | 'repeating'
  duration_in_months: number | null
  max_redemptions: number | null
  metadata: Metadata
  name: string | null
  percent_off: number | null
  redeem_by: Seconds | null
  times_redeemed: number
  valid: boolean
}

export type PromotionCode = Base<'promotion_code'> & {
  active: boolean
  code: string
  customer: string | null
  expires_at: Seconds | null
  max_redemptions: number | null
  metadata: Metadata
  promotion: { type: 'coupon'; coupon: string }
  restrictions: {
    first_time_transaction: boolean
    minimum_amount: Cents | null
    minimum_amount_currency: string | null
  }
  times_redeemed: number
}

/** Has no `created`, as Stripe's has none. */
export type Discount = {
  id: string
  object: 'discount'
  checkout_session: string | null
  customer: string | null
  end: Seconds | null
  invoice: string | null
  promotion_code: string | null
  source: { type: 'coupon'; coupon: string }
  start: Seconds
  subscription: string | null
}

export type Meter = Base<'billing.meter'> & {
  customer_mapping: { event_payload_key: string; type: 'by_id' }
  default_aggregation: { formula: 'count' | 'last' | 'sum' }
  display_name: string
  event_name: string
  event_time_window: 'day' | 'hour' | null
  status: 'active' | 'inactive'
  status_transitions: { deactivated_at: Seconds | null }
  updated: Seconds
  value_settings: { event_payload_key: string }
}
