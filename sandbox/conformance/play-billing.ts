import Stripe from 'stripe'
import type { Catalog } from './play-catalog.ts'

const month = 31 * 24 * 3_600

/** Subscriptions and invoices on a test clock. */
export async function playBilling(stripe: Stripe, catalog: Catalog): Promise<void> {
  const start = Math.floor(Date.UTC(2027, 0, 15, 10) / 1_000)
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: start, name: 'Billing' })
  const customerOf = (method: string, more: Stripe.CustomerCreateParams = {}) =>
    customer(stripe, method, { test_clock: clock.id, ...more })
  const advance = (seconds: number) => advanceBy(stripe, clock.id, seconds)

  const german = await customerOf('pm_card_visa', { address: { country: 'DE' } })
  const subscription = await playSubscription(stripe, catalog, german)
  await playItems(stripe, catalog, subscription)
  await playPreviews(stripe, catalog, subscription, german)
  const paused = await pausing(stripe, catalog, await stripe.customers.create({ test_clock: clock.id }))
  const failing = await customerOf('pm_card_chargeCustomerFail')
  await stripe.subscriptions.create({
    customer: failing,
    items: [{ price: catalog.monthly }],
    trial_period_days: 7,
  })
  await playSchedules(stripe, catalog, await customerOf('pm_card_visa'))
  await playPending(stripe, catalog, await customerOf('pm_card_visa'))
  await advance(month + 4 * 3_600)
  await stripe.subscriptions.resume(paused)
  await advance(month)
  await stripe.subscriptions.deleteDiscount(subscription)
  await stripe.subscriptions.cancel(subscription, { invoice_now: true, prorate: true })
  await playInvoices(stripe, catalog, await customerOf('pm_card_visa'))
  await stripe.testHelpers.testClocks.list({ limit: 1 })
  await stripe.testHelpers.testClocks.del(clock.id)
}

async function playSubscription(stripe: Stripe, catalog: Catalog, customerId: string): Promise<string> {
  const { id } = await stripe.subscriptions.create({
    automatic_tax: { enabled: true },
    customer: customerId,
    discounts: [{ coupon: catalog.coupon }],
    expand: ['latest_invoice.payments', 'latest_invoice.confirmation_secret', 'pending_setup_intent'],
    items: [{ price: catalog.monthly, quantity: 3 }, { price: catalog.metered }],
    metadata: { organisation: '1' },
    payment_behavior: 'default_incomplete',
    payment_settings: { save_default_payment_method: 'on_subscription' },
  })
  const { latest_invoice: invoice } = await stripe.subscriptions.retrieve(id)
  await stripe.invoices.pay(String(invoice))
  const { data } = await stripe.invoicePayments.list({ invoice: String(invoice) })
  await stripe.invoicePayments.retrieve(data[0]?.id ?? '', { expand: ['payment.payment_intent'] })
  await stripe.subscriptions.update(id, {
    cancel_at_period_end: true,
    cancellation_details: { comment: 'Too dear' },
  })
  await stripe.subscriptions.update(id, { cancel_at_period_end: false })
  await stripe.subscriptions.list({ customer: customerId, status: 'all', price: catalog.monthly })
  return id
}

async function playItems(stripe: Stripe, catalog: Catalog, subscription: string): Promise<void> {
  const { data } = await stripe.subscriptionItems.list({ subscription })
  const [seats] = data
  await stripe.subscriptionItems.retrieve(seats?.id ?? '')
  await stripe.subscriptionItems.update(seats?.id ?? '', {
    quantity: 5,
    proration_behavior: 'always_invoice',
  })
  await stripe.subscriptions.update(subscription, {
    items: [{ id: seats?.id ?? '', quantity: 4 }],
    proration_behavior: 'create_prorations',
  })
  const extra = await stripe.prices.create({
    currency: 'usd',
    product: catalog.product,
    recurring: { interval: 'month' },
    unit_amount_decimal: Stripe.Decimal.from('99.5'),
  })
  const added = await stripe.subscriptionItems.create({ price: extra.id, quantity: 2, subscription })
  await stripe.subscriptionItems.del(added.id, { proration_behavior: 'none' })
}

async function playPreviews(
  stripe: Stripe,
  catalog: Catalog,
  subscription: string,
  customerId: string,
): Promise<void> {
  const { items } = await stripe.subscriptions.retrieve(subscription)
  const item = items.data[0]?.id ?? ''
  await stripe.invoices.createPreview({ subscription })
  await stripe.invoices.createPreview({
    subscription,
    subscription_details: { items: [{ id: item, quantity: 9 }], proration_behavior: 'always_invoice' },
  })
  await stripe.invoices.createPreview({
    subscription,
    preview_mode: 'recurring',
    subscription_details: { items: [{ id: item, quantity: 9 }], proration_behavior: 'none' },
  })
  await stripe.invoices.createPreview({
    customer: customerId,
    subscription_details: { items: [{ price: catalog.yearly, quantity: 2 }] },
  })
}

async function pausing(stripe: Stripe, catalog: Catalog, { id }: Stripe.Customer): Promise<string> {
  const subscription = await stripe.subscriptions.create({
    customer: id,
    items: [{ price: catalog.monthly }],
    trial_period_days: 5,
    trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
  })
  return subscription.id
}

