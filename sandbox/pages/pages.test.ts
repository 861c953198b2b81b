import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { customerWith, seatPrice, startedSandbox } from '../testing/started.ts'

const good = {
  number: '4242 4242 4242 4242',
  expiry: '12 / 90',
  cvc: '123',
  email: 'ada@example.com',
  name: 'Ada',
}

describe('the hosted pages', () => {
  const started = startedSandbox()
  const post = (url: string, form: Record<string, string>) =>
    fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  const session = async (more: Partial<Stripe.Checkout.SessionCreateParams> = {}) => {
    const price = await seatPrice(started.stripe, 1_000)
    return started.stripe.checkout.sessions.create({
      line_items: [{ price, quantity: 2 }],
      mode: 'subscription',
      success_url: 'https://example.com/billing?session={CHECKOUT_SESSION_ID}',
      ...more,
    })
  }

  it('show what is bought, and lead back with the id of the session once it is paid', async () => {
    const { id, url } = await session()
    const shown = await (await fetch(url ?? '')).text()
    expect(shown).toContain('Team × 2')
    expect(shown).toContain('$20.00')
    for (const [, field] of shown.matchAll(/<input id="(\w+)"/g))
      expect(shown).toContain(`<label for="${field}"`)
    const paid = await post(url ?? '', good)
    expect(paid.status).toBe(303)
    expect(paid.headers.get('location')).toBe(`https://example.com/billing?session=${id}`)
    const done = await started.stripe.checkout.sessions.retrieve(id, { expand: ['subscription', 'customer'] })
    expect(done).toMatchObject({
      payment_status: 'paid',
      status: 'complete',
      customer: { email: 'ada@example.com' },
    })
    expect((done.subscription as Stripe.Subscription).status).toBe('active')
    expect((done.subscription as Stripe.Subscription).default_payment_method).toMatch(/^pm_/)
  })

  it('say why a card was declined, and leave nothing behind', async () => {
    const { id, url } = await session()
    const declined = await post(url ?? '', { ...good, number: '4000000000009995' })
    expect(declined.status).toBe(402)
    expect(await declined.text()).toMatch(/role="alert">Your card has insufficient funds\./)
    const open = await started.stripe.checkout.sessions.retrieve(id)
    expect(open).toMatchObject({ customer: null, status: 'open', subscription: null })
    expect((await post(url ?? '', good)).status).toBe(303)
  })

  it('let the holder of a card confirm, or refuse and try another', async () => {
    const { id, url } = await session()
    const card = { ...good, number: '4000002760003184' }
    const asked = await post(url ?? '', card)
    const bank = `${started.running.origin}${asked.headers.get('location')}`
    expect(await (await fetch(bank)).text()).toContain('Your bank wants you to confirm')
    const refused = await post(bank, { answer: 'refuse' })
    expect(refused.headers.get('location')).toBe(`/checkout/${id}?failed`)
    expect((await started.stripe.checkout.sessions.retrieve(id)).status).toBe('open')
    const again = await post(url ?? '', card)
    const confirmed = await post(`${started.running.origin}${again.headers.get('location')}`, {
      answer: 'confirm',
    })
    expect(confirmed.headers.get('location')).toBe(`/checkout/${id}`)
    expect((await started.stripe.checkout.sessions.retrieve(id)).status).toBe('complete')
  })

  it('take promotion codes, and refuse those that are none', async () => {
    const { stripe } = started
    const coupon = await stripe.coupons.create({ duration: 'once', percent_off: 10 })
    await stripe.promotionCodes.create({ code: 'TEN', promotion: { type: 'coupon', coupon: coupon.id } })
    const { id, url } = await session({ allow_promotion_codes: true })
    expect(await (await post(`${url}/promotion`, { code: 'NONE' })).text()).toContain('This code is invalid.')
    expect(await (await post(`${url}/promotion`, { code: 'ten' })).text()).toContain('$18.00')
    await post(url ?? '', good)
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({
      amount_total: 1_800,
      status: 'complete',
    })
    expect((await stripe.invoices.list({ limit: 1 })).data[0]?.amount_paid).toBe(1_800)
  })

  it('keep the card of a trial, for which nothing is paid today', async () => {
    const { id, url } = await session({ subscription_data: { trial_period_days: 14 } })
    expect(await (await fetch(url ?? '')).text()).toContain('$0.00')
    await post(url ?? '', good)
    const done = await started.stripe.checkout.sessions.retrieve(id, { expand: ['subscription'] })
    expect(done).toMatchObject({ payment_status: 'no_payment_required', status: 'complete' })
    expect((done.subscription as Stripe.Subscription).status).toBe('trialing')
  })

  it('expire after a day', async () => {
    const { url } = await session()
    await started.control.moveClock({ days: 1 })
    expect((await fetch(url ?? '')).status).toBe(410)
  })

  it('of the portal cancel, resume and change the card', async () => {
    const { stripe } = started
    const customer = await customerWith(stripe, 'pm_card_visa')
    const subscription = await stripe.subscriptions.create({
      customer,
      items: [{ price: await seatPrice(stripe, 700) }],
    })
    const { url } = await stripe.billingPortal.sessions.create({
      customer,
      return_url: 'https://example.com/',
    })
    expect(await (await fetch(url)).text()).toContain('Team × 1: active, renews')
    const ending = () => stripe.subscriptions.retrieve(subscription.id)
    await post(`${url}/cancel`, { subscription: subscription.id })
    expect((await ending()).cancel_at_period_end).toBe(true)
    await post(`${url}/resume`, { subscription: subscription.id })
    expect((await ending()).cancel_at_period_end).toBe(false)
    const declined = await post(`${url}/card`, { ...good, number: '4000000000000002' })
    expect(await declined.text()).toContain('Your card was declined.')
    await post(`${url}/card`, { ...good, number: '5555555555554444' })
    expect(await (await fetch(url)).text()).toContain('mastercard •••• 4444')
  })

  it('of the portal change nothing of another customer', async () => {
    const { stripe } = started
    const [mine, theirs] = [
      await customerWith(stripe, 'pm_card_visa'),
      await customerWith(stripe, 'pm_card_visa'),
    ]
    const { id } = await stripe.subscriptions.create({
      customer: theirs,
      items: [{ price: await seatPrice(stripe, 700) }],
    })
    const { url } = await stripe.billingPortal.sessions.create({ customer: mine })
    await post(`${url}/cancel`, { subscription: id })
    expect((await stripe.subscriptions.retrieve(id)).cancel_at_period_end).toBe(false)
  })

  it('of an invoice are read, paid and kept as a PDF', async () => {
    const { stripe } = started
    const customer = await customerWith(stripe, 'pm_card_chargeCustomerFail')
    const { latest_invoice: id } = await stripe.subscriptions.create({
      customer,
      items: [{ price: await seatPrice(stripe, 700) }],
    })
    const open = await stripe.invoices.retrieve(String(id))
    const pdf = await fetch(open.invoice_pdf ?? '')
    expect(pdf.headers.get('content-type')).toBe('application/pdf')
    expect(await pdf.text()).toMatch(/^%PDF-1\.4[\s\S]*Team[\s\S]*%%EOF\n$/)
    await post(`${open.hosted_invoice_url}/pay`, good)
    expect((await stripe.invoices.retrieve(String(id))).status).toBe('paid')
  })
})
