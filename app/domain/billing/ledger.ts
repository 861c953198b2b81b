import type { Reading } from './reading.ts'

export type Account = 'receivable' | 'revenue' | 'tax' | 'cash' | 'customer balance' | 'written off'

/** One side of something that happened to money. Minor units; a debit is above zero, a credit below. */
export type LedgerEntry = { cause: string; account: Account; currency: string; amount: number; at: string }

/**
 * What happened to money by a reading of Stripe, as double entry: each cause once, whose entries sum to zero. The same
 * reading gives the same entries, and a later one only more.
 */
export function ledgerOf({ invoices, payments, refunds }: Reading): LedgerEntry[] {
  const entries: LedgerEntry[] = []
  const book = (cause: string, currency: string, at: string, sides: Partial<Record<Account, number>>) => {
    for (const [account, amount] of Object.entries(sides) as [Account, number][])
      if (amount !== 0) entries.push({ cause, account, currency, amount, at })
  }
  for (const {
    id,
    currency,
    total,
    tax,
    amount_due,
    finalized_at,
    voided_at,
    written_off_at,
    ...rest
  } of invoices) {
    if (finalized_at === null) continue
    // What is not to be paid came from the customer's balance, or goes to it.
    const billed = {
      receivable: amount_due,
      'customer balance': total - amount_due,
      revenue: tax - total,
      tax: -tax,
    }
    book(`invoice ${id} finalized`, currency, finalized_at, billed)
    if (voided_at !== null)
      book(`invoice ${id} voided`, currency, voided_at, {
        receivable: -billed.receivable,
        'customer balance': -billed['customer balance'],
        revenue: -billed.revenue,
        tax: -billed.tax,
      })
    if (written_off_at === null) continue
    const left = amount_due - paidUntil(payments, id, written_off_at)
    book(`invoice ${id} written off`, currency, written_off_at, { 'written off': left, receivable: -left })
    // Paid all the same, later.
    if (rest.paid_at !== null)
      book(`invoice ${id} recovered`, currency, rest.paid_at, { receivable: left, 'written off': -left })
  }
  for (const { id, invoice_id, currency, amount, paid_at } of payments)
    book(`payment ${id} of ${invoice_id}`, currency, paid_at, { cash: amount, receivable: -amount })
  for (const { id, currency, amount, status, created_at } of refunds)
    if (status === 'succeeded') book(`refund ${id}`, currency, created_at, { cash: -amount, revenue: amount })
  return entries
}

const paidUntil = (payments: Reading['payments'], invoice: string, at: string) =>
  payments
    .filter(({ invoice_id, paid_at }) => invoice_id === invoice && paid_at <= at)
    .reduce((sum, { amount }) => sum + amount, 0)
