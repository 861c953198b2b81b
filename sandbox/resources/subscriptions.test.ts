import Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { customerWith, refusal, seatPrice, startedSandbox } from '../testing/started.ts'

const day = 86_400

describe('a subscription', () => {
  const started = startedSandbox({ start: Date.parse('2027-01-15T10:00:00Z') / 1_000 })
  const subscribe = async (token: string, more: Partial<Stripe.SubscriptionCreateParams> = {}) => {
    const { stripe } = started
    const customer = await customerWith(stripe, token)
    const price = await seatPrice(stripe, 1_200)
    return stripe.subscriptions.create({ customer, items: [{ price, quantity: 3 }], ...more })
  }
  const again = ({ id }: { id: string }) => started.stripe.subscriptions.retrieve(id)
  const invoicesOf = async ({ id }: { id: string }) =>
    (await started.stripe.invoices.list({ subscription: id, limit: 100 })).data
  const eventsOf = async (type: string, id: string) =>
    (await started.stripe.events.list({ type, limit: 100 })).data.filter(
      ({ data }) => (data.object as { id?: string }).id === id,
    )

  it('is active once its first invoice is paid', async () => {
    const subscription = await subscribe('pm_card_visa')
    expect(subscription.status).toBe('active')
    const [invoice] = await invoicesOf(subscription)
    expect(invoice).toMatchObject({
      amount_paid: 3_600,
      billing_reason: 'subscription_create',
      status: 'paid',
    })
    const [item] = subscription.items.data
    expect(item?.current_period_end).toBe(Date.parse('2027-02-15T10:00:00Z') / 1_000)
  })

  it('is incomplete when the card is declined, and expires after 23 hours', async () => {
    const subscription = await subscribe('pm_card_chargeCustomerFail')
    expect(subscription.status).toBe('incomplete')
    await started.control.moveClock({ seconds: 22 * 3_600 })
    expect((await again(subscription)).status).toBe('incomplete')
    await started.control.moveClock({ seconds: 3_600 })
    expect((await again(subscription)).status).toBe('incomplete_expired')
    expect((await invoicesOf(subscription))[0]?.status).toBe('void')
  })

  it('leaves nothing behind where its payment has to succeed and does not', async () => {
    const { stripe } = started
    const customer = await customerWith(stripe, 'pm_card_chargeCustomerFail')
    const price = await seatPrice(stripe, 500)
    const error = await refusal(
      stripe.subscriptions.create({ customer, items: [{ price }], payment_behavior: 'error_if_incomplete' }),
    )
    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined' })
    expect((await stripe.subscriptions.list({ customer, status: 'all' })).data).toEqual([])
    expect((await stripe.invoices.list({ customer })).data).toEqual([])
  })

  it('waits for its holder, and is active when they confirm', async () => {
    const subscription = await subscribe('pm_card_authenticationRequired', {
      expand: ['latest_invoice.payments.data.payment.payment_intent'],
    })
    expect(subscription.status).toBe('incomplete')
    const { payments } = subscription.latest_invoice as Stripe.Invoice
    const intent = payments?.data[0]?.payment.payment_intent as Stripe.PaymentIntent
    expect(intent.status).toBe('requires_action')
    expect(await started.control.authenticate(intent.id)).toBe('succeeded')
    expect((await again(subscription)).status).toBe('active')
  })

  it('makes an empty invoice for a trial, and is active at its end before money came', async () => {
    const subscription = await subscribe('pm_card_visa', { trial_period_days: 14 })
    expect(subscription.status).toBe('trialing')
    expect((await invoicesOf(subscription))[0]).toMatchObject({ status: 'paid', total: 0 })
    await started.control.moveClock({ days: 11 })
    expect(await eventsOf('customer.subscription.trial_will_end', subscription.id)).toHaveLength(1)
    await started.control.moveClock({ days: 3 })
    expect((await again(subscription)).status).toBe('active')
    const [draft] = await invoicesOf(subscription)
    expect(draft).toMatchObject({ amount_due: 3_600, amount_paid: 0, status: 'draft' })
    await started.control.moveClock({ seconds: 3_600 })
    expect((await invoicesOf(subscription))[0]).toMatchObject({ amount_paid: 3_600, status: 'paid' })
  })

  it('goes past due, is tried three times more, is unpaid, and is active again once all is paid', async () => {
    const { stripe, control } = started
    const subscription = await subscribe('pm_card_chargeCustomerFail', { trial_period_days: 1 })
    await control.moveClock({ days: 1, seconds: 3_600 })
    expect((await again(subscription)).status).toBe('past_due')
    const [invoice] = await invoicesOf(subscription)
    expect(invoice).toMatchObject({ attempt_count: 1, status: 'open' })
    for (const days of [3, 5, 7]) {
      expect((await again(subscription)).status).toBe('past_due')
      await control.moveClock({ days })
    }
    expect((await again(subscription)).status).toBe('unpaid')
    expect((await invoicesOf(subscription))[0]).toMatchObject({
      attempt_count: 4,
      next_payment_attempt: null,
    })
    const { id: card } = await stripe.paymentMethods.attach('pm_card_visa', {
      customer: String(subscription.customer),
    })
    await stripe.invoices.pay(invoice?.id ?? '', { payment_method: card })
    expect((await again(subscription)).status).toBe('active')
  })

  it('says what a change was before it', async () => {
    const subscription = await subscribe('pm_card_visa')
    await started.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })
    const events = await eventsOf('customer.subscription.updated', subscription.id)
    const [[event], count] = [events, events.length]
    expect(event?.data.previous_attributes).toEqual({
      cancel_at: null,
      cancel_at_period_end: false,
      canceled_at: null,
      cancellation_details: { reason: null },
    })
    await started.stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })
    expect(await eventsOf('customer.subscription.updated', subscription.id)).toHaveLength(count)
    expect(event?.request?.id).toMatch(/^req_/)
  })

  it('ends at the end of its period, unless it is resumed before', async () => {
    const [ends, goesOn] = [await subscribe('pm_card_visa'), await subscribe('pm_card_visa')]
    for (const { id } of [ends, goesOn])
      await started.stripe.subscriptions.update(id, { cancel_at_period_end: true })
    await started.stripe.subscriptions.update(goesOn.id, { cancel_at_period_end: false })
    await started.control.moveClock({ months: 1, seconds: 3_600 })
    expect(await again(ends)).toMatchObject({
      status: 'canceled',
      ended_at: ends.items.data[0]?.current_period_end,
    })
    expect((await invoicesOf(ends)).length).toBe(1)
    expect((await again(goesOn)).status).toBe('active')
    expect((await invoicesOf(goesOn))[0]).toMatchObject({
      billing_reason: 'subscription_cycle',
      status: 'paid',
    })
  })

  it('bills more seats at once when asked to, for the seconds that are left', async () => {
    const subscription = await subscribe('pm_card_visa')
    const [item] = subscription.items.data
    const { current_period_start: start = 0, current_period_end: end = 0, id = '' } = item ?? {}
    await started.control.moveClock({ days: 10, seconds: 123 })
    const left = end - start - 10 * day - 123
    const preview = await started.stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: { items: [{ id, quantity: 5 }], proration_behavior: 'always_invoice' },
    })
    const part = (amount: number) => Math.round((amount * left) / (end - start))
    expect(preview.lines.data.map(({ amount }) => amount)).toEqual([-part(3_600), part(6_000)])
    expect((await again(subscription)).items.data[0]?.quantity).toBe(3)
    await started.stripe.subscriptions.update(subscription.id, {
      items: [{ id, quantity: 5 }],
      proration_behavior: 'always_invoice',
    })
    const [invoice] = await invoicesOf(subscription)
    expect(invoice).toMatchObject({ status: 'paid', total: part(6_000) - part(3_600) })
    expect(invoice?.total).toBe(preview.total)
  })

  it('moves to fewer seats with its schedule at the end of the period, without proration', async () => {
    const { stripe, control } = started
    const subscription = await subscribe('pm_card_visa')
    const [item] = subscription.items.data
    const price = item?.price.id ?? ''
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id })
    const { start_date: start = 0, end_date: end = 0 } = schedule.phases[0] ?? {}
    await stripe.subscriptionSchedules.update(schedule.id, {
      phases: [
        { items: [{ price, quantity: 3 }], start_date: start, end_date: end },
        { items: [{ price, quantity: 1 }], duration: { interval: 'month', interval_count: 1 } },
      ],
    })
    expect((await again(subscription)).items.data[0]?.quantity).toBe(3)
    await control.moveClock({ months: 1, seconds: 3_600 })
    expect((await again(subscription)).items.data[0]?.quantity).toBe(1)
    expect((await invoicesOf(subscription))[0]).toMatchObject({ total: 1_200, status: 'paid' })
    await control.moveClock({ months: 1, seconds: 3_600 })
    expect((await stripe.subscriptionSchedules.retrieve(schedule.id)).status).toBe('released')
    expect((await again(subscription)).schedule).toBeNull()
  })

  it('from a month to a year starts anew, and gives back what was left of the month', async () => {
    const { stripe } = started
    const subscription = await subscribe('pm_card_visa')
    await started.control.moveClock({ days: 10 })
    const yearly = await seatPrice(stripe, 12_000, 'year')
    const [item] = subscription.items.data
    await stripe.subscriptions.update(subscription.id, { items: [{ id: item?.id ?? '', price: yearly }] })
    const [invoice] = await invoicesOf(subscription)
    const { current_period_start: start = 0, current_period_end: end = 0 } = item ?? {}
    const back = Math.round((3_600 * (end - start - 10 * day)) / (end - start))
    expect(invoice).toMatchObject({ status: 'paid', total: 36_000 - back })
  })

  it('bills what a meter counted, once the period is over', async () => {
    const { stripe, control } = started
    const meter = await stripe.billing.meters.create({
      default_aggregation: { formula: 'sum' },
      display_name: 'Requests',
      event_name: 'requests',
    })
    const price = await stripe.prices.create({
      currency: 'usd',
      product_data: { name: 'Requests' },
      recurring: { interval: 'month', meter: meter.id, usage_type: 'metered' },
      unit_amount_decimal: Stripe.Decimal.from('0.5'),
    })
    const customer = await customerWith(stripe, 'pm_card_visa')
    const subscription = await stripe.subscriptions.create({ customer, items: [{ price: price.id }] })
    const send = (identifier: string, value: string) =>
      stripe.billing.meterEvents.create({
        event_name: 'requests',
        identifier,
        payload: { stripe_customer_id: customer, value },
      })
    await send('a', '301')
    expect(await refusal(send('a', '301'))).toMatchObject({ statusCode: 400 })
    await control.moveClock({ months: 1 })
    expect((await invoicesOf(subscription))[0]).toMatchObject({ status: 'draft', total: 151 })
    // Told late: of the period that is over, while its invoice is a draft still.
    const { current_period_start: over } = (await stripe.subscriptions.retrieve(subscription.id)).items
      .data[0] as Stripe.SubscriptionItem
    const late = (value: string, timestamp: number) =>
      stripe.billing.meterEvents.create({
        ...{ event_name: 'requests', payload: { stripe_customer_id: customer, value }, timestamp },
      })
    await late('100', over - 1)
    await late('1000', over)
    await control.moveClock({ seconds: 3_600 })
    expect((await invoicesOf(subscription))[0]).toMatchObject({ status: 'paid', total: 201 })
  })

  it('takes a promotion code off for as long as its coupon says', async () => {
    const { stripe, control } = started
    const coupon = await stripe.coupons.create({ duration: 'once', percent_off: 25 })
    const code = await stripe.promotionCodes.create({
      promotion: { type: 'coupon', coupon: coupon.id },
      code: 'ONCE',
    })
    const subscription = await subscribe('pm_card_visa', { discounts: [{ promotion_code: code.id }] })
    await control.moveClock({ months: 1, seconds: 3_600 })
    expect((await invoicesOf(subscription)).map(({ total }) => total)).toEqual([3_600, 2_700])
  })

  it('adds tax by where its customer is, and leaves it to a business abroad', async () => {
    const { stripe } = started
    const taxed = async (more: Stripe.CustomerCreateParams) => {
      const customer = await customerWith(stripe, 'pm_card_visa', { address: { country: 'DE' }, ...more })
      const { latest_invoice: invoice } = await stripe.subscriptions.create({
        automatic_tax: { enabled: true },
        customer,
        expand: ['latest_invoice'],
        items: [{ price: await seatPrice(stripe, 1_000) }],
      })
      return (invoice as Stripe.Invoice).total
    }
    expect(await taxed({})).toBe(1_190)
    expect(await taxed({ tax_id_data: [{ type: 'eu_vat', value: 'DE123456789' }] })).toBe(1_000)
  })

  it('pays with a credit first, and keeps a credit that a downgrade leaves', async () => {
    const { stripe } = started
    const customer = await customerWith(stripe, 'pm_card_visa')
    await stripe.customers.createBalanceTransaction(customer, { amount: -1_000, currency: 'usd' })
    const price = await seatPrice(stripe, 1_500)
    const { id, items } = await stripe.subscriptions.create({ customer, items: [{ price, quantity: 2 }] })
    expect((await invoicesOf({ id }))[0]).toMatchObject({
      amount_paid: 2_000,
      ending_balance: 0,
      total: 3_000,
    })
    await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? '', quantity: 1 }],
      proration_behavior: 'always_invoice',
    })
    expect((await invoicesOf({ id }))[0]).toMatchObject({
      amount_due: 0,
      ending_balance: -1_500,
      status: 'paid',
    })
  })
})
