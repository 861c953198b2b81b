import { describe, expect, it } from 'vitest'
import { execute } from '../execute.ts'
import { operations } from '../operations.ts'
import { itemsOf } from './metered-items.ts'
import { plans } from './plans.ts'
import type { Terms } from './terms.ts'
import { billed } from './testing/billed.ts'

const teamMonth: Terms = { plan: 'team', interval: 'month' }
const teamYear: Terms = { plan: 'team', interval: 'year' }
const businessMonth: Terms = { plan: 'business', interval: 'month' }
const businessYear: Terms = { plan: 'business', interval: 'year' }

const months = { month: 1, year: 12 }
const seats = ({ plan, interval }: Terms) => 5 * (plans[plan].seat?.[interval] as number)
const included = ({ plan, interval }: Terms) => plans[plan].monthly.requests.included * months[interval]
const beyond = ({ plan }: Terms, thousands: number) =>
  thousands * (plans[plan].monthly.requests.perThousand as number)

/** Each request is paid for once, at the price of the plan that it was used on. */
describe('what is metered, through a change of plan', () => {
  const { at, lookNow } = billed('change-usage')
  const owner = () => at.tenant.people.owner.actor
  const preview = (to: Terms) => execute(operations['billing.preview'], owner(), to)
  const change = async (to: Terms) => {
    const seen = await preview(to)
    await execute(operations['billing.change'], owner(), { ...to, preview: seen.token })
    return seen
  }
  const use = (requests: number) =>
    at.stripe.billing.meterEvents.create({
      event_name: 'worklane_requests',
      payload: { stripe_customer_id: at.customer, value: String(requests) },
    })
  const invoices = async () => (await at.stripe.invoices.list({ customer: at.customer })).data
  const billedFor = async (requests: boolean) =>
    (await invoices())
      .flatMap(({ lines }) => lines.data)
      .filter((line) => /API requests/.test(line.description ?? '') === requests)
      .reduce((sum, { amount }) => sum + amount, 0)
  const pass = (time: { months?: number; days?: number; seconds?: number }) => at.control.moveClock(time)
  const renewed = { months: 1, seconds: 2 * 3_600 }

  async function subscribe(terms: Terms) {
    const { stripe, customer } = at
    const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    await stripe.subscriptions.create({ customer, items: await itemsOf(stripe, { ...terms, seats: 5 }) })
    await lookNow()
  }

  it('more on the last day: what was used until then is paid with the change, and the rest is the new plan’s', async () => {
    await subscribe(teamMonth)
    await use(included(teamMonth) + 40_000)
    await pass({ days: 30 })
    const seen = await change(businessMonth)
    const [paid] = await invoices()
    expect(paid).toMatchObject({ status: 'paid', total: seen.today.total.amount })
    expect(await billedFor(true)).toBe(beyond(teamMonth, 40))
    await use(included(businessMonth) + 10_000)
    await pass({ days: 1, seconds: 2 * 3_600 })
    expect((await invoices())[0]?.total).toBe(seats(businessMonth) + beyond(businessMonth, 10))
    expect(await billedFor(true)).toBe(beyond(teamMonth, 40) + beyond(businessMonth, 10))
    await pass(renewed)
    expect(await billedFor(true)).toBe(beyond(teamMonth, 40) + beyond(businessMonth, 10))
  })

  it('from months to a year: the month’s is paid with the change, and the year’s allowance begins whole', async () => {
    await subscribe(teamMonth)
    await use(included(teamMonth) + 40_000)
    await pass({ days: 10 })
    await change(teamYear)
    expect(await billedFor(true)).toBe(beyond(teamMonth, 40))
    await use(included(teamYear) + 8_000)
    await pass({ months: 12, seconds: 2 * 3_600 })
    expect((await invoices())[0]?.total).toBe(seats(teamYear) + beyond(teamYear, 8))
    expect(await billedFor(true)).toBe(beyond(teamMonth, 40) + beyond(teamYear, 8))
  })

  it('less at the end of the period: what was used until then is of the plan until then', async () => {
    await subscribe(businessMonth)
    await change(teamMonth)
    // On the smaller plan it would cost 50 cents for each of 1,800 thousands.
    await use(included(businessMonth) + 50_000)
    await pass(renewed)
    expect((await invoices())[0]?.total).toBe(seats(teamMonth) + beyond(businessMonth, 50))
    await use(included(teamMonth) + 2_000)
    await lookNow()
    await pass(renewed)
    expect((await invoices())[0]?.total).toBe(seats(teamMonth) + beyond(teamMonth, 2))
    expect(await billedFor(true)).toBe(beyond(businessMonth, 50) + beyond(teamMonth, 2))
    expect(await billedFor(false)).toBe(seats(businessMonth) + 2 * seats(teamMonth))
  })

  it('from a year to months: the year’s is paid as the first month begins', async () => {
    await subscribe(businessYear)
    await change(businessMonth)
    await use(included(businessYear) + 70_000)
    await pass({ months: 12, seconds: 2 * 3_600 })
    expect((await invoices())[0]?.total).toBe(seats(businessMonth) + beyond(businessYear, 70))
    await use(3_000)
    await pass(renewed)
    expect(await billedFor(true)).toBe(beyond(businessYear, 70))
    expect(await billedFor(false)).toBe(seats(businessYear) + 2 * seats(businessMonth))
  })

  describe('with a change that the bank wants confirmed, and that is not', () => {
    const pays = async (card: string) => {
      const { id } = await at.stripe.paymentMethods.attach(card, { customer: at.customer })
      await at.stripe.customers.update(at.customer, { invoice_settings: { default_payment_method: id } })
    }
    /** What is asked for of requests, on invoices that are not void. */
    const asked = async () =>
      (await invoices())
        .filter(({ status }) => status !== 'void')
        .flatMap(({ lines }) => lines.data)
        .filter((line) => /API requests/.test(line.description ?? '') && line.amount !== 0)
        .map(({ amount }) => amount)

    async function waiting() {
      await subscribe(teamMonth)
      await use(included(teamMonth) + 40_000)
      await pass({ days: 3 })
      await pays('pm_card_authenticationRequired')
      await change(businessMonth)
      await lookNow()
      await pays('pm_card_visa')
    }

    it('is paid once, on the next invoice', async () => {
      await waiting()
      await pass({ days: 2 })
      for (let n = 0; n < 3; n++) await lookNow()
      await pass(renewed)
      expect(await asked()).toEqual([beyond(teamMonth, 40)])
      await pass(renewed)
      expect(await asked()).toEqual([beyond(teamMonth, 40)])
    })

    it('is paid once, with the change that it makes way for', async () => {
      await waiting()
      // What was shown before the one that waited was dropped may be refused by now, and is looked at again.
      await change(teamYear).catch(() => change(teamYear))
      for (let n = 0; n < 2; n++) await lookNow()
      expect((await invoices())[0]).toMatchObject({ status: 'paid' })
      expect(await asked()).toEqual([beyond(teamMonth, 40)])
      await pass({ months: 12, seconds: 2 * 3_600 })
      expect(await asked()).toEqual([beyond(teamMonth, 40)])
    })

    it('is paid once, where it is confirmed after all', async () => {
      await waiting()
      const open = { customer: at.customer, status: 'open' as const, expand: ['data.payments'] }
      const [invoice] = (await at.stripe.invoices.list(open)).data
      await at.control.authenticate(invoice?.payments?.data[0]?.payment.payment_intent as string, true)
      for (let n = 0; n < 2; n++) await lookNow()
      await pass(renewed)
      expect(await asked()).toEqual([beyond(teamMonth, 40)])
    })
  })

  it('that a schedule of another’s making forgives, is lost: phases say it, as at Stripe', async () => {
    await subscribe(businessMonth)
    await change(teamMonth)
    const { data } = await at.stripe.subscriptions.list({ customer: at.customer })
    const id = data[0]?.schedule as string
    const { phases } = await at.stripe.subscriptionSchedules.retrieve(id)
    await at.stripe.subscriptionSchedules.update(id, {
      phases: phases.map(({ start_date, end_date, items }) => ({
        items: items.map(({ price, quantity }) => ({
          price: price as string,
          ...(quantity === undefined ? {} : { quantity }),
        })),
        start_date,
        end_date,
        proration_behavior: 'none',
      })),
    })
    await use(included(businessMonth) + 50_000)
    await pass(renewed)
    expect(await billedFor(true)).toBe(0)
  })

  it('follows a plan that somebody changed at Stripe, at the price until then', async () => {
    await subscribe(teamMonth)
    await use(included(teamMonth) + 40_000)
    const { data } = await at.stripe.subscriptions.list({ customer: at.customer })
    const seat = data[0]?.items.data.find(({ quantity }) => quantity !== undefined)?.id as string
    const [{ price } = { price: '' }] = await itemsOf(at.stripe, { ...businessMonth, seats: 5 })
    await at.stripe.subscriptions.update(data[0]?.id as string, {
      items: [{ id: seat, price }],
      proration_behavior: 'none',
    })
    await pass({ seconds: 60 })
    await lookNow()
    await pass(renewed)
    expect(await billedFor(true)).toBe(beyond(teamMonth, 40))
  })
})
