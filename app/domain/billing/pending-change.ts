import Stripe from 'stripe'
import { Problem } from '../errors.ts'
import { billDiscarded } from './discarded-usage.ts'
import type { Quote } from './quote.ts'
import type { Standing } from './standing.ts'
import { isSame, type Terms, termsOfSeats } from './terms.ts'

/**
 * The change that waits for the bank already, where it is this one at the same cost: its page is still the one on which
 * that is confirmed. By its total, since a credit that it took is not the customer's any more.
 * @returns the page of its invoice; null where another change waits, or none
 */
export async function waitingFor(
  client: Stripe,
  { subscription }: Standing,
  to: Terms,
  { seats, today }: Pick<Quote, 'seats' | 'today'>,
): Promise<string | null> {
  const item = subscription.pending_update?.subscription_items?.find(({ price }) => termsOfSeats(price))
  const terms = item && termsOfSeats(item.price)
  const id = invoiceOf(subscription)
  if (!terms || !id || !isSame(terms, to) || item.quantity !== seats) return null
  const { status, total, hosted_invoice_url: page } = await client.invoices.retrieve(id)
  return status === 'open' && total === today.total.amount ? (page ?? null) : null
}

/** One that was never confirmed makes way for another: its invoice is void, and what it billed of usage waits anew. */
export async function dropPending(client: Stripe, { subscription }: Standing): Promise<void> {
  const id = invoiceOf(subscription)
  if (!id) return
  await client.invoices.voidInvoice(id).catch((error: unknown) => {
    if (error instanceof Stripe.errors.StripeInvalidRequestError) throw confirmedMeanwhile()
    throw error
  })
  await billDiscarded(client, id)
}

const confirmedMeanwhile = () =>
  new Problem(
    'conflict',
    'The change that waited for your bank was confirmed or dropped a moment ago: look at what you have now.',
  )

const invoiceOf = ({ latest_invoice: invoice }: Stripe.Subscription): string | undefined =>
  typeof invoice === 'string' ? invoice : invoice?.id
