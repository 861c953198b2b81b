import type { PaymentMethod } from '../core/objects/customers.ts'
import type { Charge, PaymentIntent } from '../core/objects/payments.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { listing, retrieving } from '../http/reads.ts'
import { blank } from '../openapi/blank.ts'
import { openDispute } from './disputes.ts'
import { cardBehind } from './payment-methods.ts'
import type { Decline } from './test-cards.ts'

export const chargeOperations = [
  retrieving('charge', 'GET /v1/charges/{charge}'),
  listing('charge', 'GET /v1/charges', ['customer', 'payment_intent']),
]

/** One try to take the money of a payment intent, and what came of it. */
export function chargeCard(
  sandbox: Sandbox,
  intent: PaymentIntent,
  method: PaymentMethod,
  { declined, isCaptured = true }: { declined?: Decline; isCaptured?: boolean },
): Charge {
  const clock = sandbox.clockOf(intent)
  const { brand, country, exp_month, exp_year, fingerprint, funding, last4 } = method.card
  const charge = sandbox.make(
    'charge',
    {
      amount: intent.amount,
      amount_captured: declined || !isCaptured ? 0 : intent.amount,
      billing_details: method.billing_details,
      captured: !declined && isCaptured,
      currency: intent.currency,
      customer: intent.customer,
      description: intent.description,
      failure_code: declined?.code ?? null,
      failure_message: declined?.message ?? null,
      metadata: intent.metadata,
      outcome: {
        ...blank('charge_outcome'),
        advice_code: null,
        network_status: declined ? 'declined_by_network' : 'approved_by_network',
        reason: declined?.decline_code ?? declined?.code ?? null,
        seller_message: declined
          ? 'The bank did not return any further details with this decline.'
          : 'Payment complete.',
        type: declined ? 'issuer_declined' : 'authorized',
      },
      paid: !declined,
      payment_intent: intent.id,
      payment_method: method.id,
      payment_method_details: {
        card: {
          ...blank('payment_method_details_card'),
          amount_authorized: declined ? null : intent.amount,
          brand,
          country,
          exp_month,
          exp_year,
          fingerprint,
          funding,
          last4,
          network: brand,
        },
        type: 'card',
      },
      status: declined ? 'failed' : 'succeeded',
    } as Partial<Charge>,
    clock,
  )
  sandbox.table('charge').insert(charge)
  sandbox.emit(declined ? 'charge.failed' : 'charge.succeeded', charge)
  const { disputes } = cardBehind(sandbox, method)
  if (disputes && !declined) openDispute(sandbox, charge.id, disputes)
  return sandbox.get('charge', charge.id)
}
