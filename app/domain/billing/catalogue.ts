import type Stripe from 'stripe'
import { currency, type Interval, intervals, type PaidPlan, paidPlans, plans } from './plans.ts'

/** By what a price is found at Stripe, whichever amount it has at the moment: see `termsOf` in reading.ts. */
export const lookupKey = (plan: PaidPlan, interval: Interval): string => `${plan}_${interval}`

/**
 * Makes Stripe's products and prices what the plans say. A price of Stripe never changes: another amount is another
 * price, which takes the look-up key over; who subscribed by the former goes on paying that. Safe to repeat.
 */
export async function ensureCatalogue(stripe: Stripe): Promise<void> {
  for (const plan of paidPlans) {
    const product = await ensureProduct(stripe, plan)
    for (const interval of intervals) await ensurePrice(stripe, product, plan, interval)
  }
}

async function ensureProduct(stripe: Stripe, plan: PaidPlan): Promise<string> {
  const id = `worklane_${plan}`
  const name = `Worklane ${plans[plan].name}`
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

async function ensurePrice(
  stripe: Stripe,
  product: string,
  plan: PaidPlan,
  interval: Interval,
): Promise<void> {
  const unit_amount = plans[plan].seat?.[interval] as number
  const lookup_key = lookupKey(plan, interval)
  const price = await findPrice(stripe, lookup_key)
  if (price?.unit_amount === unit_amount && price.currency === currency) return
  await stripe.prices.create(
    {
      product,
      currency,
      unit_amount,
      lookup_key,
      transfer_lookup_key: true,
      recurring: { interval },
      tax_behavior: 'exclusive',
    },
    { idempotencyKey: `price ${lookup_key} ${unit_amount} ${currency}` },
  )
}

/** @throws Error when the catalogue was never made at this Stripe */
export async function priceOf(stripe: Stripe, plan: PaidPlan, interval: Interval): Promise<Stripe.Price> {
  const lookup_key = lookupKey(plan, interval)
  const price = await findPrice(stripe, lookup_key)
  if (!price) throw new Error(`Stripe has no price ${lookup_key}: a worker makes it as it starts`)
  return price
}

async function findPrice(stripe: Stripe, lookupKey: string): Promise<Stripe.Price | undefined> {
  const { data } = await stripe.prices.list({ lookup_keys: [lookupKey], active: true, limit: 1 })
  return data[0]
}
