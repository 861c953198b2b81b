import type { Base, Cents, Metadata, Seconds } from './base.ts'

type LastError = { type: 'card_error'; code: string; decline_code?: string; message: string }

export type PaymentIntent = Base<'payment_intent'> & {
  amount: Cents
  amount_capturable: Cents
  amount_received: Cents
  canceled_at: Seconds | null
  cancellation_reason: string | null
  capture_method: 'automatic' | 'automatic_async' | 'manual'
  client_secret: string
  confirmation_method: 'automatic' | 'manual'
  currency: string
  customer: string | null
  description: string | null
  last_payment_error: (LastError & { payment_method: object }) | null
  latest_charge: string | null
  metadata: Metadata
  next_action: object | null
  payment_method: string | null
  payment_method_types: string[]
  receipt_email: string | null
  setup_future_usage: 'off_session' | 'on_session' | null
  status:
    | 'canceled'
    | 'processing'
    | 'requires_action'
    | 'requires_capture'
    | 'requires_confirmation'
    | 'requires_payment_method'
    | 'succeeded'
}

export type SetupIntent = Base<'setup_intent'> & {
  cancellation_reason: string | null
  client_secret: string
  customer: string | null
  description: string | null
  last_setup_error: (LastError & { payment_method: object }) | null
  metadata: Metadata
  next_action: object | null
  payment_method: string | null
  payment_method_types: string[]
  status: 'canceled' | 'requires_action' | 'requires_confirmation' | 'requires_payment_method' | 'succeeded'
  usage: string
}

export type Charge = Base<'charge'> & {
  amount: Cents
  amount_captured: Cents
  amount_refunded: Cents
  captured: boolean
  currency: string
  customer: string | null
  disputed: boolean
  failure_code: string | null
  failure_message: string | null
  metadata: Metadata
  paid: boolean
  payment_intent: string | null
  payment_method: string | null
  payment_method_details: object | null
  refunded: boolean
  status: 'failed' | 'pending' | 'succeeded'
}

export type Refund = Base<'refund'> & {
  amount: Cents
  charge: string
  currency: string
  metadata: Metadata
  payment_intent: string | null
  reason: string | null
  status: 'canceled' | 'failed' | 'pending' | 'succeeded'
}

export type Dispute = Base<'dispute'> & {
  amount: Cents
  charge: string
  currency: string
  evidence: object
  is_charge_refundable: boolean
  metadata: Metadata
  payment_intent: string | null
  reason: string
  status: 'lost' | 'needs_response' | 'under_review' | 'won'
}
