import type { Cents, Metadata, Period, Seconds } from '../core/objects/base.ts'
import type { Price } from '../core/objects/catalog.ts'
import type { Customer } from '../core/objects/customers.ts'
import type { BillingReason, Invoice, InvoiceItem, LineItem, Tax } from '../core/objects/invoices.ts'
import type { Subscription, SubscriptionItem } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { amountOf } from './amounts.ts'
import { discounted, discountsAt } from './discounts.ts'
import { pricingOf } from './invoice-items.ts'
import { usageOf } from './meters.ts'
import { isMetered, meteredPeriod, named } from './proration.ts'
import { taxOn } from './tax.ts'
import { taxIdsOf } from './tax-ids.ts'

/** A line before discounts and tax. */
export type DraftLine = {
  amount: Cents
  description: string
  discountable: boolean
  period: Period
  price: Price | undefined
  quantity: number
  metadata: Metadata
  /** Where it comes from: a subscription's item, or an invoice item. */
  source: { item: SubscriptionItem } | { invoiceItem: InvoiceItem }
}

export type Draft = {
  customer: Customer
  currency: string
  reason: BillingReason
  lines: readonly DraftLine[]
  period: Period
  discounts: readonly string[]
  subscription?: Subscription
  hasAutomaticTax: boolean
  more?: Partial<Invoice>
}

/** A new invoice with its lines, discounts, taxes and sums; not yet kept. */
export function draftInvoice(sandbox: Sandbox, draft: Draft): Invoice {
  const { customer, subscription, currency } = draft
  const clock = sandbox.clockOf(customer)
  const invoice = sandbox.make('invoice', {}, clock)
  const discounts = discountsAt(sandbox, draft.discounts, clock.now)
  const off = discounted(
    sandbox,
    discounts,
    draft.lines.map(({ amount, discountable }) => (discountable ? amount : 0)),
  )
  const hasTaxId = taxIdsOf(sandbox, customer.id, { limit: 1 }).data.length > 0
  const isTaxed = draft.hasAutomaticTax && sandbox.settings.taxes
  const lines = draft.lines.map((line, place): LineItem => {
    const discountAmounts = off
      .map(({ discount, off: amounts }) => ({ amount: amounts[place] ?? 0, discount }))
      .filter(() => line.discountable)
    const net = discountAmounts.reduce((left, { amount }) => left - amount, line.amount)
    return {
      id: sandbox.ids.next('il'),
      object: 'line_item',
      livemode: false,
      amount: line.amount,
      currency,
      description: line.description,
      discount_amounts: discountAmounts,
      discountable: line.discountable,
      discounts: [],
      invoice: invoice.id,
      metadata: line.metadata,
      parent: parentOf(line),
      period: line.period,
      pretax_credit_amounts: [],
      pricing: line.price ? pricingOf(line.price) : null,
      quantity: line.quantity,
      quantity_decimal: String(line.quantity),
      subscription: subscription?.id ?? null,
      subtotal: line.amount,
      taxes: isTaxed ? taxOn(net, line.price?.tax_behavior ?? 'unspecified', customer, hasTaxId) : [],
    } as LineItem
  })
  return {
    ...invoice,
    account_country: 'IE',
    account_name: 'Payments sandbox',
    auto_advance: true,
    automatic_tax: {
      enabled: draft.hasAutomaticTax,
      disabled_reason: null,
      liability: draft.hasAutomaticTax ? { type: 'self' } : null,
      provider: draft.hasAutomaticTax ? 'stripe' : null,
      status: draft.hasAutomaticTax ? 'complete' : null,
    },
    billing_reason: draft.reason,
    collection_method: subscription?.collection_method ?? 'charge_automatically',
    currency,
    customer: customer.id,
    customer_address: customer.address,
    customer_email: customer.email,
    customer_name: customer.name,
    customer_phone: customer.phone,
    customer_tax_exempt: customer.tax_exempt,
    customer_tax_ids: taxIdsOf(sandbox, customer.id).data.map(({ type, value }) => ({ type, value })),
    discounts: discounts.map(({ id }) => id),
    lines: { object: 'list', data: lines, has_more: false, url: `/v1/invoices/${invoice.id}/lines` },
    metadata: {},
    parent: subscription
      ? {
          quote_details: null,
          subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
          type: 'subscription_details',
        }
      : null,
    period_end: draft.period.end,
    period_start: draft.period.start,
    status: 'draft',
    test_clock: customer.test_clock,
    ...sumsOf(lines),
    ...draft.more,
  } as Invoice
}

