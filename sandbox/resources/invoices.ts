import type { Invoice, LineItem } from '../core/objects/invoices.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, StripeError } from '../http/errors.ts'
import { day, hour } from './calendar.ts'
import { type Draft, type DraftLine, draftInvoice } from './invoice-draft.ts'
import {
  attemptPayment,
  giveUpPayment,
  markPaid,
  openPayment,
  type Payment,
  subscriptionOf,
} from './invoice-payment.ts'
import { countLateUsage } from './late-usage.ts'
import { cardError } from './payment-methods.ts'
import { rememberDebit } from './proration.ts'

/** Stripe leaves a renewal's invoice open to changes for about an hour. */
const draftTime = hour

/** What moves invoices by itself: the end of the draft, retries, and what becomes of their payment intents. */
export function moveInvoices(sandbox: Sandbox): void {
  sandbox.happens('invoice.finalize', (id) => {
    const invoice = sandbox.find('invoice', id)
    if (invoice?.status !== 'draft' || !invoice.auto_advance) return
    finalizeInvoice(sandbox, id)
    if (sandbox.get('invoice', id).status === 'open') attemptPayment(sandbox, id)
  })
  sandbox.happens('invoice.retry', (id) => {
    const invoice = sandbox.find('invoice', id)
    const { now } = sandbox.clockOf(invoice ?? {})
    if (
      invoice?.status !== 'open' ||
      invoice.next_payment_attempt === null ||
      invoice.next_payment_attempt > now
    )
      return
    attemptPayment(sandbox, id)
  })
  sandbox.happens('invoice.overdue', (id) => {
    const invoice = sandbox.find('invoice', id)
    if (invoice?.status === 'open') sandbox.emit('invoice.overdue', invoice)
  })
  sandbox.on<{ id: string }>('payment_intent.succeeded', ({ id }) => {
    const invoice = sandbox.intentInvoices.get(id)
    if (invoice !== undefined) markPaid(sandbox, invoice)
  })
}

/** Keeps a draft, and takes up the invoice items of its lines. */
export function createInvoice(sandbox: Sandbox, draft: Draft): Invoice {
  const invoice = draftInvoice(sandbox, draft)
  sandbox.table('invoice').insert(invoice)
  for (const { source } of draft.lines) {
    if ('invoiceItem' in source)
      sandbox.change('invoiceitem', source.invoiceItem.id, { invoice: invoice.id }, false)
  }
  rememberLines(sandbox, draft.lines, invoice.lines.data)
  if (draft.customer.currency === null)
    sandbox.change('customer', draft.customer.id, { currency: draft.currency })
  sandbox.emit('invoice.created', invoice)
  return invoice
}

/** Finalised by itself in an hour. */
export function finalizeLater(sandbox: Sandbox, invoice: Invoice): Invoice {
  const clock = sandbox.clockOf(invoice)
  const at = clock.now + draftTime
  clock.schedule(at, 'invoice.finalize', invoice.id)
  return sandbox.change('invoice', invoice.id, { automatically_finalizes_at: at }, false)
}

/** Fixes an invoice, settles the customer's balance with it, and opens it to be paid. What comes to nothing is paid. */
export function finalizeInvoice(sandbox: Sandbox, id: string): Invoice {
  const found = sandbox.get('invoice', id)
  if (found.status !== 'draft')
    throw invalid(
      "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
      undefined,
      'invoice_not_editable',
    )
  const draft = countLateUsage(sandbox, found)
  const customer = sandbox.get('customer', draft.customer)
  const clock = sandbox.clockOf(draft)
  const due = Math.max(0, draft.total + customer.balance)
  // What the invoice did not need of a credit stays with the customer; what it owes to the customer joins it.
  const endingBalance = draft.total + customer.balance - due
  const days = sandbox.find('subscription', subscriptionOf(draft))?.days_until_due ?? 30
  const isSent = draft.collection_method === 'send_invoice'
  const invoice = sandbox.change(
    'invoice',
    id,
    {
      amount_due: due,
      amount_remaining: due,
      automatically_finalizes_at: null,
      due_date: isSent ? (draft.due_date ?? clock.now + days * day) : null,
      effective_at: clock.now,
      ending_balance: endingBalance,
      hosted_invoice_url: `${sandbox.origin}/invoices/${id}`,
      invoice_pdf: `${sandbox.origin}/invoices/${id}/pdf`,
      number: `${customer.invoice_prefix}-${String(customer.next_invoice_sequence).padStart(4, '0')}`,
      starting_balance: customer.balance,
      status: 'open',
      status_transitions: { ...draft.status_transitions, finalized_at: clock.now },
    } as Partial<Invoice>,
    false,
  )
  sandbox.change(
    'customer',
    customer.id,
    { balance: endingBalance, next_invoice_sequence: customer.next_invoice_sequence + 1 },
    endingBalance === customer.balance ? false : undefined,
  )
  if (endingBalance !== customer.balance) settle(sandbox, invoice, endingBalance - customer.balance)
  if (due > 0) openPayment(sandbox, invoice)
  sandbox.emit('invoice.finalized', sandbox.get('invoice', id))
  if (isSent && due > 0) {
    sandbox.emit('invoice.sent', sandbox.get('invoice', id))
    if (invoice.due_date !== null) clock.schedule(invoice.due_date, 'invoice.overdue', id)
  }
  if (due === 0) markPaid(sandbox, id)
  return sandbox.get('invoice', id)
}

