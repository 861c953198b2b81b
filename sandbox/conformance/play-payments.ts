import type Stripe from 'stripe'
import { SandboxControl } from '../control/client.ts'

/** Money that is taken once, given back, and disputed. */
export async function playPayments(
  stripe: Stripe,
  running: { origin: string; controlKey: string },
): Promise<void> {
  const control = new SandboxControl(running)
  const { id: customer } = await stripe.customers.create({ name: 'Grace' })
  await playIntents(stripe, control, customer)
  await playSetups(stripe, control, customer)
  await playRefunds(stripe)
  await playDisputes(stripe, control)
}

async function playIntents(stripe: Stripe, control: SandboxControl, customer: string): Promise<void> {
  const intent = await stripe.paymentIntents.create({ amount: 1_000, currency: 'usd', customer })
  await stripe.paymentIntents.update(intent.id, { amount: 1_100, metadata: { order: '7' } })
  await stripe.paymentIntents.confirm(intent.id, {
    payment_method: 'pm_card_authenticationRequired',
    return_url: 'https://example.com/back',
  })
  await control.authenticate(intent.id)
  await stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge', 'payment_method'] })
  await stripe.paymentIntents.list({ customer })
  const unwanted = await stripe.paymentIntents.create({ amount: 900, currency: 'usd' })
  await stripe.paymentIntents.cancel(unwanted.id, { cancellation_reason: 'abandoned' })
  const held = await stripe.paymentIntents.create({
    amount: 2_000,
    capture_method: 'manual',
    confirm: true,
    currency: 'usd',
    payment_method: 'pm_card_visa',
  })
  await stripe.paymentIntents.capture(held.id, { amount_to_capture: 1_500 })
}

async function playSetups(stripe: Stripe, control: SandboxControl, customer: string): Promise<void> {
  const intent = await stripe.setupIntents.create({ customer, usage: 'off_session' })
  await stripe.setupIntents.update(intent.id, { description: 'For later' })
  await stripe.setupIntents.confirm(intent.id, {
    payment_method: 'pm_card_authenticationRequiredOnSetup',
    return_url: 'https://example.com/back',
  })
  await control.authenticate(intent.id)
  await stripe.setupIntents.retrieve(intent.id)
  await stripe.setupIntents.list({ customer })
  const unwanted = await stripe.setupIntents.create({ customer })
  await stripe.setupIntents.cancel(unwanted.id)
}

const paid = (stripe: Stripe, method: string): Promise<Stripe.PaymentIntent> =>
  stripe.paymentIntents.create({
    amount: 3_000,
    confirm: true,
    currency: 'usd',
    payment_method: method,
  })

async function playRefunds(stripe: Stripe): Promise<void> {
  const { id } = await paid(stripe, 'pm_card_visa')
  const refund = await stripe.refunds.create({
    amount: 1_000,
    payment_intent: id,
    reason: 'requested_by_customer',
  })
  await stripe.refunds.update(refund.id, { metadata: { why: 'kindness' } })
  await stripe.refunds.retrieve(refund.id)
  await stripe.refunds.list({ payment_intent: id })
  const failing = await paid(stripe, 'pm_card_refundFail')
  await stripe.refunds.create({ payment_intent: failing.id })
  const { data } = await stripe.charges.list({ payment_intent: id })
  await stripe.charges.retrieve(data[0]?.id ?? '', { expand: ['refunds'] })
}

async function playDisputes(stripe: Stripe, control: SandboxControl): Promise<void> {
  await paid(stripe, 'pm_card_createDispute')
  const won = await stripe.disputes.list({ limit: 1 })
  const { id = '' } = won.data[0] ?? {}
  await stripe.disputes.update(id, { evidence: { uncategorized_text: 'winning_evidence' } })
  const { latest_charge: charge } = await paid(stripe, 'pm_card_visa')
  const lost = await control.dispute(String(charge), 'product_not_received')
  await stripe.disputes.retrieve(lost)
  await stripe.disputes.close(lost)
}
