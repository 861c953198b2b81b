import type Stripe from 'stripe'

export type Catalog = {
  product: string
  monthly: string
  yearly: string
  metered: string
  once: string
  meter: string
  coupon: string
  promotionCode: string
}

/** Products, prices, coupons, meters: what everything else is bought from. */
export async function playCatalog(stripe: Stripe): Promise<Catalog> {
  const product = await stripe.products.create({
    name: 'Team',
    metadata: { plan: 'team' },
    unit_label: 'seat',
  })
  await stripe.products.update(product.id, { description: 'For teams', metadata: { plan: '' } })
  await stripe.products.retrieve(product.id)
  await stripe.products.list({ active: true, limit: 3 })
  const unwanted = await stripe.products.create({
    id: 'unwanted',
    name: 'Unwanted',
    images: ['https://example.com/a.png'],
  })
  await stripe.products.del(unwanted.id)
  const price = (more: Partial<Stripe.PriceCreateParams>) =>
    stripe.prices.create({ currency: 'usd', product: product.id, ...more })
  const monthly = await price({
    unit_amount: 1_200,
    recurring: { interval: 'month' },
    lookup_key: 'team_monthly',
  })
  const yearly = await price({ unit_amount: 12_000, recurring: { interval: 'year' }, nickname: 'Yearly' })
  const once = await price({ unit_amount: 5_000 })
  const meter = await playMeters(stripe)
  const metered = await price({
    billing_scheme: 'tiered',
    recurring: { interval: 'month', meter, usage_type: 'metered' },
    tiers: [
      { unit_amount: 0, up_to: 100 },
      { unit_amount: 2, up_to: 'inf' },
    ],
    tiers_mode: 'graduated',
  })
  await stripe.prices.update(monthly.id, { metadata: { seats: 'each' }, nickname: 'Monthly' })
  await stripe.prices.retrieve(metered.id, { expand: ['product', 'tiers'] })
  await stripe.prices.list({ lookup_keys: ['team_monthly'], type: 'recurring' })
  const { coupon, promotionCode } = await playCoupons(stripe)
  return {
    product: product.id,
    monthly: monthly.id,
    yearly: yearly.id,
    metered: metered.id,
    once: once.id,
    meter,
    coupon,
    promotionCode,
  }
}

async function playMeters(stripe: Stripe): Promise<string> {
  const meter = await stripe.billing.meters.create({
    customer_mapping: { event_payload_key: 'stripe_customer_id', type: 'by_id' },
    default_aggregation: { formula: 'sum' },
    display_name: 'API requests',
    event_name: 'api_requests',
    value_settings: { event_payload_key: 'value' },
  })
  await stripe.billing.meters.update(meter.id, { display_name: 'Requests' })
  await stripe.billing.meters.deactivate(meter.id)
  await stripe.billing.meters.reactivate(meter.id)
  await stripe.billing.meters.retrieve(meter.id)
  await stripe.billing.meters.list({ status: 'active' })
  const customer = await stripe.customers.create({ email: 'meter@example.com' })
  const now = Math.floor(Date.now() / 1_000)
  await stripe.billing.meterEvents.create({
    event_name: 'api_requests',
    identifier: 'one',
    payload: { stripe_customer_id: customer.id, value: '25' },
    timestamp: now,
  })
  await stripe.billing.meters.listEventSummaries(meter.id, {
    customer: customer.id,
    start_time: now - (now % 60) - 3_600,
    end_time: now - (now % 60) + 60,
    value_grouping_window: 'hour',
  })
  await stripe.billing.meterEventAdjustments.create({
    cancel: { identifier: 'one' },
    event_name: 'api_requests',
    type: 'cancel',
  })
  return meter.id
}

async function playCoupons(stripe: Stripe): Promise<{ coupon: string; promotionCode: string }> {
  const coupon = await stripe.coupons.create({
    duration: 'repeating',
    duration_in_months: 3,
    percent_off: 20,
  })
  await stripe.coupons.update(coupon.id, { name: 'Launch' })
  await stripe.coupons.retrieve(coupon.id)
  await stripe.coupons.list({ limit: 1 })
  const unwanted = await stripe.coupons.create({ amount_off: 500, currency: 'usd', duration: 'once' })
  await stripe.coupons.del(unwanted.id)
  const code = await stripe.promotionCodes.create({
    code: 'LAUNCH',
    promotion: { type: 'coupon', coupon: coupon.id },
  })
  await stripe.promotionCodes.update(code.id, { metadata: { from: 'newsletter' } })
  await stripe.promotionCodes.retrieve(code.id, { expand: ['promotion.coupon'] })
  await stripe.promotionCodes.list({ code: 'LAUNCH' })
  return { coupon: coupon.id, promotionCode: code.id }
}