export function voidInvoice(sandbox: Sandbox, id: string): Invoice {
  const invoice = sandbox.get('invoice', id)
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible')
    throw invalid(
      `You can only pass in open or uncollectible invoices. This invoice isn't: it is ${invoice.status}.`,
      undefined,
      'invoice_not_editable',
    )
  const { now } = sandbox.clockOf(invoice)
  const voided = sandbox.change(
    'invoice',
    id,
    {
      amount_due: invoice.amount_due,
      amount_remaining: 0,
      next_payment_attempt: null,
      status: 'void',
      status_transitions: { ...invoice.status_transitions, voided_at: now },
    },
    'invoice.voided',
  )
  giveUpPayment(sandbox, id)
  // A credit that it used up is the customer's again, and one that it gave is taken back.
  const used = (invoice.ending_balance ?? 0) - invoice.starting_balance
  if (used !== 0) {
    const customer = sandbox.get('customer', invoice.customer)
    sandbox.change('customer', customer.id, { balance: customer.balance - used })
    settle(sandbox, invoice, -used)
  }
  return voided
}

export function markUncollectible(sandbox: Sandbox, id: string): Invoice {
  const invoice = sandbox.get('invoice', id)
  if (invoice.status !== 'open')
    throw invalid(
      `Invoices can only be marked uncollectible while open; this one is ${invoice.status}.`,
      undefined,
      'invoice_not_editable',
    )
  const { now } = sandbox.clockOf(invoice)
  return sandbox.change(
    'invoice',
    id,
    {
      next_payment_attempt: null,
      status: 'uncollectible',
      status_transitions: { ...invoice.status_transitions, marked_uncollectible_at: now },
    },
    'invoice.marked_uncollectible',
  )
}

/** @throws StripeError card_error; the failed payment stays on record */
export function payOrThrow(sandbox: Sandbox, id: string, payment: Payment): Invoice {
  const invoice = sandbox.get('invoice', id)
  if (invoice.status === 'draft') finalizeInvoice(sandbox, id)
  const { status } = sandbox.get('invoice', id)
  if (status === 'paid' && invoice.status === 'draft') return sandbox.get('invoice', id)
  if (status === 'paid') throw invalid('Invoice is already paid', undefined, 'invoice_already_paid')
  if (status === 'void')
    throw invalid('This invoice has been voided, and cannot be paid.', undefined, 'invoice_not_editable')
  const declined = attemptPayment(sandbox, id, { ...payment, isManual: true })
  if (declined) throw cardError(declined, {}, true)
  const paid = sandbox.get('invoice', id)
  if (paid.status === 'open')
    throw new StripeError(
      402,
      'card_error',
      'Payment for this invoice requires additional user action before it can be completed successfully.',
      { code: 'invoice_payment_intent_requires_action' },
      true,
    )
  return paid
}

function settle(sandbox: Sandbox, invoice: Invoice, amount: number): void {
  const customer = sandbox.get('customer', invoice.customer)
  sandbox.create(
    'customer_balance_transaction',
    {
      amount,
      currency: invoice.currency,
      customer: customer.id,
      ending_balance: customer.balance,
      invoice: invoice.id,
      metadata: {},
      type: invoice.status === 'void' ? 'unapplied_from_invoice' : 'applied_to_invoice',
    },
    sandbox.clockOf(invoice),
  )
}

/** A credit in the middle of the period will be a part of what is billed here. */
function rememberLines(sandbox: Sandbox, drafts: readonly DraftLine[], lines: readonly LineItem[]): void {
  for (const [place, { source, price, period }] of drafts.entries()) {
    const line = lines[place]
    if (!('item' in source) || !line || price?.recurring?.usage_type === 'metered') continue
    const amount = line.discount_amounts.reduce((left, off) => left - off.amount, line.amount)
    rememberDebit(sandbox, source.item.id, { amount, ...period })
  }
}
