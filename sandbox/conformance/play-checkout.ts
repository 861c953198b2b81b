import type Stripe from 'stripe'
import { SandboxControl } from '../control/client.ts'
import type { Catalog } from './play-catalog.ts'

/** Hosted pages, webhook endpoints and the list of events. */
export async function playCheckout(
  stripe: Stripe,
  running: { origin: string; controlKey: string },
  catalog: Catalog,
): Promise<void> {
  const control = new SandboxControl(running)
  const urls = {
    cancel_url: 'https://example.com/no',
    success_url: 'https://example.com/yes?s={CHECKOUT_SESSION_ID}',
  }
  const subscribe = await stripe.checkout.sessions.create({
    ...urls,
    allow_promotion_codes: true,
    client_reference_id: 'organisation-1',
    line_items: [{ price: catalog.monthly, quantity: 2 }],
    metadata: { organisation: '1' },
    mode: 'subscription',
    subscription_data: { metadata: { organisation: '1' }, trial_period_days: 14 },
  })
  await stripe.checkout.sessions.listLineItems(subscribe.id)
  await control.checkOut(subscribe.id, { email: 'checkout@example.com' })
  const { customer } = await stripe.checkout.sessions.retrieve(subscribe.id, {
    expand: ['customer', 'line_items', 'subscription.latest_invoice'],
  })
  const pay = await stripe.checkout.sessions.create({
    ...urls,
    discounts: [{ coupon: catalog.coupon }],
    line_items: [{ price: catalog.once, quantity: 1 }],
    mode: 'payment',
  })
  await control
    .checkOut(pay.id, { number: '4000002760003184', email: 'pays@example.com' })
    .then(async (outcome) => {
      if (outcome.kind === 'authenticate') await control.authenticate(outcome.intent)
    })
  await stripe.checkout.sessions.retrieve(pay.id, { expand: ['payment_intent'] })
  const left = await stripe.checkout.sessions.create({
    ...urls,
    currency: 'usd',
    mode: 'setup',
    customer: idOf(customer),
  })
  await stripe.checkout.sessions.expire(left.id)
  await stripe.checkout.sessions.list({ limit: 2, status: 'complete' })
  await playPortal(stripe, idOf(customer))
  await playWebhooks(stripe)
}

async function playPortal(stripe: Stripe, customer: string): Promise<void> {
  await stripe.billingPortal.sessions.create({ customer, return_url: 'https://example.com/billing' })
  const configuration = await stripe.billingPortal.configurations.create({
    features: { invoice_history: { enabled: true } },
  })
  await stripe.billingPortal.configurations.update(configuration.id, {
    default_return_url: 'https://example.com/billing',
  })
  await stripe.billingPortal.configurations.retrieve(configuration.id)
  await stripe.billingPortal.configurations.list({ is_default: true })
}

async function playWebhooks(stripe: Stripe): Promise<void> {
  const endpoint = await stripe.webhookEndpoints.create({
    // Nobody listens there: what is asked for is the endpoint.
    enabled_events: ['account.updated'],
    url: 'http://127.0.0.1:9/webhooks',
  })
  await stripe.webhookEndpoints.update(endpoint.id, { disabled: true })
  await stripe.webhookEndpoints.retrieve(endpoint.id)
  await stripe.webhookEndpoints.list()
  await stripe.webhookEndpoints.del(endpoint.id)
  const { data } = await stripe.events.list({
    limit: 5,
    types: ['invoice.paid', 'customer.subscription.updated'],
  })
  await stripe.events.retrieve(data[0]?.id ?? '')
}

const idOf = (object: string | { id: string } | null): string =>
  typeof object === 'string' ? object : (object?.id ?? '')
