import type { OrgId } from '@worklane/data/ids.ts'
import { tenantDb } from '../runtime.ts'
import { type CustomerReading, type Invoice, isBegun, type Reading } from './reading.ts'

/** An invoice as the last reading left it. */
type Earlier = { id: string; failedAt: Date | null; isUnderWay: boolean; wasPending: boolean }

/**
 * Adds to a reading what Stripe says nothing of: since when it is known that an invoice could not be charged,
 * which were of changes that waited for their payment, and what was owed of a subscription while that was ours.
 * @param now by Stripe's clock
 */
export async function withEarlier<Read extends CustomerReading>(
  { orgId }: { orgId: OrgId },
  reading: Read,
  now: Date,
): Promise<Read & Reading> {
  const { invoices: rows, subscriptions } = await tenantDb({ orgId }).read(async (db) => ({
    invoices: await db.$queryRaw<Earlier[]>`
      select id, coalesce(failed_at, overdue_since) as "failedAt", status = 'open' and attempts > 0 as "isUnderWay",
        was_pending as "wasPending"
      from invoices where org_id = ${orgId}::uuid`,
    subscriptions: await db.$queryRaw<{ id: string }[]>`
      select id from subscriptions where org_id = ${orgId}::uuid`,
  }))
  const earlier = new Map(rows.map((row) => [row.id, row]))
  const ours = new Set(subscriptions.map(({ id }) => id))
  const leftOut = new Set(reading.leftOut.map(({ id }) => id))
  const invoices = reading.invoices.map((found) => {
    const before = earlier.get(found.id)
    const invoice = { ...found, was_pending: found.was_pending || before?.wasPending === true }
    // Of what is not ours nothing comes to be owed.
    const isOurs = !leftOut.has(invoice.subscription_id ?? '')
    if (!before?.failedAt && !isOurs) return { ...invoice, failed_at: null, overdue_since: null }
    return overdueSince(invoice, before, now)
  })
  const former = reading.leftOut.filter((each) => ours.has(each.id) && isBegun(each))
  return { ...reading, invoices, former }
}

/** A debit that fails days after it was tried is known to have failed only then. The first failure counts. */
function overdueSince(invoice: Invoice, before: Earlier | undefined, now: Date): Invoice {
  // Of what is paid or void nothing is kept: what is written does not depend on when it was read.
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible')
    return { ...invoice, failed_at: null, overdue_since: null }
  const known = before?.failedAt?.toISOString()
  const found = invoice.failed_at && (before?.isUnderWay ? now.toISOString() : invoice.failed_at)
  const failed_at = known ?? found
  return { ...invoice, failed_at, overdue_since: invoice.overdue_since && failed_at }
}
