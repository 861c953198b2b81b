import type { Base, Cents, List, Metadata, Period, Seconds } from './base.ts'

export type Pricing = {
  price_details: { price: string; product: string }
  type: 'price_details'
  unit_amount_decimal: string | null
}

export type InvoiceItem = Omit<Base<'invoiceitem'>, 'created'> & {
  amount: Cents
  currency: string
  customer: string
  date: Seconds
  description: string | null
  discountable: boolean
  invoice: string | null
  metadata: Metadata
  parent: {
    subscription_details: { subscription: string; subscription_item?: string }
    type: 'subscription_details'
  } | null
  period: Period
  pricing: Pricing | null
  proration: boolean
  quantity: number
  quantity_decimal: string
  test_clock: string | null
}

export type Tax = {
  amount: Cents
  tax_behavior: 'exclusive' | 'inclusive'
  tax_rate_details: { tax_rate: string } | null
  taxability_reason: 'customer_exempt' | 'reverse_charge' | 'standard_rated'
  taxable_amount: Cents
  type: 'tax_rate_details'
}

export type LineItem = {
  id: string
  object: 'line_item'
  livemode: false
  amount: Cents
  currency: string
  description: string
  discount_amounts: { amount: Cents; discount: string }[]
  discountable: boolean
  discounts: string[]
  invoice: string
  metadata: Metadata
  parent: {
    invoice_item_details: {
      invoice_item: string
      proration: boolean
      proration_details: { credited_items: null }
      subscription: string | null
    } | null
    subscription_item_details: {
      invoice_item: null
      proration: boolean
      proration_details: { credited_items: null }
      subscription: string
      subscription_item: string
    } | null
    type: 'invoice_item_details' | 'subscription_item_details'
  }
  period: Period
  pricing: Pricing | null
  quantity: number
  subtotal: Cents
  taxes: Tax[]
}

export type BillingReason =
  | 'manual'
  | 'subscription_create'
  | 'subscription_cycle'
  | 'subscription_update'
  | 'upcoming'

export type Invoice = Base<'invoice'> & {
  amount_due: Cents
  amount_paid: Cents
  amount_remaining: Cents
  attempt_count: number
  attempted: boolean
  auto_advance: boolean
  automatic_tax: {
    enabled: boolean
    disabled_reason: null
    liability: { type: 'self' } | null
    provider: string | null
    status: 'complete' | 'requires_location_inputs' | null
  }
  automatically_finalizes_at: Seconds | null
  billing_reason: BillingReason
  collection_method: 'charge_automatically' | 'send_invoice'
  currency: string
  customer: string
  customer_email: string | null
  customer_name: string | null
  default_payment_method: string | null
  description: string | null
  discounts: string[]
  due_date: Seconds | null
  ending_balance: Cents | null
  hosted_invoice_url: string | null
  invoice_pdf: string | null
  lines: List<LineItem>
  metadata: Metadata
  next_payment_attempt: Seconds | null
  number: string | null
  parent: {
    quote_details: null
    subscription_details: {
      metadata: Metadata
      subscription: string
      /** Of a preview: by when prorations were reckoned. */
      subscription_proration_date?: Seconds
    } | null
    type: 'subscription_details'
  } | null
  period_end: Seconds
  period_start: Seconds
  starting_balance: Cents
  status: 'draft' | 'open' | 'paid' | 'uncollectible' | 'void'
  status_transitions: Record<
    'finalized_at' | 'marked_uncollectible_at' | 'paid_at' | 'voided_at',
    Seconds | null
  >
  subtotal: Cents
  subtotal_excluding_tax: Cents
  test_clock: string | null
  total: Cents
  total_discount_amounts: { amount: Cents; discount: string }[]
  total_excluding_tax: Cents
  total_taxes: Tax[]
}

export type InvoicePayment = Base<'invoice_payment'> & {
  amount_paid: Cents | null
  amount_requested: Cents
  currency: string
  invoice: string
  is_default: boolean
  payment: { type: 'payment_intent'; payment_intent: string }
  status: 'canceled' | 'open' | 'paid'
  status_transitions: { canceled_at: Seconds | null; paid_at: Seconds | null }
}
