import type Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { execute } from '../execute.ts'
import { operations } from '../operations.ts'
import { letGo } from './let-go.ts'
import { itemsOf } from './metered-items.ts'
import { standingOf } from './standing.ts'
import type { Terms } from './terms.ts'
import { billed } from './testing/billed.ts'

const teamMonth: Terms = { plan: 'team', interval: 'month' }
const businessMonth: Terms = { plan: 'business', interval: 'month' }
const renewed = { months: 1, seconds: 2 * 3_600 }

describe('a line of a subscription that is none of ours', () => {
  const { at, rowsOf, lookNow, subscribe } = billed('lines-of-others')
  const owner = () => at.tenant.people.owner.actor
  const preview = (to: Terms) => execute(operations['billing.preview'], owner(), to)
  const change = async (to: Terms) => {
    const seen = await preview(to)
    return execute(operations['billing.change'], owner(), { ...to, preview: seen.token })
  }
  const join = (count: number) =>
    rowsOf(
      `with people as (insert into users (email, name) select gen_random_uuid() || '@example.test', 'P'
         from generate_series(1, $2) returning id)
       insert into memberships (org_id, user_id, role) select $1, id, 'viewer' from people returning user_id`,
      [at.tenant.id, count],
    )
  let foreign: string
  beforeEach(async () => {
    const { id: product } = await at.stripe.products.create({ name: 'Consulting' })
    const recurring = { interval: 'month' } as const
    const price = { product, currency: 'eur', unit_amount: 50_000, recurring }
    foreign = (await at.stripe.prices.create(price)).id
  })
  afterEach(() => at.control.break([]))

  /** With the line of somebody else's before ours, as an operator may have added it. */
  async function subscribeBeside(terms: Terms, quantity = 1) {
    const ours = await itemsOf(at.stripe, { ...terms, seats: 5 })
    const made = await subscribe('pm_card_visa', { items: [{ price: foreign, quantity }, ...ours] })
    await lookNow()
    return made
  }
  const numbersOf = (items: { price: string | { id: string }; quantity?: number }[]) =>
    items
      .flatMap(({ price, quantity }) => {
        const id = typeof price === 'string' ? price : price.id
        return quantity === undefined ? [] : [[id === foreign ? 'another' : 'seats', quantity]]
      })
      .sort()
  const now = async (id: string) => numbersOf((await at.stripe.subscriptions.retrieve(id)).items.data)
  const phases = async (id: string) => {
    const { schedule } = await at.stripe.subscriptions.retrieve(id)
    const { phases } = await at.stripe.subscriptionSchedules.retrieve(schedule as string)
    return phases.map(({ items }) => numbersOf(items))
  }
  const both = (seats: number) => [
    ['another', 1],
    ['seats', seats],
  ]

  it('keeps its number where seats are changed through a schedule', async () => {
    const { id } = await subscribeBeside(businessMonth)
    await change(teamMonth)
    await at.control.moveClock({ days: 3 })
    await join(4)
    await lookNow()
    expect(await now(id)).toEqual(both(9))
    expect(await phases(id)).toEqual([both(9), both(9)])
    const pending = await at.stripe.invoiceItems.list({ customer: at.customer, pending: true })
    expect(pending.data.every(({ amount }) => Math.abs(amount) < 50_000)).toBe(true)
  })

  it('is not taken for the seats of a schedule of another’s making', async () => {
    const { id } = await subscribeBeside(teamMonth, 2)
    const schedule = await at.stripe.subscriptionSchedules.create({ from_subscription: id })
    const [running] = schedule.phases as [Stripe.SubscriptionSchedule.Phase]
    const { start_date, end_date } = running
    const items = running.items.map(({ price, quantity }) => ({
      price: price as string,
      ...(quantity === undefined ? {} : { quantity }),
    }))
    await at.stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: 'release',
      phases: [
        { start_date, end_date, items },
        { duration: { interval: 'month', interval_count: 1 }, items },
      ],
    })
    const before = await at.stripe.subscriptionSchedules.retrieve(schedule.id)
    expect(await lookNow()).toBe('written')
    expect(await at.stripe.subscriptionSchedules.retrieve(schedule.id)).toEqual(before)
    expect(await now(id)).toContainEqual(['another', 2])
  })

  it('does not hide the page of a change that waits for the bank', async () => {
    await subscribeBeside(teamMonth)
    const card = await at.stripe.paymentMethods.attach('pm_card_authenticationRequired', {
      customer: at.customer,
    })
    await at.stripe.customers.update(at.customer, { invoice_settings: { default_payment_method: card.id } })
    const { token } = await preview(businessMonth)
    const ask = () => execute(operations['billing.change'], owner(), { ...businessMonth, preview: token })
    const first = await ask()
    expect(first.confirmAt).not.toBeNull()
    expect(await ask()).toEqual(first)
    expect((await at.stripe.invoices.list({ customer: at.customer, status: 'void' })).data).toEqual([])
  })

  it('is there in the next period as well, as a preview of less has shown it', async () => {
    const { id } = await subscribeBeside(businessMonth)
    const seen = await preview(teamMonth)
    await change(teamMonth)
    await at.control.moveClock(renewed)
    const [latest] = (await at.stripe.invoices.list({ customer: at.customer })).data
    expect(latest?.total).toBe(seen.next.total.amount)
    expect(await now(id)).toEqual(both(5))
  })

  it('is there in the next period where what was scheduled is put back', async () => {
    const { id } = await subscribeBeside(businessMonth)
    await change(teamMonth)
    await letGo(at.stripe, owner(), 'billing.cancel', await standingOf(at.stripe, owner()))
    await lookNow()
    await at.control.moveClock(renewed)
    expect(await now(id)).toEqual(both(5))
  })
})
