import type Stripe from 'stripe'

/** A charge that its holder has had taken back by the bank, as our table has it. Minor units; times are ISO texts. */
export type Dispute = {
  id: string
  payment_id: string
  currency: string
  amount: number
  status: string
  created_at: string
}

/**
 * Statuses by which Stripe has taken the money. An inquiry (`warning_…`) takes none, and one that was prevented is a
 * refund. https://docs.stripe.com/api/disputes/object#dispute_object-status
 */
const taking: ReadonlySet<string> = new Set([
  'needs_response',
  'under_review',
  'appeal_needs_response',
  'appeal_under_review',
  'lost',
  'won',
])

/** Whether the money was taken, be it that it came back later. */
export const isTaken = ({ status }: Pick<Dispute, 'status'>): boolean => taking.has(status)

/** Whether the money came back. */
export const isWon = ({ status }: Pick<Dispute, 'status'>): boolean => status === 'won'

/**
 * Reads the disputes of a charge; of one that was never disputed Stripe is not asked.
 * @throws Stripe's errors
 */
export async function disputesOf(
  stripe: Stripe,
  charge: Pick<Stripe.Charge, 'id' | 'disputed'>,
  payment_id: string,
): Promise<Dispute[]> {
  if (!charge.disputed) return []
  const disputes: Dispute[] = []
  for await (const dispute of stripe.disputes.list({ charge: charge.id, limit: 100 })) {
    const { id, currency, amount, status, created } = dispute
    const created_at = new Date(created * 1000).toISOString()
    disputes.push({ id, payment_id, currency, amount, status, created_at })
  }
  return disputes
}
