import type { Cents, Metadata, Period } from '../core/objects/base.ts'
import type { Price } from '../core/objects/catalog.ts'
import type { InvoiceItem, Pricing } from '../core/objects/invoices.ts'
import type { Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, notOffered } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listing, retrieving } from '../http/reads.ts'
import { amountOf } from './amounts.ts'
import { given, merged } from './metadata.ts'

type ItemParams = {
  amount?: number
  currency?: string
  customer?: string
  description?: string
  discountable?: boolean
  invoice?: string
  metadata?: Metadata | ''
  period?: Period
  pricing?: { price?: string }
  quantity?: number
  subscription?: string
  tax_behavior?: 'exclusive' | 'inclusive' | 'unspecified'
}

const fields = ['amount', 'description', 'discountable', 'metadata', 'period', 'quantity'] as const

export const invoiceItemOperations = [
  operation<ItemParams>(
    'POST /v1/invoiceitems',
    [...fields, 'currency', 'customer', 'invoice', 'pricing', 'subscription', 'tax_behavior'],
    create,
  ),
  operation<ItemParams>('POST /v1/invoiceitems/{invoiceitem}', fields, (sandbox, params, id = '') => {
    const item = sandbox.get('invoiceitem', id)
    assertWaiting(item)
    return sandbox.change('invoiceitem', id, {
      ...given(params, ['amount', 'description', 'discountable', 'period', 'quantity']),
      metadata: merged(item.metadata, params.metadata),
    })
  }),
  retrieving('invoiceitem', 'GET /v1/invoiceitems/{invoiceitem}'),
  operation('DELETE /v1/invoiceitems/{invoiceitem}', [], (sandbox, _params, id = '') => {
    const item = sandbox.get('invoiceitem', id)
    assertWaiting(item)
    const answer = sandbox.remove('invoiceitem', id)
    sandbox.emit('invoiceitem.deleted', item)
    return answer
  }),
  listing<'invoiceitem', { pending: boolean }>(
    'invoiceitem',
    'GET /v1/invoiceitems',
    ['customer', 'invoice'],
    {
      pending: (item, pending) => (item.invoice === null) === pending,
    },
  ),
]

/** Those that wait for a subscription's next invoice, or for any of the customer's; the oldest first. */
export function pendingItems(sandbox: Sandbox, customer: string, subscription?: string): InvoiceItem[] {
  return sandbox
    .table('invoiceitem')
    .ofCustomer(customer)
    .filter((item) => {
      const owner = item.parent?.subscription_details.subscription
      return item.invoice === null && (owner === undefined || owner === subscription)
    })
}

type Proration = {
  amount: Cents
  description: string
  period: Period
  price: Price
  quantity: number
  subscription: Subscription
  item: string
}

/** A part of a period, to be billed or given back. */
export function createItem(sandbox: Sandbox, { price, subscription, ...of }: Proration): InvoiceItem {
  return keep(sandbox, {
    amount: of.amount,
    currency: price.currency,
    customer: subscription.customer,
    description: of.description,
    // Discounts are in the amount already.
    discountable: false,
    parent: {
      subscription_details: { subscription: subscription.id, subscription_item: of.item },
      type: 'subscription_details',
    },
    period: of.period,
    pricing: pricingOf(price),
    proration: true,
    quantity: of.quantity,
  })
}

export const pricingOf = (price: Price): Pricing => ({
  price_details: { price: price.id, product: price.product },
  type: 'price_details',
  unit_amount_decimal: price.unit_amount_decimal,
})

function create(sandbox: Sandbox, params: ItemParams): InvoiceItem {
  const { amount, currency, customer, invoice: invoiceId, pricing, subscription: subscriptionId } = params
  const invoice = invoiceId === undefined ? undefined : sandbox.get('invoice', invoiceId, 'invoice')
  if (params.tax_behavior === 'inclusive') throw notOffered('amounts with their tax', 'tax_behavior')
  if (invoice) throw notOffered('invoice items for a given invoice: leave invoice out', 'invoice')
  if (customer === undefined)
    throw invalid('Missing required param: customer.', 'customer', 'parameter_missing')
  const owner = sandbox.get('customer', customer, 'customer')
  const price =
    pricing?.price === undefined ? undefined : sandbox.get('price', pricing.price, 'pricing[price]')
  const quantity = params.quantity ?? 1
  const cents = amount ?? (price ? amountOf(sandbox, price, quantity) : undefined)
  if (cents === undefined)
    throw invalid('You must pass one of amount or pricing[price].', 'amount', 'parameter_missing')
  if (subscriptionId !== undefined) sandbox.get('subscription', subscriptionId, 'subscription')
  const { now } = sandbox.clockOf(owner)
  return keep(sandbox, {
    amount: cents,
    currency: price?.currency ?? currency ?? owner.currency ?? 'usd',
    customer,
    description: params.description ?? null,
    discountable: params.discountable ?? cents >= 0,
    metadata: merged({}, params.metadata),
    parent:
      subscriptionId === undefined
        ? null
        : { subscription_details: { subscription: subscriptionId }, type: 'subscription_details' },
    period: params.period ?? { start: now, end: now },
    pricing: price ? pricingOf(price) : null,
    quantity,
  })
}

function keep(sandbox: Sandbox, fields: Partial<InvoiceItem>): InvoiceItem {
  const clock = sandbox.clockOf(fields)
  const { created: _none, ...item } = sandbox.make('invoiceitem', {
    date: clock.now,
    metadata: {},
    quantity_decimal: String(fields.quantity ?? 1),
    test_clock: clock.id,
    ...fields,
  }) as InvoiceItem & { created?: number }
  sandbox.table('invoiceitem').insert(item)
  sandbox.emit('invoiceitem.created', item)
  return item
}

function assertWaiting(item: InvoiceItem): void {
  if (item.invoice !== null)
    throw invalid(
      'This invoice item is attached to an invoice already, and cannot be changed.',
      'invoiceitem',
    )
}
