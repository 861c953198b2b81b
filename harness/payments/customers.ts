import { isDeleted, readCustomers, type StripeAddress, type StripeBooks } from '../books/stripe-books.ts'
import type { Evidence } from '../result/evidence.ts'
import { exact } from './exact.ts'

/** What Worklane holds of customers. */
export type HeldCustomers = {
  rows: readonly { org_id: string; stripe_id: string }[]
  /** Organisations that there are: the customer of one that was removed is deleted a moment later. */
  organisations: ReadonlySet<string>
}

/**
 * Whose each customer is, by what stands at Stripe: Worklane's own rows are held against that.
 * @throws Error when Stripe refuses, or answers something else than it documents
 */
export async function customersByStripe(
  stripe: StripeAddress,
  books: StripeBooks,
  { rows, organisations }: HeldCustomers,
): Promise<{ organisationOf: (customer: string) => string | undefined; evidence: Evidence }> {
  const told = new Map<string, string>()
  for (const { id, metadata } of await readCustomers(stripe))
    if (metadata.organisation !== undefined && organisations.has(metadata.organisation))
      told.set(id, metadata.organisation)
  const wrong: string[] = []
  for (const { org_id, stripe_id } of rows) {
    // Of one that was deleted Stripe no longer says whose it was.
    if (!told.has(stripe_id) && (await isDeleted(stripe, stripe_id))) told.set(stripe_id, org_id)
    const whose = told.get(stripe_id)
    if (whose !== org_id)
      wrong.push(`${stripe_id} is held to be ${org_id}, and is ${whose ?? 'nobody'} by Stripe`)
  }
  const held = new Set(rows.map(({ stripe_id }) => stripe_id))
  for (const customer of buyersIn(books)) {
    const whose = told.get(customer)
    if (whose !== undefined && !held.has(customer)) wrong.push(`${customer} of ${whose} is not held at all`)
  }
  const limit = 'customers that are not held to be whose Stripe says'
  return {
    organisationOf: (customer) => told.get(customer),
    evidence: exact(limit, wrong, told.size, 'customers'),
  }
}

/** Who never bought anything is made anew under the same key when the row is missing. */
const buyersIn = ({ subscriptions, invoices }: StripeBooks): Set<string> =>
  new Set([...subscriptions, ...invoices].map(({ customer }) => customer))
