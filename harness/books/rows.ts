import type {
  StripeBooks,
  StripeDispute,
  StripeInvoice,
  StripeRefund,
  StripeSubscription,
} from './stripe-books.ts'

/**
 * What Worklane's tables have to hold, by what Stripe says alone: written here a second time, and by other code than
 * Worklane's own, so that a check against it says something.
 */
export type Value = string | number | Date | null
export type BillingRow = Record<string, Value> & { org_id: string; id: string }
export type Entry = {
  org_id: string
  cause: string
  account: string
  currency: string
  amount: number
  at: Date
}

export type BillingRows = {
  subscriptions: BillingRow[]
  invoices: BillingRow[]
  payments: BillingRow[]
  refunds: BillingRow[]
  disputes: BillingRow[]
  ledger_entries: Entry[]
}

/** @param organisationOf which organisation a customer is; of others' customers nothing is held */
export function rowsOf(
  { subscriptions, invoices, refunds, disputes }: StripeBooks,
  organisationOf: (customer: string) => string | undefined,
): BillingRows {
  const rows: BillingRows = {
    subscriptions: [],
    invoices: [],
    payments: [],
    refunds: [],
    disputes: [],
    ledger_entries: [],
  }
  // A draft is no bill yet.
  const bills = invoices.filter(({ status }) => status !== null && status !== 'draft')
  const billsOf = Map.groupBy(bills, subscriptionIn)
  const payerOf = new Map<string, string>()
  for (const subscription of subscriptions) {
    const org_id = organisationOf(subscription.customer)
    if (org_id)
      rows.subscriptions.push(subscriptionRow(org_id, subscription, billsOf.get(subscription.id) ?? []))
  }
  for (const invoice of bills) {
    const org_id = organisationOf(invoice.customer)
    if (!org_id) continue
    rows.invoices.push(invoiceRow(org_id, invoice))
    const paid = paymentRows(org_id, invoice)
    for (const { id } of paid) payerOf.set(id, org_id)
    rows.payments.push(...paid)
    rows.ledger_entries.push(...entriesOfInvoice(org_id, invoice, paid))
  }
  for (const refund of refunds) {
    const payment_id = refund.payment_intent ?? refund.charge ?? ''
    const org_id = payerOf.get(payment_id)
    if (!org_id) continue
    rows.refunds.push(rowOfPayment(org_id, refund, payment_id))
    rows.ledger_entries.push(...entriesOfRefund(org_id, refund))
  }
  for (const dispute of disputes) {
    const payment_id = dispute.payment_intent ?? dispute.charge
    const org_id = payerOf.get(payment_id)
    if (!org_id) continue
    rows.disputes.push(rowOfPayment(org_id, dispute, payment_id))
    rows.ledger_entries.push(...entriesOfDispute(org_id, dispute))
  }
  return rows
}

const subscriptionIn = ({ parent }: StripeInvoice) => parent?.subscription_details?.subscription ?? null

function subscriptionRow(
  org_id: string,
  { id, status, items, created, trial_end, cancel_at, ended_at }: StripeSubscription,
  bills: readonly StripeInvoice[],
): BillingRow {
  const [item] = items.data
  if (!item) throw new Error(`subscription ${id} has no item`)
  // As Worklane's catalogue names its prices: team_month.
  const [plan = '', interval = ''] = (item.price.lookup_key ?? '').split('_')
  const paid = bills.flatMap((bill) => (bill.amount_paid > 0 ? (bill.status_transitions.paid_at ?? []) : []))
  return {
    org_id,
    id,
    status,
    plan,
    interval,
    seats: item.quantity ?? 0,
    currency: item.price.currency,
    seat_amount: item.price.unit_amount ?? 0,
    period_start: time(item.current_period_start),
    period_end: time(item.current_period_end),
    trial_end: timeOrNull(trial_end),
    cancel_at: timeOrNull(cancel_at),
    ended_at: timeOrNull(ended_at),
    paid_at: paid.length > 0 ? time(Math.min(...paid)) : null,
    created_at: time(created),
  }
}

const taxOf = ({ total_taxes }: StripeInvoice) =>
  (total_taxes ?? []).reduce((sum, { amount }) => sum + amount, 0)

