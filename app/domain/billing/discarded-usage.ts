import type Stripe from 'stripe'
import { meterNames } from './catalogue.ts'
import { type Metered, metered } from './plans.ts'
import { type Invoice, isLive, type Reading } from './reading.ts'
import { usageOn } from './usage-billed.ts'

/** So long after it was void an invoice is looked at: readings of its events, and some nightly ones. */
const lookDays = 3

/** Invoices of changes that waited for their payment and were dropped, whose usage has to be billed otherwise. */
export const discardedOf = ({ invoices, subscriptions }: Reading, now: Date): string[] =>
  invoices.filter((invoice) => isDiscarded(invoice, subscriptions, now)).map(({ id }) => id)

function isDiscarded(
  { status, was_pending, voided_at, subscription_id }: Invoice,
  subscriptions: Reading['subscriptions'],
  now: Date,
): boolean {
  if (status !== 'void' || !was_pending || voided_at === null) return false
  const goesOn = subscriptions.some((each) => each.id === subscription_id && isLive(each))
  return goesOn && Date.parse(voided_at) > now.getTime() - lookDays * 86_400_000
}

/**
 * Stripe puts what was used until then on the invoice of a change that waits for its payment, and discards it where that
 * does not come: an item of the next invoice bills the same, once.
 * https://docs.stripe.com/billing/subscriptions/pending-updates
 * @param id of an invoice that is void
 * @returns whether there is an item now that was not
 * @throws Stripe's errors
 */
export async function billDiscarded(stripe: Stripe, id: string): Promise<boolean> {
  const invoice = await stripe.invoices.retrieve(id)
  const usage = await usageOn(stripe, invoice)
  let isChanged = false
  for (const kind of metered) {
    const its = usage.filter((each) => each.kind === kind)
    const params = itemOf(invoice, kind, its)
    if (params === null || (await isThere(stripe, invoice, params))) continue
    await stripe.invoiceItems.create(params, { idempotencyKey: `discarded ${id} ${kind}` })
    isChanged = true
  }
  return isChanged
}

function itemOf(
  { id, customer, currency, parent }: Stripe.Invoice,
  kind: Metered,
  its: Awaited<ReturnType<typeof usageOn>>,
): Stripe.InvoiceItemCreateParams | null {
  const amount = its.reduce((sum, { line }) => sum + line.amount, 0)
  const units = its.reduce((sum, each) => sum + each.units, 0)
  const subscription = idOf(parent?.subscription_details?.subscription)
  const owner = idOf(customer)
  if (amount <= 0 || subscription === undefined || owner === undefined) return null
  return {
    customer: owner,
    subscription,
    currency,
    amount,
    description: `${units} × ${meterNames[kind]}, on the invoice of a change that was not paid`,
    discountable: its.every(({ line }) => line.discountable),
    period: {
      start: Math.min(...its.map(({ line }) => line.period.start)),
      end: Math.max(...its.map(({ line }) => line.period.end)),
    },
    tax_behavior: 'exclusive',
    metadata: { discarded: id ?? '', metered: kind, units },
  }
}

/** Stripe knows a key for a day; after that the item itself says that it is there. */
async function isThere(
  stripe: Stripe,
  { created }: Stripe.Invoice,
  { customer, metadata }: Stripe.InvoiceItemCreateParams,
): Promise<boolean> {
  const wanted = metadata || {}
  for await (const item of stripe.invoiceItems.list({ customer: customer as string, limit: 100 })) {
    if (item.date < created) return false
    const { discarded, metered: kind } = item.metadata ?? {}
    if (discarded === wanted.discarded && kind === wanted.metered) return true
  }
  return false
}

const idOf = (named: string | { id: string } | null | undefined): string | undefined =>
  typeof named === 'string' ? named : named?.id
