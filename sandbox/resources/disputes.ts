import type { Metadata } from '../core/objects/base.ts'
import type { Dispute } from '../core/objects/payments.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listing, retrieving } from '../http/reads.ts'
import { day } from './calendar.ts'
import { merged } from './metadata.ts'

type DisputeParams = { evidence?: Record<string, unknown>; metadata?: Metadata | ''; submit?: boolean }

export const disputeOperations = [
  retrieving('dispute', 'GET /v1/disputes/{dispute}'),
  listing('dispute', 'GET /v1/disputes', ['charge', 'payment_intent']),
  operation<DisputeParams>(
    'POST /v1/disputes/{dispute}',
    ['evidence', 'metadata', 'submit'],
    (sandbox, params, id = '') => {
      const dispute = sandbox.get('dispute', id)
      const updated = sandbox.change('dispute', id, {
        evidence: { ...dispute.evidence, ...params.evidence },
        metadata: merged(dispute.metadata, params.metadata),
      })
      if (!params.evidence || params.submit === false) return updated
      // Stripe's magic words that decide a test dispute.
      const words = params.evidence.uncategorized_text
      if (words === 'winning_evidence') return closeDispute(sandbox, id, 'won')
      if (words === 'losing_evidence') return closeDispute(sandbox, id, 'lost')
      return sandbox.change('dispute', id, { status: 'under_review' })
    },
  ),
  operation('POST /v1/disputes/{dispute}/close', [], (sandbox, _params, id = '') =>
    closeDispute(sandbox, id, 'lost'),
  ),
]

/** The holder asks the bank for the money back. Stripe takes it until the dispute is decided. */
export function openDispute(sandbox: Sandbox, chargeId: string, reason = 'fraudulent'): Dispute {
  const charge = sandbox.get('charge', chargeId)
  if (!charge.paid || charge.disputed)
    throw invalid(`Charge ${chargeId} cannot be disputed.`, 'charge', 'charge_not_disputable')
  const clock = sandbox.clockOf(charge)
  sandbox.change('charge', chargeId, { disputed: true })
  const dispute = sandbox.create(
    'dispute',
    {
      amount: charge.amount,
      charge: chargeId,
      currency: charge.currency,
      evidence_details: {
        due_by: clock.now + 7 * day,
        enhanced_eligibility: {},
        has_evidence: false,
        past_due: false,
        submission_count: 0,
      },
      is_charge_refundable: false,
      metadata: {},
      payment_intent: charge.payment_intent,
      reason,
      status: 'needs_response',
    } as Partial<Dispute>,
    clock,
  )
  sandbox.emit('charge.dispute.funds_withdrawn', dispute)
  return dispute
}

function closeDispute(sandbox: Sandbox, id: string, status: 'lost' | 'won'): Dispute {
  const dispute = sandbox.get('dispute', id)
  if (dispute.status === 'lost' || dispute.status === 'won')
    throw invalid('This dispute is already closed.', undefined, 'dispute_already_closed')
  const closed = sandbox.change('dispute', id, { status }, 'charge.dispute.closed')
  if (status === 'won') sandbox.emit('charge.dispute.funds_reinstated', closed)
  return closed
}