function invoiceRow(org_id: string, invoice: StripeInvoice): BillingRow {
  const { id, number, status, currency, total, amount_due, amount_paid, attempt_count, created } = invoice
  const { finalized_at, paid_at } = invoice.status_transitions
  const isOwed = (status === 'open' || status === 'uncollectible') && attempt_count > 0
  return {
    org_id,
    id,
    number,
    status,
    currency,
    total,
    tax: taxOf(invoice),
    amount_due,
    amount_paid,
    subscription_id: subscriptionIn(invoice),
    attempts: attempt_count,
    next_attempt_at: timeOrNull(invoice.next_payment_attempt),
    period_start: time(invoice.period_start),
    period_end: time(invoice.period_end),
    finalized_at: timeOrNull(finalized_at),
    paid_at: timeOrNull(paid_at),
    failed_at: isOwed ? timeOrNull(finalized_at) : null,
    overdue_since: isOwed ? timeOrNull(finalized_at) : null,
    hosted_url: invoice.hosted_invoice_url ?? null,
    pdf_url: invoice.invoice_pdf ?? null,
    created_at: time(created),
  }
}

const paymentRows = (org_id: string, { id: invoice_id, payments }: StripeInvoice): BillingRow[] =>
  payments.data.flatMap(({ amount_paid: amount, currency, payment, status_transitions: { paid_at } }) => {
    const id = payment.payment_intent ?? payment.charge
    if (!id || !amount || paid_at === null) return []
    return [{ org_id, id, invoice_id, currency, amount, paid_at: time(paid_at) }]
  })

const rowOfPayment = (
  org_id: string,
  { id, amount, currency, status, created }: StripeRefund | StripeDispute,
  payment_id: string,
): BillingRow => ({
  org_id,
  id,
  payment_id,
  currency,
  amount,
  status: status ?? 'pending',
  created_at: time(created),
})

type Sides = [account: string, amount: number][]
const turned = (sides: Sides): Sides => sides.map(([account, amount]) => [account, -amount])

const bookIn =
  (org_id: string, currency: string) =>
  (cause: string, when: number, sides: Sides): Entry[] =>
    sides.flatMap(([account, amount]) =>
      amount === 0 ? [] : [{ org_id, cause, account, currency, amount, at: time(when) }],
    )

/** Double entry, as the table in docs/billing.md says. */
function entriesOfInvoice(org_id: string, invoice: StripeInvoice, paid: readonly BillingRow[]): Entry[] {
  const { id, currency, total, amount_due: due, status_transitions: at } = invoice
  if (at.finalized_at === null) return []
  const book = bookIn(org_id, currency)
  const tax = taxOf(invoice)
  const writtenOff = at.marked_uncollectible_at
  const billed: Sides = [
    ['receivable', due],
    ['customer balance', total - due],
    ['revenue', tax - total],
    ['tax', -tax],
  ]
  const entries = book(`invoice ${id} finalized`, at.finalized_at, billed)
  if (writtenOff !== null) entries.push(...book(`invoice ${id} written off`, writtenOff, lossOf(due)))
  for (const payment of paid) {
    const [amount, when] = [Number(payment.amount), (payment.paid_at as Date).getTime() / 1_000]
    const cause = `payment ${payment.id} of ${id}`
    const sides: Sides = [
      ['cash', amount],
      ['receivable', -amount],
    ]
    entries.push(...book(cause, when, sides))
    if (writtenOff !== null)
      entries.push(...book(`${cause} recovered`, Math.max(when, writtenOff), turned(lossOf(amount))))
  }
  if (at.voided_at === null) return entries
  const owed: Sides = [[writtenOff === null ? 'receivable' : 'written off', due], ...billed.slice(1)]
  return [...entries, ...book(`invoice ${id} voided`, at.voided_at, turned(owed))]
}

const lossOf = (amount: number): Sides => [
  ['written off', amount],
  ['receivable', -amount],
]

function entriesOfRefund(org_id: string, { id, amount, currency, status, created }: StripeRefund): Entry[] {
  if (status === null || !['succeeded', 'failed', 'canceled'].includes(status)) return []
  const book = bookIn(org_id, currency)
  const given: Sides = [
    ['cash', -amount],
    ['revenue', amount],
  ]
  const entries = book(`refund ${id}`, created, given)
  return status === 'succeeded'
    ? entries
    : [...entries, ...book(`refund ${id} failed`, created, turned(given))]
}

/** Whether Stripe has the money, or had it: an inquiry (`warning_…`) takes none, and a prevented one is a refund. */
export const hasTaken = (status: string): boolean => !/^(warning_|prevented)/.test(status)

function entriesOfDispute(org_id: string, { id, amount, currency, status, created }: StripeDispute): Entry[] {
  if (!hasTaken(status)) return []
  const book = bookIn(org_id, currency)
  const taken: Sides = [
    ['cash', -amount],
    ['written off', amount],
  ]
  const entries = book(`dispute ${id}`, created, taken)
  return status === 'won' ? [...entries, ...book(`dispute ${id} won`, created, turned(taken))] : entries
}

const time = (seconds: number) => new Date(seconds * 1_000)
const timeOrNull = (seconds: number | null) => (seconds === null ? null : time(seconds))
