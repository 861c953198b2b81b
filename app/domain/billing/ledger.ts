import { type Dispute, isTaken, isWon } from './disputes.ts'
import type { Invoice, Payment, Reading, Refund } from './reading.ts'

type Account = 'receivable' | 'revenue' | 'tax' | 'cash' | 'customer balance' | 'written off'

/** One side of something that happened to money. Minor units; a debit is above zero, a credit below. */
export type LedgerEntry = { cause: string; account: Account; currency: string; amount: number; at: string }

/** Entries of causes that are in the books already, by these names. */
export type Booked = readonly Pick<LedgerEntry, 'cause' | 'account' | 'amount'>[]

/**
 * What happened to money by a reading of Stripe, as double entry: each cause once, whose entries sum to zero. The same
 * reading gives the same entries, and a later one only more: no entry depends on which of two things came first, since
 * Stripe's times are whole seconds.
 * @param booked what is there of the causes that `earlierCauses` names: earlier versions booked losses otherwise
 */
export function ledgerOf(
  { invoices, payments, refunds, disputes }: Reading,
  booked: Booked = [],
): LedgerEntry[] {
  const byId = new Map(invoices.map((invoice) => [invoice.id, invoice]))
  return [
    ...invoices.flatMap((invoice) => ofInvoice(invoice, booked)),
    ...payments.flatMap((payment) => ofPayment(payment, byId.get(payment.invoice_id), booked)),
    ...refunds.flatMap(ofRefund),
    ...disputes.flatMap(ofDispute),
  ]
}

/** The causes of a reading under which there may be entries of before. None, unless something was written off. */
export const earlierCauses = ({ invoices }: Reading): string[] =>
  invoices
    .filter(({ written_off_at }) => written_off_at !== null)
    .flatMap(({ id }) => ['written off', 'recovered', 'voided'].map((what) => `invoice ${id} ${what}`))

const amountOf = (booked: Booked, cause: string, account: Account): number | undefined =>
  booked.find((entry) => entry.cause === cause && entry.account === account)?.amount

function ofInvoice(invoice: Invoice, booked: Booked): LedgerEntry[] {
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
  entries.push(...entriesOf(`invoice ${id} voided`, currency, voided_at, voided))
  // It was turned around as if it were still owed.
  const isMisplaced = owed === 'written off' && amountOf(booked, `invoice ${id} voided`, 'receivable')
  if (!isMisplaced) return entries
  const moved = { receivable: amount_due, 'written off': -amount_due }
  return [...entries, ...entriesOf(`invoice ${id} voided among the losses`, currency, voided_at, moved)]
}

function ofPayment(payment: Payment, invoice: Invoice | undefined, booked: Booked): LedgerEntry[] {
  const { id, invoice_id, currency, amount, paid_at } = payment
  const cause = `payment ${id} of ${invoice_id}`
  const paid = entriesOf(cause, currency, paid_at, { cash: amount, receivable: -amount })
  const writtenOffAt: string | null = invoice?.written_off_at ?? null
  if (!invoice || writtenOffAt === null) return paid
  if (isTakenBack(payment, invoice, booked)) return paid
  const at = paid_at > writtenOffAt ? paid_at : writtenOffAt
  const recovered = { receivable: amount, 'written off': -amount }
  return [...paid, ...entriesOf(`${cause} recovered`, currency, at, recovered)]
}

/** Whether the entries of before hold a payment's part of the loss: they wrote off what was left, and took that back at once. */
function isTakenBack(
  { paid_at }: Payment,
  { id, amount_due, written_off_at }: Invoice,
  booked: Booked,
): boolean {
  if (amountOf(booked, `invoice ${id} recovered`, 'written off') !== undefined) return true
  const lost = amountOf(booked, `invoice ${id} written off`, 'written off') ?? amount_due
  return lost !== amount_due && written_off_at !== null && paid_at <= written_off_at
}

function ofRefund({ id, currency, amount, status, created_at }: Refund): LedgerEntry[] {
  if (status !== 'succeeded' && status !== 'failed' && status !== 'canceled') return []
  const given = entriesOf(`refund ${id}`, currency, created_at, { cash: -amount, revenue: amount })
  if (status === 'succeeded') return given
  // It may have been told as one that succeeded, and come back. Stripe does not say when.
  const back = { cash: amount, revenue: -amount }
  return [...given, ...entriesOf(`refund ${id} failed`, currency, created_at, back)]
}

/** What was earned stays earned: that the bank took it back is a loss. Stripe does not say when it was decided. */
function ofDispute(dispute: Dispute): LedgerEntry[] {
  if (!isTaken(dispute)) return []
  const { id, currency, amount, created_at } = dispute
  const lost = { cash: -amount, 'written off': amount }
  const taken = entriesOf(`dispute ${id}`, currency, created_at, lost)
  if (!isWon(dispute)) return taken
  const back = { cash: amount, 'written off': -amount }
  return [...taken, ...entriesOf(`dispute ${id} won`, currency, created_at, back)]
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