async function playSchedules(stripe: Stripe, catalog: Catalog, customerId: string): Promise<void> {
  const subscription = await stripe.subscriptions.create({
    customer: customerId,
    discounts: [{ coupon: catalog.coupon }],
    items: [{ price: catalog.monthly, quantity: 5 }],
  })
  const discounts = subscription.discounts.map((discount) => ({ discount: String(discount) }))
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id })
  const [phase] = schedule.phases
  await stripe.subscriptionSchedules.update(schedule.id, {
    end_behavior: 'release',
    phases: [
      {
        automatic_tax: { enabled: false },
        discounts,
        end_date: phase?.end_date ?? 0,
        items: [{ price: catalog.monthly, quantity: 5 }],
        start_date: phase?.start_date ?? 0,
      },
      {
        duration: { interval: 'month', interval_count: 1 },
        items: [{ price: catalog.monthly, quantity: 2 }],
      },
    ],
  })
  await stripe.subscriptionSchedules.retrieve(schedule.id, {
    expand: ['subscription', 'phases.items.price'],
  })
  await stripe.subscriptionSchedules.list({ customer: customerId })
  const started = await stripe.subscriptionSchedules.create({
    customer: customerId,
    phases: [{ duration: { interval: 'month' }, items: [{ price: catalog.monthly }] }],
    start_date: 'now',
  })
  await stripe.subscriptionSchedules.cancel(started.id)
  const released = await stripe.subscriptionSchedules.create({
    customer: customerId,
    phases: [{ duration: { interval: 'month' }, items: [{ price: catalog.monthly }] }],
    start_date: 'now',
  })
  await stripe.subscriptionSchedules.release(released.id)
}

/** Of two changes that wait for their payment one is paid, and one is given up. */
async function playPending(stripe: Stripe, catalog: Catalog, customerId: string): Promise<void> {
  const { id, items } = await stripe.subscriptions.create({
    customer: customerId,
    items: [{ price: catalog.monthly }],
  })
  const declining = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customerId })
  await stripe.customers.update(customerId, { invoice_settings: { default_payment_method: declining.id } })
  const seats = (quantity: number) =>
    stripe.subscriptions.update(id, {
      expand: ['latest_invoice'],
      items: [{ id: items.data[0]?.id ?? '', quantity }],
      payment_behavior: 'pending_if_incomplete',
      proration_behavior: 'always_invoice',
    })
  const given = await seats(7)
  await stripe.invoices.voidInvoice((given.latest_invoice as Stripe.Invoice).id ?? '')
  const paid = await seats(8)
  const card = await stripe.paymentMethods.attach('pm_card_visa', { customer: customerId })
  await stripe.invoices.pay((paid.latest_invoice as Stripe.Invoice).id ?? '', { payment_method: card.id })
}

async function playInvoices(stripe: Stripe, catalog: Catalog, customerId: string): Promise<void> {
  const item = await stripe.invoiceItems.create({ customer: customerId, amount: 700, currency: 'usd' })
  await stripe.invoiceItems.update(item.id, { description: 'Workshop' })
  await stripe.invoiceItems.retrieve(item.id)
  await stripe.invoiceItems.list({ customer: customerId, pending: true })
  const unwanted = await stripe.invoiceItems.create({
    customer: customerId,
    pricing: { price: catalog.once },
  })
  await stripe.invoiceItems.del(unwanted.id)
  const invoice = await draft(stripe, customerId, 'include')
  await stripe.invoices.update(invoice, { description: 'One-off', metadata: { order: '9' } })
  await stripe.invoices.finalizeInvoice(invoice)
  await stripe.invoices.listLineItems(invoice)
  await stripe.invoices.retrieve(invoice, { expand: ['customer', 'payments.data.payment.payment_intent'] })
  await stripe.invoices.markUncollectible(invoice)
  await stripe.invoices.voidInvoice(invoice)
  await stripe.invoices.list({ customer: customerId, status: 'paid' })
  await stripe.invoices.del(await draft(stripe, customerId, 'exclude'))
  await stripe.invoiceItems.create({ customer: customerId, amount: 800, currency: 'usd' })
  const sent = await stripe.invoices.create({
    collection_method: 'send_invoice',
    customer: customerId,
    days_until_due: 14,
    pending_invoice_items_behavior: 'include',
  })
  await stripe.invoices.sendInvoice(sent.id ?? '')
}

async function draft(stripe: Stripe, customerId: string, behavior: 'exclude' | 'include'): Promise<string> {
  const { id } = await stripe.invoices.create({
    auto_advance: false,
    customer: customerId,
    pending_invoice_items_behavior: behavior,
  })
  return id ?? ''
}

async function customer(stripe: Stripe, method: string, more: Stripe.CustomerCreateParams): Promise<string> {
  const { id } = await stripe.customers.create({ email: 'billing@example.com', ...more })
  const { id: card } = await stripe.paymentMethods.attach(method, { customer: id })
  await stripe.customers.update(id, { invoice_settings: { default_payment_method: card } })
  return id
}

/** Stripe advances in the background, and says when it is ready. */
async function advanceBy(stripe: Stripe, id: string, seconds: number): Promise<void> {
  const { frozen_time: now } = await stripe.testHelpers.testClocks.retrieve(id)
  await stripe.testHelpers.testClocks.advance(id, { frozen_time: now + seconds })
  for (;;) {
    const { status } = await stripe.testHelpers.testClocks.retrieve(id)
    if (status === 'ready') return
    if (status === 'internal_failure') throw new Error(`${id} failed to advance`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
