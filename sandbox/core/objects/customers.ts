import type { Address, Base, Cents, Metadata, Seconds } from './base.ts'
import type { Discount } from './catalog.ts'

export type TestClock = Base<'test_helpers.test_clock'> & {
  frozen_time: Seconds
  name: string | null
  deletes_after: Seconds
  status: 'advancing' | 'internal_failure' | 'ready'
  status_details: { advancing?: { target_frozen_time: Seconds } }
}

export type Customer = Base<'customer'> & {
  address: Address | null
  balance: Cents
  currency: string | null
  delinquent: boolean
  description: string | null
  discount: Discount | null
  email: string | null
  invoice_prefix: string
  invoice_settings: {
    custom_fields: null
    default_payment_method: string | null
    footer: string | null
    rendering_options: null
  }
  metadata: Metadata
  name: string | null
  next_invoice_sequence: number
  phone: string | null
  preferred_locales: string[]
  shipping: object | null
  tax_exempt: 'exempt' | 'none' | 'reverse'
  test_clock: string | null
}

export type BalanceTransaction = Base<'customer_balance_transaction'> & {
  amount: Cents
  currency: string
  customer: string
  description: string | null
  ending_balance: Cents
  invoice: string | null
  metadata: Metadata
  type: 'adjustment' | 'applied_to_invoice' | 'unapplied_from_invoice'
}

export type TaxId = Base<'tax_id'> & {
  country: string | null
  customer: string | null
  owner: { type: 'customer'; customer: string } | null
  type: string
  value: string
  verification: {
    status: 'pending' | 'unverified' | 'verified'
    verified_address: null
    verified_name: null
  } | null
}

export type PaymentMethod = Base<'payment_method'> & {
  allow_redisplay: 'always' | 'limited' | 'unspecified'
  billing_details: {
    address: Address | null
    email: string | null
    name: string | null
    phone: string | null
    tax_id: string | null
  }
  card: Record<string, unknown> & { last4: string; brand: string; exp_month: number; exp_year: number }
  customer: string | null
  metadata: Metadata
  type: 'card'
}
