import { createHash } from 'node:crypto'
import type Stripe from 'stripe'
import { z } from 'zod'
import { Problem } from '../errors.ts'
import { priceOf } from './catalogue.ts'
import { itemChanges } from './metered-items.ts'
import { Money } from './money-schema.ts'
import type { Standing } from './standing.ts'
import { type Terms, type When, whenOf } from './terms.ts'

/** What an invoice asks for. */
export const Bill = z.object({
  /** Without discounts and tax. */
  lines: z.array(z.object({ text: z.string(), amount: Money })),
  discount: Money,
  tax: Money,
  total: Money,
  /** What is charged: the total, less what the customer has to its credit. */
  due: Money,
})
export type Bill = z.infer<typeof Bill>

export type Quote = {
  when: When
  price: Stripe.Price
  seats: number
  /** What is changed of the subscription's items. */
  items: Stripe.SubscriptionUpdateParams.Item[]
  today: Bill
  next: Bill
  /** Seconds since 1970: of the next invoice. */
  nextAt: number
  /** By when prorations are reckoned; null where there are none. */
  prorationDate: number | null
}

/**
 * What a change costs, from Stripe's own previews: nothing is written.
 * @param to.members who need a seat, from the next period on
 * @param to.at by when to prorate, seconds since 1970; now where it is not said
 * @throws Problem conflict where nothing would change
 * @throws Stripe's errors
 */
export async function quote(
  client: Stripe,
  standing: Standing,
  to: Terms & { members: number; at?: number | null },
): Promise<Quote> {
  const when = whenOf(standing.terms, to, standing.isTrial)
  if (when === null) throw new Problem('conflict', 'Your organisation has this plan already.')
  const price = await priceOf(client, to.plan, to.interval)
  // Within a period its seats are paid for; the next one begins with those that somebody has.
  const isSamePeriod = when === 'now' && to.interval === standing.terms.interval
  const seats = isSamePeriod ? standing.seats : to.members
  const had = { item: standing.item.id, metered: standing.metered }
  const terms = { plan: to.plan, interval: to.interval }
  const items = await itemChanges(client, had, { ...terms, price: price.id, seats })
  const ask = { subscription: standing.subscription.id }
  if (when === 'periodEnd' || standing.isTrial) {
    // The invoice at the end of the period, or of the trial, as if the price were the other one already.
    const next = await client.invoices.createPreview({
      ...ask,
      subscription_details: { items, proration_behavior: 'none' },
    })
    const nothing = nothingOf(price.currency)
    return {
      when,
      price,
      seats,
      items,
      prorationDate: null,
      today: nothing,
      next: billOf(next),
      nextAt: standing.periodEnd,
    }
  }
  const [today, next] = await Promise.all([
    client.invoices.createPreview({
      ...ask,
      subscription_details: {
        items,
        proration_behavior: 'always_invoice',
        ...(to.at ? { proration_date: to.at } : {}),
      },
    }),
    client.invoices.createPreview({
      ...ask,
      preview_mode: 'recurring',
      subscription_details: { items, proration_behavior: 'none' },
    }),
  ])
  const prorationDate = today.parent?.subscription_details?.subscription_proration_date ?? null
  return {
    when,
    price,
    seats,
    items,
    prorationDate,
    today: billOf(today),
    next: billOf(next),
    nextAt: Math.max(...today.lines.data.map(({ period }) => period.end)),
  }
}

/** Of all that somebody sees and agrees to. Times move with the clock; amounts do not. */
export function digestOf({ subscription, item, seats }: Standing, quoted: Quote): string {
  const { when, price, today, next } = quoted
  const seen = [subscription.id, item.price.id, seats, when, price.id, quoted.seats, today, next]
  return createHash('sha256').update(JSON.stringify(seen)).digest('base64url')
}

function billOf(invoice: Stripe.Invoice): Bill {
  const { currency, subtotal, total, amount_due, total_taxes, total_discount_amounts } = invoice
  const money = (amount: number) => ({ amount, currency })
  const sum = (parts: { amount: number }[] | null) =>
    (parts ?? []).reduce((whole, { amount }) => whole + amount, 0)
  const lines = invoice.lines.data.map(({ description, amount }) => ({
    text: description ?? '',
    amount: money(amount),
  }))
  // Stripe gives the first lines of a long invoice.
  const rest = subtotal - sum(invoice.lines.data)
  return {
    lines: rest === 0 ? lines : [...lines, { text: 'Other changes in this period', amount: money(rest) }],
    discount: money(sum(total_discount_amounts)),
    tax: money(sum(total_taxes)),
    total: money(total),
    due: money(amount_due),
  }
}

function nothingOf(currency: string): Bill {
  const none = { amount: 0, currency }
  return { lines: [], discount: none, tax: none, total: none, due: none }
}
