import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { customerWith, refusal, seatPrice, startedSandbox } from '../testing/started.ts'

describe('what happens by itself', () => {
  const started = startedSandbox({ start: Date.parse('2027-03-31T12:00:00Z') / 1_000 })
  const subscribe = async (token: string, more: Partial<Stripe.SubscriptionCreateParams> = {}) => {
    const customer = await customerWith(started.stripe, token)
    const price = await seatPrice(started.stripe, 2_000)
    return started.stripe.subscriptions.create({ customer, items: [{ price }], ...more })
  }
  const eventsOf = async (customer: unknown, types?: string[]) => {
    const found: Stripe.Event[] = []
    for await (const event of started.stripe.events.list({ limit: 100, ...(types ? { types } : {}) })) {
      const { customer: of, id } = event.data.object as { customer?: unknown; id?: string }
      if (of === customer || id === customer) found.unshift(event)
    }
    return found
  }

  it('announces a renewal once, with an invoice that has no id yet, however often the seats changed', async () => {
    const { id, customer, items } = await subscribe('pm_card_visa')
    for (const quantity of [2, 3])
      await started.stripe.subscriptions.update(id, { items: [{ id: items.data[0]?.id ?? '', quantity }] })
    await started.control.moveClock({ days: 24 })
    const upcoming = await eventsOf(customer, ['invoice.upcoming'])
    expect(upcoming).toHaveLength(1)
    const { data } = upcoming[0] as Stripe.InvoiceUpcomingEvent
    expect(data.object.id).toBeUndefined()
    // Two seats more for the whole period, which began in the same second, and three for the next.
    expect(data.object.total).toBe(2 * 2_000 + 3 * 2_000)
  })

  it('tells of a renewal in the order in which it comes about', async () => {
    const { customer } = await subscribe('pm_card_visa')
    const before = (await eventsOf(customer)).length
    await started.control.moveClock({ months: 1, seconds: 3_600 })
    const types = (await eventsOf(customer)).slice(before).map(({ type }) => type)
    expect(types).toEqual([
      'invoice.upcoming',
      'invoice.created',
      'customer.subscription.updated',
      'payment_intent.created',
      'invoice.finalized',
      'charge.succeeded',
      'payment_intent.succeeded',
      'invoice.updated',
      'invoice.paid',
      'invoice.payment_succeeded',
    ])
  })

  it('asks for confirmation where a card wants it and its holder is away', async () => {
    const { id, customer } = await subscribe('pm_card_authenticationRequired', { trial_period_days: 1 })
    await started.control.moveClock({ days: 1, seconds: 3_600 })
    const types = (await eventsOf(customer)).map(({ type }) => type)
    expect(types).toContain('invoice.payment_action_required')
    expect((await started.stripe.subscriptions.retrieve(id)).status).toBe('past_due')
  })

  it('ends what nobody pays for, where that is set', async () => {
    await started.control.set({ retryDays: [1], afterRetries: 'canceled' })
    const { id } = await subscribe('pm_card_chargeCustomerFail', { trial_period_days: 1 })
    await started.control.moveClock({ days: 2, seconds: 3_600 })
    await started.control.set({ retryDays: [3, 5, 7], afterRetries: 'unpaid' })
    expect(await started.stripe.subscriptions.retrieve(id)).toMatchObject({
      status: 'canceled',
      cancellation_details: { reason: 'payment_failed' },
    })
  })

  it('ends a subscription with its customer', async () => {
    const { id, customer } = await subscribe('pm_card_visa')
    await started.stripe.customers.del(String(customer))
    expect((await started.stripe.subscriptions.retrieve(id)).status).toBe('canceled')
    await started.control.moveClock({ months: 2 })
    expect((await started.stripe.invoices.list({ subscription: id })).data).toHaveLength(1)
  })

  it('goes on by a test clock alone for what belongs to it', async () => {
    const { stripe, control } = started
    const clock = await stripe.testHelpers.testClocks.create({ frozen_time: 1_900_000_000 })
    const customer = await customerWith(stripe, 'pm_card_visa', { test_clock: clock.id })
    const { id } = await stripe.subscriptions.create({
      customer,
      items: [{ price: await seatPrice(stripe, 100) }],
    })
    await control.moveClock({ months: 3 })
    const count = async () => (await stripe.invoices.list({ subscription: id })).data.length
    expect(await count()).toBe(1)
    await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: 1_900_000_000 + 65 * 86_400 })
    await expect
      .poll(async () => (await stripe.testHelpers.testClocks.retrieve(clock.id)).status)
      .toBe('ready')
    expect(await count()).toBe(3)
    expect((await stripe.customers.list({ test_clock: clock.id })).data).toHaveLength(1)
  })

  it('limits how often a quantity changes within an hour, where that is set', async () => {
    const { stripe, control } = started
    const { id, items } = await subscribe('pm_card_visa')
    const change = (quantity: number) =>
      stripe.subscriptions.update(id, { items: [{ id: items.data[0]?.id ?? '', quantity }] })
    await control.set({ quantityChangesAnHour: 2 })
    await change(2)
    await change(3)
    expect(await refusal(change(4))).toMatchObject({ statusCode: 429, code: 'rate_limit' })
    await control.moveClock({ seconds: 3_600 })
    expect((await change(4)).items.data[0]?.quantity).toBe(4)
    await control.set({ quantityChangesAnHour: null })
  })
})

