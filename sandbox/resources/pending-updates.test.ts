import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { customerWith, refusal, seatPrice, startedSandbox } from '../testing/started.ts'

describe('a change that waits for its payment', () => {
  const started = startedSandbox({ start: Date.parse('2027-03-01T12:00:00Z') / 1_000 })
  const again = (id: string) => started.stripe.subscriptions.retrieve(id)
  const pays = async (customer: string, token: string) => {
    const { id } = await started.stripe.paymentMethods.attach(token, { customer })
    await started.stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    return id
  }

  /** Three seats, ten days into the month, by a card that is declined from now on. */
  async function subscribed() {
    const { stripe, control } = started
    const customer = await customerWith(stripe, 'pm_card_visa')
    const price = await seatPrice(stripe, 1_200)
    const made = await stripe.subscriptions.create({ customer, items: [{ price, quantity: 3 }] })
    await control.moveClock({ days: 10 })
    await pays(customer, 'pm_card_chargeCustomerFail')
    const change = (quantity: number, more: Partial<Stripe.SubscriptionUpdateParams> = {}) =>
      stripe.subscriptions.update(made.id, {
        items: [{ id: made.items.data[0]?.id ?? '', quantity }],
        ...{ proration_behavior: 'always_invoice', payment_behavior: 'pending_if_incomplete' },
        expand: ['latest_invoice'],
        ...more,
      })
    return { id: made.id, customer, change }
  }
  const invoiceOf = ({ latest_invoice: invoice }: Stripe.Subscription) => invoice as Stripe.Invoice

  it('is not made until then, and takes nothing from what is there', async () => {
    const { id, change } = await subscribed()
    const before = await again(id)
    const waiting = await change(5)
    expect(waiting.pending_update?.subscription_items?.[0]?.quantity).toBe(5)
    expect(waiting).toMatchObject({ status: 'active', items: before.items })
    expect(invoiceOf(waiting)).toMatchObject({ status: 'open', attempt_count: 1 })
  })

  it('is made once the invoice is paid, and billed but once', async () => {
    const { id, customer, change } = await subscribed()
    const waiting = invoiceOf(await change(5))
    const card = await pays(customer, 'pm_card_visa')
    await started.stripe.invoices.pay(waiting.id ?? '', { payment_method: card })
    const after = await again(id)
    expect(after).toMatchObject({ pending_update: null, status: 'active' })
    expect(after.items.data[0]?.quantity).toBe(5)
    // What is given back for less is a part of what was billed for five.
    const fewer = await started.stripe.subscriptions.update(id, {
      items: [{ id: after.items.data[0]?.id ?? '', quantity: 1 }],
      proration_behavior: 'create_prorations',
    })
    const { current_period_start: from = 0, current_period_end: to = 0 } = fewer.items.data[0] ?? {}
    const part = (amount: number) => Math.round((amount * (to - from - 10 * 86_400)) / (to - from))
    const { data } = await started.stripe.invoiceItems.list({ customer, pending: true })
    expect(data.map(({ amount }) => amount).sort((a, b) => a - b)).toEqual([-part(6_000), part(1_200)])
  })

  it('is made at once where the card pays', async () => {
    const { customer, change } = await subscribed()
    await pays(customer, 'pm_card_visa')
    const made = await change(5)
    expect(made).toMatchObject({ pending_update: null })
    expect(made.items.data[0]?.quantity).toBe(5)
    expect(invoiceOf(made).status).toBe('paid')
  })

  it('is dropped after 23 hours, and when its invoice is void', async () => {
    const { id, change } = await subscribed()
    const first = invoiceOf(await change(5)).id as string
    await started.control.moveClock({ seconds: 23 * 3_600 + 1 })
    expect((await started.stripe.invoices.retrieve(first)).status).toBe('void')
    expect(await again(id)).toMatchObject({ pending_update: null, status: 'active' })
    const second = invoiceOf(await change(6)).id as string
    await started.stripe.invoices.voidInvoice(second)
    const after = await again(id)
    expect(after.pending_update).toBeNull()
    expect(after.items.data[0]?.quantity).toBe(3)
  })

  it('may be of items only, and of a subscription that is there', async () => {
    const { customer, change } = await subscribed()
    expect(await refusal(change(5, { metadata: { a: '1' } }))).toMatchObject({ param: 'metadata' })
    const price = await seatPrice(started.stripe, 1_200)
    const created = started.stripe.subscriptions.create({
      customer,
      items: [{ price }],
      payment_behavior: 'pending_if_incomplete',
    })
    expect(await refusal(created)).toMatchObject({ param: 'payment_behavior' })
  })
})
