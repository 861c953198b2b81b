import type { Metadata } from '../core/objects/base.ts'
import type { Refund } from '../core/objects/payments.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listOf } from '../http/pages.ts'
import { listing, retrieving } from '../http/reads.ts'
import { merged } from './metadata.ts'
import { cardBehind } from './payment-methods.ts'

type RefundParams = {
  amount?: number
  charge?: string
  metadata?: Metadata | ''
  payment_intent?: string
  reason?: string
}

export const refundOperations = [
  operation<RefundParams>(
    'POST /v1/refunds',
    ['amount', 'charge', 'metadata', 'payment_intent', 'reason'],
    create,
  ),
  operation<RefundParams>('POST /v1/refunds/{refund}', ['metadata'], (sandbox, params, id = '') => {
    const refund = sandbox.get('refund', id)
    return sandbox.change('refund', id, { metadata: merged(refund.metadata, params.metadata) })
  }),
  retrieving('refund', 'GET /v1/refunds/{refund}'),
  listing('refund', 'GET /v1/refunds', ['charge', 'payment_intent']),
]

export const refundsOf = (sandbox: Sandbox, charge: string) =>
  listOf(sandbox, 'refund', `/v1/charges/${charge}/refunds`, {}, (refund) => refund.charge === charge)

function create(sandbox: Sandbox, params: RefundParams): Refund {
  const intent =
    params.payment_intent === undefined
      ? undefined
      : sandbox.get('payment_intent', params.payment_intent, 'payment_intent')
  const chargeId = intent ? intent.latest_charge : params.charge
  if (!chargeId)
    throw invalid(
      'One of the following params should be provided for this request: payment_intent or charge.',
      'charge',
    )
  const charge = sandbox.get('charge', chargeId, 'charge')
  const left = charge.amount_captured - charge.amount_refunded
  if (charge.refunded || left === 0)
    throw invalid(`Charge ${chargeId} has already been refunded.`, undefined, 'charge_already_refunded')
  if (charge.disputed)
    throw invalid(
      `Charge ${chargeId} has been charged back; cannot issue a refund.`,
      undefined,
      'charge_disputed',
    )
  const amount = params.amount ?? left
  if (amount < 1) throw invalid('This value must be greater than or equal to 1.', 'amount')
  if (amount > left)
    throw invalid(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, 'amount')
  const clock = sandbox.clockOf(charge)
  const refund = sandbox.create(
    'refund',
    {
      amount,
      charge: charge.id,
      currency: charge.currency,
      destination_details: {
        card: {
          type: 'refund',
          reference_status: 'pending',
          reference_type: 'acquirer_reference_number',
        },
        type: 'card',
      },
      metadata: merged({}, params.metadata),
      payment_intent: charge.payment_intent,
      reason: params.reason ?? null,
      status: 'succeeded',
    } as Partial<Refund>,
    clock,
  )
  const refunded = charge.amount_refunded + amount
  sandbox.change(
    'charge',
    charge.id,
    { amount_refunded: refunded, refunded: refunded === charge.amount_captured },
    'charge.refunded',
  )
  const method = sandbox.find('payment_method', charge.payment_method)
  if (!method || !cardBehind(sandbox, method).refundFails) return refund
  const failed = sandbox.change('refund', refund.id, { status: 'failed' }, false)
  sandbox.change('charge', charge.id, { amount_refunded: charge.amount_refunded, refunded: false })
  sandbox.emit('refund.failed', failed)
  return refund
}
