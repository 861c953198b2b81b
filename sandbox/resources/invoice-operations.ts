import type { Metadata } from '../core/objects/base.ts'
import type { Invoice } from '../core/objects/invoices.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, notOffered } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { isWithin, listOf, type PageParams, pageOf, type Range } from '../http/pages.ts'
import { listing, retrieving } from '../http/reads.ts'
import { type DiscountParams, redeem } from './coupons.ts'
import { pendingLines } from './invoice-draft.ts'
import { pendingItems } from './invoice-items.ts'
import { attemptPayment, markPaid, subscriptionOf } from './invoice-payment.ts'
import { previewInvoice } from './invoice-preview.ts'
import {
  createInvoice,
  finalizeInvoice,
  finalizeLater,
  markUncollectible,
  payOrThrow,
  voidInvoice,
} from './invoices.ts'
import { given, merged } from './metadata.ts'
import { changeSubscription } from './subscription-changes.ts'
import type { ChangeParams, Proration } from './subscription-fields.ts'
import type { ItemParams } from './subscription-items.ts'
import { createSubscription } from './subscriptions.ts'

type InvoiceParams = {
  auto_advance?: boolean
  automatic_tax?: { enabled: boolean }
  collection_method?: Invoice['collection_method']
  currency?: string
  customer?: string
  days_until_due?: number
  default_payment_method?: string
  description?: string
  discounts?: DiscountParams[] | ''
  due_date?: number
  footer?: string
  metadata?: Metadata | ''
  pending_invoice_items_behavior?: 'exclude' | 'include'
  subscription?: string
}

type PreviewParams = {
  automatic_tax?: { enabled: boolean }
  currency?: string
  customer?: string
  customer_details?: object
  discounts?: DiscountParams[] | ''
  preview_mode?: string
  subscription?: string
  subscription_details?: {
    billing_cycle_anchor?: 'now' | 'unchanged' | number
    cancel_at?: number | ''
    cancel_at_period_end?: boolean
    cancel_now?: boolean
    items?: ItemParams[]
    proration_behavior?: Proration
    proration_date?: number
    trial_end?: 'now' | number
  }
}

export const invoiceOperations = [
  operation<InvoiceParams>(
    'POST /v1/invoices',
    [
      'auto_advance',
      'automatic_tax',
      'collection_method',
      'currency',
      'customer',
      'days_until_due',
      'default_payment_method',
      'description',
      'discounts',
      'due_date',
      'footer',
      'metadata',
      'pending_invoice_items_behavior',
      'subscription',
    ],
    create,
  ),
  operation<PreviewParams>(
    'POST /v1/invoices/create_preview',
    [
      'automatic_tax',
      'currency',
      'customer',
      'discounts',
      'preview_mode',
      'subscription',
      'subscription_details',
    ],
    createPreview,
  ),
  operation<InvoiceParams>(
    'POST /v1/invoices/{invoice}',
    ['auto_advance', 'default_payment_method', 'description', 'footer', 'metadata'],
    (sandbox, params, id = '') => {
      const invoice = sandbox.get('invoice', id)
      return sandbox.change('invoice', id, {
        ...given(params, ['auto_advance', 'default_payment_method', 'description']),
        ...(params.footer === undefined ? {} : { footer: params.footer || null }),
        metadata: merged(invoice.metadata, params.metadata),
      } as Partial<Invoice>)
    },
  ),
  retrieving('invoice', 'GET /v1/invoices/{invoice}'),
  operation('DELETE /v1/invoices/{invoice}', [], (sandbox, _params, id = '') => {
    const invoice = sandbox.get('invoice', id)
    if (invoice.status !== 'draft' || subscriptionOf(invoice) !== undefined)
      throw invalid('You can only delete drafts of one-off invoices.', undefined, 'invoice_not_editable')
    return sandbox.remove('invoice', id)
  }),
  listing<'invoice', { due_date: Range; subscription: string }>(
    'invoice',
    'GET /v1/invoices',
    ['collection_method', 'customer', 'status'],
    {
      due_date: (invoice, range) => invoice.due_date !== null && isWithin(invoice.due_date, range),
      subscription: (invoice, subscription) => subscriptionOf(invoice) === subscription,
    },
  ),
  operation<PageParams>('GET /v1/invoices/{invoice}/lines', [], (sandbox, params, id = '') =>
    pageOf(sandbox.get('invoice', id).lines.data, `/v1/invoices/${id}/lines`, params),
  ),
  operation<{ auto_advance?: boolean }>(
    'POST /v1/invoices/{invoice}/finalize',
    ['auto_advance'],
    (sandbox, params, id = '') => {
      const invoice = finalizeInvoice(sandbox, id)
      if (params.auto_advance === undefined || invoice.status !== 'open') return invoice
      sandbox.change('invoice', id, { auto_advance: params.auto_advance })
      if (params.auto_advance) attemptPayment(sandbox, id)
      return sandbox.get('invoice', id)
    },
  ),
  operation<{ off_session?: boolean; paid_out_of_band?: boolean; payment_method?: string }>(
    'POST /v1/invoices/{invoice}/pay',
    ['off_session', 'paid_out_of_band', 'payment_method'],
    (sandbox, params, id = '') => {
      if (!params.paid_out_of_band)
        return payOrThrow(sandbox, id, {
          method: params.payment_method,
          isOnSession: params.off_session === false,
        })
      sandbox.get('invoice', id)
      return markPaid(sandbox, id)
    },
  ),
  operation('POST /v1/invoices/{invoice}/send', [], (sandbox, _params, id = '') => {
    const invoice = sandbox.get('invoice', id)
    const sent = invoice.status === 'draft' ? finalizeInvoice(sandbox, id) : invoice
    sandbox.emit('invoice.sent', sent)
    return sent
  }),
  operation('POST /v1/invoices/{invoice}/void', [], (sandbox, _params, id = '') => voidInvoice(sandbox, id)),
  operation('POST /v1/invoices/{invoice}/mark_uncollectible', [], (sandbox, _params, id = '') =>
    markUncollectible(sandbox, id),
  ),
  retrieving('invoice_payment', 'GET /v1/invoice_payments/{invoice_payment}'),
  listing('invoice_payment', 'GET /v1/invoice_payments', ['invoice', 'status']),
]

