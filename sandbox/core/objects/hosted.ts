import type { Base, Cents, Metadata, Seconds } from './base.ts'

export type CheckoutSession = Base<'checkout.session'> & {
  allow_promotion_codes: boolean | null
  amount_subtotal: Cents | null
  amount_total: Cents | null
  automatic_tax: {
    enabled: boolean
    liability: { type: 'self' } | null
    provider: string | null
    status: string | null
  }
  cancel_url: string | null
  client_reference_id: string | null
  currency: string | null
  customer: string | null
  customer_details: object | null
  customer_email: string | null
  discounts: { coupon: string | null; promotion_code: string | null }[]
  expires_at: Seconds
  invoice: string | null
  metadata: Metadata
  mode: 'payment' | 'setup' | 'subscription'
  payment_intent: string | null
  payment_status: 'no_payment_required' | 'paid' | 'unpaid'
  setup_intent: string | null
  status: 'complete' | 'expired' | 'open'
  subscription: string | null
  success_url: string | null
  url: string | null
}

export type PortalConfiguration = Base<'billing_portal.configuration'> & {
  active: boolean
  default_return_url: string | null
  features: object
  is_default: boolean
  metadata: Metadata
  updated: Seconds
}

export type PortalSession = Base<'billing_portal.session'> & {
  configuration: string
  customer: string
  return_url: string | null
  url: string
}
