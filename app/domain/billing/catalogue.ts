import Stripe from 'stripe'
import {
  currency,
  type Interval,
  intervals,
  type Metered,
  metered,
  type PaidPlan,
  paidPlans,
  plans,
} from './plans.ts'

/** By what a price is found at Stripe, whichever amount it has at the moment: see terms.ts. */
const lookupKey = (plan: PaidPlan, interval: Interval, kind?: Metered): string =>
  [plan, interval, kind].filter(Boolean).join('_')

/** What Stripe's meters are told of, by these names. */
export const eventNames: Record<Metered, string> = { requests: 'worklane_requests' }
export const meterNames: Record<Metered, string> = { requests: 'API requests' }

/**
 * Makes Stripe's products and prices what the plans say. A price of Stripe never changes: another amount is another
 * price, which takes the look-up key over; who subscribed by the former goes on paying that. Safe to repeat.
 */
export async function ensureCatalogue(stripe: Stripe): Promise<void> {
  for (const kind of metered) await ensureMeter(stripe, kind)
  for (const plan of paidPlans) {
    const name = `Worklane ${plans[plan].name}`
    const product = await ensureProduct(stripe, `worklane_${plan}`, name)
    for (const interval of intervals) await ensureSeatPrice(stripe, product, plan, interval)
    for (const kind of metered) {
      const used = await ensureProduct(stripe, `worklane_${plan}_${kind}`, `${name}: ${meterNames[kind]}`)
      for (const interval of intervals) await ensureMeteredPrice(stripe, used, plan, interval, kind)
    }
  }
}

async function ensureMeter(stripe: Stripe, kind: Metered): Promise<void> {
  if (await findMeter(stripe, kind)) return
  const event_name = eventNames[kind]
  await stripe.billing.meters.create(
    {
      event_name,
      display_name: meterNames[kind],
      default_aggregation: { formula: 'sum' },
      customer_mapping: { type: 'by_id', event_payload_key: 'stripe_customer_id' },
      value_settings: { event_payload_key: 'value' },
    },
    { idempotencyKey: `meter ${event_name}` },
  )
}

async function findMeter(stripe: Stripe, kind: Metered): Promise<string | undefined> {
  for await (const { id, event_name } of stripe.billing.meters.list({ status: 'active', limit: 100 }))
    if (event_name === eventNames[kind]) return id
  return undefined
}

/** The meter's id. @throws Error when it was never made at this Stripe */
export async function meterOf(stripe: Stripe, kind: Metered): Promise<string> {
  const id = await findMeter(stripe, kind)
  if (id === undefined)
    throw new Error(`Stripe has no meter ${eventNames[kind]}: a worker makes it as it starts`)
  return id
}

async function ensureProduct(stripe: Stripe, id: string, name: string): Promise<string> {
  try {
    const product = await stripe.products.retrieve(id)
    if (product.name !== name || !product.active) await stripe.products.update(id, { name, active: true })
    return id
  } catch (error) {
    if ((error as Stripe.errors.StripeError).code !== 'resource_missing') throw error
    await stripe.products.create({ id, name }, { idempotencyKey: `product ${id}` })
    return id
  }
}

async function ensureSeatPrice(stripe: Stripe, product: string, plan: PaidPlan, interval: Interval) {
  const unit_amount = plans[plan].seat?.[interval] as number
  await ensurePrice(stripe, String(unit_amount), {
    product,
    currency,
    unit_amount,
    lookup_key: lookupKey(plan, interval),
    recurring: { interval },
    metadata: { plan, interval },
  })
}

/** A year's allowance is that of twelve months. */
const months: Record<Interval, number> = { month: 1, year: 12 }

async function ensureMeteredPrice(
  stripe: Stripe,
  product: string,
  plan: PaidPlan,
  interval: Interval,
  kind: Metered,
) {
  const { included, perThousand } = plans[plan].monthly[kind]
  const up_to = included * months[interval]
  const unit_amount_decimal = String((perThousand ?? 0) / 1000)
  await ensurePrice(stripe, `${up_to} ${unit_amount_decimal}`, {
    product,
    currency,
    lookup_key: lookupKey(plan, interval, kind),
    recurring: { interval, usage_type: 'metered', meter: await meterOf(stripe, kind) },
    billing_scheme: 'tiered',
    tiers_mode: 'graduated',
    tiers: [
      { up_to, unit_amount: 0 },
      { up_to: 'inf', unit_amount_decimal: Stripe.Decimal.from(unit_amount_decimal) },
    ],
    metadata: { plan, interval, kind },
  })
}

/** @param terms what it costs, in a word: other terms are another price */
async function ensurePrice(
  stripe: Stripe,
  terms: string,
  asked: Stripe.PriceCreateParams & { lookup_key: string },
): Promise<void> {
  const metadata = { ...(asked.metadata as Record<string, string>), terms }
  const price = await findPrice(stripe, asked.lookup_key)
  const isMade = price?.metadata.terms === terms || price?.unit_amount === asked.unit_amount
  if (price && isMade && price.currency === currency) {
    // Once another price takes its look-up key over, this alone says what it is the price of.
    if (price.metadata.terms !== terms) await stripe.prices.update(price.id, { metadata })
    return
  }
  await stripe.prices.create(
    { ...asked, metadata, transfer_lookup_key: true, tax_behavior: 'exclusive' },
    // By what it takes the place of as well: the same terms may come back within a day.
    { idempotencyKey: `price ${asked.lookup_key} ${terms} ${currency} after ${price?.id ?? 'none'}` },
  )
}

/** @throws Error when the catalogue was never made at this Stripe */
export async function priceOf(
  stripe: Stripe,
  plan: PaidPlan,
  interval: Interval,
  kind?: Metered,
): Promise<Stripe.Price> {
  const lookup_key = lookupKey(plan, interval, kind)
  const price = await findPrice(stripe, lookup_key)
  if (!price) throw new Error(`Stripe has no price ${lookup_key}: a worker makes it as it starts`)
  return price
}

async function findPrice(stripe: Stripe, lookupKey: string): Promise<Stripe.Price | undefined> {
  const { data } = await stripe.prices.list({ lookup_keys: [lookupKey], active: true, limit: 1 })
  return data[0]
}
