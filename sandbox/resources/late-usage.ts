import type { Invoice, LineItem } from '../core/objects/invoices.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { amountOf } from './amounts.ts'
import { discounted, discountsAt } from './discounts.ts'
import { sumsOf } from './invoice-draft.ts'
import { usageOf } from './meters.ts'
import { isMetered, named } from './proration.ts'
import { taxOn } from './tax.ts'
import { taxIdsOf } from './tax-ids.ts'

/**
 * What was used of a period counts as long as its invoice is a draft: lines of meters are reckoned once more as it is
 * finalised. https://docs.stripe.com/billing/subscriptions/usage-based
 * @returns the draft as it is then
 */
export function countLateUsage(sandbox: Sandbox, draft: Invoice): Invoice {
  const counted = draft.lines.data.map((line) => counting(sandbox, draft, line))
  if (counted.every(({ quantity }, place) => quantity === draft.lines.data[place]?.quantity)) return draft
  const lines = priced(sandbox, draft, counted)
  return sandbox.change('invoice', draft.id, { lines: { ...draft.lines, data: lines }, ...sumsOf(lines) })
}

function counting(sandbox: Sandbox, { customer }: Invoice, line: LineItem): LineItem {
  const price = sandbox.find('price', line.pricing?.price_details.price)
  const meter = price?.recurring?.meter
  if (!price || !isMetered(price) || meter == null || !line.parent.subscription_item_details) return line
  const quantity = usageOf(sandbox, meter, customer, line.period)
  const amount = amountOf(sandbox, price, quantity)
  const description = named(sandbox, price, quantity)
  const more = { quantity_decimal: String(quantity), subtotal: amount }
  return { ...line, amount, description, quantity, ...more }
}

/** The lines with discounts and taxes of their new amounts. */
function priced(sandbox: Sandbox, draft: Invoice, lines: readonly LineItem[]): LineItem[] {
  const customer = sandbox.get('customer', draft.customer)
  const hasTaxId = taxIdsOf(sandbox, customer.id, { limit: 1 }).data.length > 0
  const isTaxed = draft.automatic_tax.enabled && sandbox.settings.taxes
  const off = discounted(
    sandbox,
    discountsAt(sandbox, draft.discounts, draft.created),
    lines.map(({ amount, discountable }) => (discountable ? amount : 0)),
  )
  return lines.map((line, place) => {
    const amounts = line.discountable
      ? off.map(({ discount, off: each }) => ({ amount: each[place] ?? 0, discount }))
      : []
    const net = amounts.reduce((left, { amount }) => left - amount, line.amount)
    const price = sandbox.find('price', line.pricing?.price_details.price)
    const taxes = isTaxed ? taxOn(net, price?.tax_behavior ?? 'unspecified', customer, hasTaxId) : []
    return { ...line, discount_amounts: amounts, taxes } as LineItem
  })
}
