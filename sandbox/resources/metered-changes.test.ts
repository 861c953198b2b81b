import Stripe from 'stripe'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { customerWith, startedSandbox } from '../testing/started.ts'

/** What Stripe says of a metered price that is replaced, in its flexible billing mode. */
describe('a metered price that makes way for another', () => {
  const started = startedSandbox({ start: Date.parse('2027-01-15T10:00:00Z') / 1_000 })
  let meter: string
  /** A cent for each hundred, and a cent for each. */
  let prices: { cheap: string; dear: string; dearYear: string }
  let customer: string

  const priceOf = async (amount: string, interval: 'month' | 'year' = 'month') => {
    const price = await started.stripe.prices.create({
      currency: 'usd',
      product_data: { name: 'Requests' },
      recurring: { interval, meter, usage_type: 'metered' },
      unit_amount_decimal: Stripe.Decimal.from(amount),
    })
    return price.id
  }
  beforeAll(async () => {
    const { id } = await started.stripe.billing.meters.create({
      default_aggregation: { formula: 'sum' },
      display_name: 'Requests',
      event_name: 'requests',
    })
    meter = id
    prices = {
      cheap: await priceOf('0.01'),
      dear: await priceOf('1'),
      dearYear: await priceOf('1', 'year'),
    }
  })
  beforeEach(async () => {
    customer = await customerWith(started.stripe, 'pm_card_visa')
  })

  const subscribe = (more: Partial<Stripe.SubscriptionCreateParams> = {}) =>
    started.stripe.subscriptions.create({ customer, items: [{ price: prices.dear }], ...more })
  const use = (units: number) =>
    started.stripe.billing.meterEvents.create({
      event_name: 'requests',
      payload: { stripe_customer_id: customer, value: String(units) },
    })
  const totals = async () =>
    (await started.stripe.invoices.list({ customer })).data.map(({ total }) => total).reverse()
  const itemOf = ({ items }: Stripe.Subscription) => items.data[0]?.id ?? ''
  const pass = (days: number) => started.control.moveClock({ days })

  it('bills at once by the one what was used until then, and by the other what is used from then on', async () => {
    const subscription = await subscribe()
    await use(700)
    await pass(10)
    const update = { items: [{ id: itemOf(subscription), price: prices.cheap }] }
    const seen = await started.stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: { ...update, proration_behavior: 'always_invoice' },
    })
    await started.stripe.subscriptions.update(subscription.id, {
      ...update,
      proration_behavior: 'always_invoice',
    })
    await use(30_000)
    await pass(25)
    expect(seen.total).toBe(700)
    expect(await totals()).toEqual([0, 700, 300])
  })

  it.each(['is void', 'was not paid for a day'])(
    'is discarded with what was used until then where the change waits for its payment, and its invoice %s',
    async (how) => {
      const subscription = await subscribe()
      await use(700)
      await pass(10)
      const { id } = await started.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer })
      await started.stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
      const { latest_invoice: waiting } = await started.stripe.subscriptions.update(subscription.id, {
        items: [{ id: itemOf(subscription), price: prices.cheap }],
        proration_behavior: 'always_invoice',
        payment_behavior: 'pending_if_incomplete',
      })
      await use(20)
      if (how === 'is void') await started.stripe.invoices.voidInvoice(waiting as string)
      await pass(1)
      const { data } = await started.stripe.invoices.list({ customer })
      expect(data[0]).toMatchObject({ status: 'void', total: 700 })
      await pass(24)
      // By the price of before, from when it began to wait.
      expect(await totals()).toEqual([0, 700, 20])
    },
  )

  it('puts it on the next invoice where prorations wait for that', async () => {
    const subscription = await subscribe()
    await use(700)
    await pass(10)
    await started.stripe.subscriptions.update(subscription.id, {
      items: [{ id: itemOf(subscription), price: prices.cheap }],
      proration_behavior: 'create_prorations',
    })
    await use(30_000)
    await pass(25)
    expect(await totals()).toEqual([0, 1_000])
  })

  it('forgives what was used until then where there are no prorations', async () => {
    const subscription = await subscribe()
    await use(700)
    await pass(10)
    await started.stripe.subscriptions.update(subscription.id, {
      items: [{ id: itemOf(subscription), price: prices.cheap }],
      proration_behavior: 'none',
    })
    await use(30_000)
    await pass(25)
    expect(await totals()).toEqual([0, 300])
  })

  it('counts a year from its beginning, and nothing of the month before', async () => {
    const subscription = await subscribe()
    await use(700)
    await pass(10)
    await started.stripe.subscriptions.update(subscription.id, {
      items: [{ id: itemOf(subscription), price: prices.dearYear }],
    })
    await use(50)
    await started.control.moveClock({ months: 12, seconds: 3_600 })
    expect(await totals()).toEqual([0, 700, 50])
  })

  it.each([
    ['create_prorations', [0, 700, 5]],
    ['none', [0, 0, 5]],
  ] as const)('does the same with a phase, by what that says: %s', async (behavior, expected) => {
    const { stripe, control } = started
    const subscription = await subscribe()
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id })
    const { start_date = 0, end_date = 0 } = schedule.phases[0] ?? {}
    await stripe.subscriptionSchedules.update(schedule.id, {
      phases: [
        { items: [{ price: prices.dear }], start_date, end_date },
        { items: [{ price: prices.cheap }], duration: { interval: 'day' }, proration_behavior: behavior },
      ],
    })
    await use(700)
    await control.moveClock({ months: 1, seconds: 3_600 })
    await use(500)
    await control.moveClock({ months: 1, seconds: 3_600 })
    expect(await totals()).toEqual(expected)
  })

  it('bills once what was used since one that was not paid for, where another one is', async () => {
    const { stripe, control } = started
    const subscription = await subscribe()
    const { id: card } = await stripe.paymentMethods.attach('pm_card_authenticationRequired', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: card } })
    const change = () =>
      stripe.subscriptions.update(subscription.id, {
        items: [{ id: itemOf(subscription), price: prices.cheap }],
        payment_behavior: 'pending_if_incomplete',
        proration_behavior: 'always_invoice',
      })
    await use(700)
    await pass(1)
    await change()
    await pass(1)
    await use(1)
    await pass(1)
    await change()
    const { data } = await stripe.invoices.list({ customer, status: 'open', expand: ['data.payments'] })
    expect(data.map(({ total }) => total)).toEqual([1])
    await control.authenticate(data[0]?.payments?.data[0]?.payment.payment_intent as string)
    await use(500)
    await control.moveClock({ months: 1 })
    const made = (await stripe.invoices.list({ customer })).data.filter(({ status }) => status !== 'void')
    expect(made.map(({ total }) => total)).toEqual([5, 1, 0])
  })
})