export const paymentsOf = (sandbox: Sandbox, invoice: string) =>
  listOf(
    sandbox,
    'invoice_payment',
    `/v1/invoice_payments?invoice=${invoice}`,
    {},
    (payment) => payment.invoice === invoice,
  )

/** A one-off invoice of what waits for the customer. */
function create(sandbox: Sandbox, params: InvoiceParams): Invoice {
  if (params.customer === undefined)
    throw invalid('Missing required param: customer.', 'customer', 'parameter_missing')
  const customer = sandbox.get('customer', params.customer, 'customer')
  const subscription =
    params.subscription === undefined
      ? undefined
      : sandbox.get('subscription', params.subscription, 'subscription')
  const { now } = sandbox.clockOf(customer)
  const takes = params.pending_invoice_items_behavior === 'include' || subscription !== undefined
  const items = takes ? pendingItems(sandbox, customer.id, subscription?.id) : []
  const isSent = params.collection_method === 'send_invoice'
  if (isSent && params.days_until_due === undefined && params.due_date === undefined)
    throw invalid(
      'You must pass days_until_due or due_date with collection_method=send_invoice.',
      'days_until_due',
    )
  const invoice = createInvoice(sandbox, {
    currency: params.currency ?? items[0]?.currency ?? customer.currency ?? 'usd',
    customer,
    discounts: (params.discounts || []).map((one) => redeem(sandbox, one, { customer: customer.id }).id),
    hasAutomaticTax: params.automatic_tax?.enabled ?? false,
    lines: pendingLines(sandbox, items),
    more: {
      auto_advance: params.auto_advance ?? false,
      collection_method: params.collection_method ?? 'charge_automatically',
      default_payment_method: params.default_payment_method ?? null,
      description: params.description ?? null,
      due_date: params.due_date ?? (isSent ? now + (params.days_until_due ?? 0) * 86_400 : null),
      footer: params.footer ?? null,
      metadata: merged({}, params.metadata),
    } as Partial<Invoice>,
    period: { start: now, end: now },
    reason: 'manual',
    ...(subscription ? { subscription } : {}),
  })
  return params.auto_advance ? finalizeLater(sandbox, invoice) : invoice
}

/** What would be billed, after the changes given: they are made, looked at, and taken back. */
function createPreview(sandbox: Sandbox, params: PreviewParams): Invoice {
  const { customer, subscription: id, subscription_details: details = {} } = params
  const { cancel_now: cancelNow, billing_cycle_anchor: anchor, ...changes } = details
  if (cancelNow) throw notOffered('previews of cancel_now', 'subscription_details[cancel_now]')
  return sandbox.tentatively(() => {
    if (id === undefined) {
      if (customer === undefined)
        throw invalid('You must pass one of customer or subscription.', 'customer', 'parameter_missing')
      const { latest_invoice: invoice } = createSubscription(sandbox, {
        customer,
        items: changes.items ?? [],
        payment_behavior: 'default_incomplete',
        ...given(params, ['automatic_tax', 'discounts']),
        ...(changes.trial_end === undefined ? {} : { trial_end: changes.trial_end }),
        ...(typeof anchor === 'number' ? { billing_cycle_anchor: anchor } : {}),
      })
      return asPreview(sandbox.get('invoice', invoice ?? ''))
    }
    const before = sandbox.get('subscription', id, 'subscription')
    const after = changeSubscription(sandbox, id, {
      ...(changes as ChangeParams),
      payment_behavior: 'default_incomplete',
      ...(typeof anchor === 'string' ? { billing_cycle_anchor: anchor } : {}),
      ...given(params, ['automatic_tax', 'discounts']),
    })
    const isBilled = after.latest_invoice !== null && after.latest_invoice !== before.latest_invoice
    if (params.preview_mode === 'recurring') return previewInvoice(sandbox, after, { isRecurring: true })
    const seen = isBilled
      ? asPreview(sandbox.get('invoice', after.latest_invoice ?? ''))
      : previewInvoice(sandbox, after)
    const prorates = changes.items !== undefined && changes.proration_behavior !== 'none'
    return prorates ? withProrationDate(seen, changes.proration_date ?? sandbox.clockOf(after).now) : seen
  })
}

/** By when prorations were reckoned, so that one can ask for the change by the same time. */
function withProrationDate(invoice: Invoice, at: number): Invoice {
  const details = invoice.parent?.subscription_details
  if (!invoice.parent || !details) return invoice
  return {
    ...invoice,
    parent: { ...invoice.parent, subscription_details: { ...details, subscription_proration_date: at } },
  }
}

/** As it would be before it is finalised. */
const asPreview = (invoice: Invoice): Invoice =>
  ({
    ...invoice,
    id: `upcoming_${invoice.id}`,
    amount_paid: 0,
    amount_remaining: invoice.amount_due,
    attempted: false,
    billing_reason: 'upcoming',
    effective_at: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    number: null,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
  }) as Invoice