/** The lines of a subscription's period: what it costs ahead, and what was used before it. */
export function subscriptionLines(
  sandbox: Sandbox,
  subscription: Subscription,
  { used, isFree = false }: { used?: Period; isFree?: boolean },
): DraftLine[] {
  const lines: DraftLine[] = []
  for (const item of subscription.items.data) {
    const { price, quantity = 1, metadata } = item
    if (isMetered(price)) {
      if (!used || price.recurring?.meter == null) continue
      const period = meteredPeriod(sandbox, item, used)
      if (period.start === period.end && used.start < used.end) continue
      const units = usageOf(sandbox, price.recurring.meter, subscription.customer, period)
      lines.push({
        amount: amountOf(sandbox, price, units),
        description: named(sandbox, price, units),
        discountable: true,
        metadata,
        period,
        price,
        quantity: units,
        source: { item },
      })
      continue
    }
    const period = { start: item.current_period_start, end: item.current_period_end }
    const description = isFree
      ? `Trial period for ${sandbox.find('product', price.product)?.name ?? price.id}`
      : named(sandbox, price, quantity)
    lines.push({
      amount: isFree ? 0 : amountOf(sandbox, price, quantity),
      description,
      discountable: true,
      metadata,
      period,
      price,
      quantity,
      source: { item },
    })
  }
  return lines
}

/** Lines of what waited for this invoice. */
export const pendingLines = (sandbox: Sandbox, items: readonly InvoiceItem[]): DraftLine[] =>
  items.map((invoiceItem) => ({
    amount: invoiceItem.amount,
    description: invoiceItem.description ?? '',
    discountable: invoiceItem.discountable,
    metadata: invoiceItem.metadata,
    period: invoiceItem.period,
    price: sandbox.find('price', invoiceItem.pricing?.price_details.price),
    quantity: invoiceItem.quantity,
    source: { invoiceItem },
  }))

/** What an invoice's lines come to, and what is to be paid of it once a balance is settled. */
export function sumsOf(lines: readonly LineItem[]): Partial<Invoice> {
  const sum = (amounts: readonly Cents[]) => amounts.reduce((whole, one) => whole + one, 0)
  const subtotal = sum(lines.map(({ amount }) => amount))
  const off = new Map<string, Cents>()
  for (const { amount, discount } of lines.flatMap((line) => line.discount_amounts))
    off.set(discount, (off.get(discount) ?? 0) + amount)
  const taxes = summedTaxes(lines.flatMap((line) => line.taxes))
  const isOf = (behavior: Tax['tax_behavior']) =>
    sum(taxes.filter(({ tax_behavior: one }) => one === behavior).map(({ amount }) => amount))
  const net = subtotal - sum([...off.values()])
  const total = net + isOf('exclusive')
  return {
    amount_due: Math.max(total, 0),
    amount_remaining: Math.max(total, 0),
    subtotal,
    subtotal_excluding_tax: subtotal,
    total,
    total_discount_amounts: [...off].map(([discount, amount]) => ({ amount, discount })),
    total_excluding_tax: net - isOf('inclusive'),
    total_taxes: taxes,
    total_pretax_credit_amounts: [],
  } as Partial<Invoice>
}

function summedTaxes(taxes: readonly Tax[]): Tax[] {
  const byRate = new Map<string, Tax>()
  for (const tax of taxes) {
    const key = `${tax.tax_rate_details?.tax_rate} ${tax.tax_behavior}`
    const before = byRate.get(key)
    byRate.set(key, {
      ...tax,
      amount: tax.amount + (before?.amount ?? 0),
      taxable_amount: tax.taxable_amount + (before?.taxable_amount ?? 0),
    })
  }
  return [...byRate.values()]
}

function parentOf({ source }: DraftLine): LineItem['parent'] {
  if ('item' in source)
    return {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: false,
        proration_details: { credited_items: null },
        subscription: source.item.subscription,
        subscription_item: source.item.id,
      },
      type: 'subscription_item_details',
    }
  const { id, proration, parent } = source.invoiceItem
  return {
    invoice_item_details: {
      invoice_item: id,
      proration,
      proration_details: { credited_items: null },
      subscription: parent?.subscription_details.subscription ?? null,
    },
    subscription_item_details: null,
    type: 'invoice_item_details',
  }
}

export const isDue = (time: Seconds | null, now: Seconds): boolean => time !== null && time <= now