describe('money that comes back', () => {
  const started = startedSandbox()
  const pay = (token: string) =>
    started.stripe.paymentIntents.create({
      amount: 3_000,
      confirm: true,
      currency: 'usd',
      payment_method: token,
    })

  it('is refunded in parts, and never more than was paid', async () => {
    const { stripe } = started
    const { id, latest_charge: charge } = await pay('pm_card_visa')
    await stripe.refunds.create({ amount: 1_000, payment_intent: id })
    expect(await stripe.charges.retrieve(String(charge))).toMatchObject({
      amount_refunded: 1_000,
      refunded: false,
    })
    expect(await refusal(stripe.refunds.create({ amount: 2_001, payment_intent: id }))).toMatchObject({
      param: 'amount',
    })
    await stripe.refunds.create({ payment_intent: id })
    expect(await stripe.charges.retrieve(String(charge))).toMatchObject({
      amount_refunded: 3_000,
      refunded: true,
    })
    expect(await refusal(stripe.refunds.create({ payment_intent: id }))).toMatchObject({
      code: 'charge_already_refunded',
    })
  })

  it('of a refund that fails stays where it was', async () => {
    const { id, latest_charge: charge } = await pay('pm_card_refundFail')
    const refund = await started.stripe.refunds.create({ payment_intent: id })
    // As at Stripe, whose bank says so only later.
    expect(refund.status).toBe('succeeded')
    expect((await started.stripe.refunds.retrieve(refund.id)).status).toBe('failed')
    expect((await started.stripe.charges.retrieve(String(charge))).amount_refunded).toBe(0)
  })

  it('of a dispute is taken at once, and given back when it is won', async () => {
    const { stripe } = started
    const { latest_charge: charge } = await pay('pm_card_createDispute')
    const { data } = await stripe.disputes.list({ charge: String(charge) })
    expect(data[0]).toMatchObject({ amount: 3_000, reason: 'fraudulent', status: 'needs_response' })
    await stripe.disputes.update(data[0]?.id ?? '', { evidence: { uncategorized_text: 'winning_evidence' } })
    expect((await stripe.disputes.retrieve(data[0]?.id ?? '')).status).toBe('won')
    const events = await stripe.events.list({ limit: 10, types: ['charge.dispute.*'] as never })
    expect(events.data.map(({ type }) => type)).toEqual([
      'charge.dispute.funds_reinstated',
      'charge.dispute.closed',
      'charge.dispute.updated',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.created',
    ])
  })

  it('is charged with its finalisation only where an invoice is to go on by itself', async () => {
    const { stripe } = started
    const { id: customer } = await stripe.customers.create({})
    const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } })
    for (const [auto_advance, status] of [
      [true, 'paid'],
      [false, 'open'],
    ] as const) {
      await stripe.invoiceItems.create({ customer, amount: 1_000, currency: 'usd' })
      const { id = '' } = await stripe.invoices.create({
        customer,
        pending_invoice_items_behavior: 'include',
      })
      expect(await stripe.invoices.finalizeInvoice(id, { auto_advance })).toMatchObject({ status })
    }
  })

  it('of a void invoice is the credit that it used', async () => {
    const { stripe } = started
    const { id: customer } = await stripe.customers.create({})
    await stripe.customers.createBalanceTransaction(customer, { amount: -400, currency: 'usd' })
    await stripe.invoiceItems.create({ customer, amount: 1_000, currency: 'usd' })
    const { id = '' } = await stripe.invoices.create({ customer, pending_invoice_items_behavior: 'include' })
    expect(await stripe.invoices.finalizeInvoice(id)).toMatchObject({ amount_due: 600, ending_balance: 0 })
    await stripe.invoices.voidInvoice(id)
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -400 })
  })
})
