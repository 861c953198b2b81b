import type { Invoice, Payment, Reading, Refund } from './reading.ts'

export type Account = 'receivable' | 'revenue' | 'tax' | 'cash' | 'customer balance' | 'written off'

/** One side of something that happened to money. Minor units; a debit is above zero, a credit below. */
export type LedgerEntry = { cause: string; account: Account; currency: string; amount: number; at: string }

/**
 * What happened to money by a reading of Stripe, as double entry: each cause once, whose entries sum to zero. The same
 * reading gives the same entries, and a later one only more: no entry depends on which of two things came first, since
 * Stripe's times are whole seconds.
 */
export function ledgerOf({ invoices, payments, refunds }: Reading): LedgerEntry[] {
  const writtenOff = new Map(invoices.map(({ id, written_off_at }) => [id, written_off_at]))
  return [
    ...invoices.flatMap(ofInvoice),
    ...payments.flatMap((payment) => ofPayment(payment, writtenOff.get(payment.invoice_id) ?? null)),
    ...refunds.flatMap(ofRefund),
  ]
}

function ofInvoice(invoice: Invoice): LedgerEntry[] {
  const { id, currency, total, tax, amount_due, finalized_at, voided_at, written_off_at } = invoice
  if (finalized_at === null) return []
  // What is not to be paid came from the customer's balance, or goes to it.
  const billed = {
    receivable: amount_due,
    'customer balance': total - amount_due,
    revenue: tax - total,
    tax: -tax,
  }
  const entries = entriesOf(`invoice ${id} finalized`, currency, finalized_at, billed)
  // All of it, whatever was paid by then: each payment takes its part of the loss back.
  const lost = { 'written off': amount_due, receivable: -amount_due }
  if (written_off_at !== null)
    entries.push(...entriesOf(`invoice ${id} written off`, currency, written_off_at, lost))
  if (voided_at === null) return entries
  // What was owed stands among the losses where it was written off before.
  const owed = written_off_at === null ? 'receivable' : 'written off'
  const voided = {
    [owed]: -billed.receivable,
    'customer balance': -billed['customer balance'],
    revenue: -billed.revenue,
    tax: -billed.tax,
  }
  return [...entries, ...entriesOf(`invoice ${id} voided`, currency, voided_at, voided)]
}

function ofPayment(payment: Payment, writtenOffAt: string | null): LedgerEntry[] {
  const { id, invoice_id, currency, amount, paid_at } = payment
  const cause = `payment ${id} of ${invoice_id}`
  const paid = entriesOf(cause, currency, paid_at, { cash: amount, receivable: -amount })
  if (writtenOffAt === null) return paid
  const at = paid_at > writtenOffAt ? paid_at : writtenOffAt
  const recovered = { receivable: amount, 'written off': -amount }
  return [...paid, ...entriesOf(`${cause} recovered`, currency, at, recovered)]
}

function ofRefund({ id, currency, amount, status, created_at }: Refund): LedgerEntry[] {
  if (status !== 'succeeded' && status !== 'failed' && status !== 'canceled') return []
  const given = entriesOf(`refund ${id}`, currency, created_at, { cash: -amount, revenue: amount })
  if (status === 'succeeded') return given
  // It may have been told as one that succeeded, and come back. Stripe does not say when.
  const back = { cash: amount, revenue: -amount }
  return [...given, ...entriesOf(`refund ${id} failed`, currency, created_at, back)]
}

function entriesOf(
  cause: string,
  currency: string,
  at: string,
  sides: Partial<Record<Account, number>>,
): LedgerEntry[] {
  const all = Object.entries(sides) as [Account, number][]
  return all.flatMap(([account, amount]) => (amount === 0 ? [] : [{ cause, account, currency, amount, at }]))
}
