import Stripe from 'stripe'
import { afterEach, describe, expect, it } from 'vitest'
import { billed } from './testing/billed.ts'

describe('of seats', () => {
  const { at, rowsOf, organisation, lookNow, subscribe } = billed('seats')
  afterEach(() => at.control.set({ quantityChangesAnHour: null }))

  const quantity = async (id: string) =>
    (await at.stripe.subscriptions.retrieve(id)).items.data[0]?.quantity as number
  const join = (count: number) =>
    rowsOf(
      `with people as (insert into users (email, name) select gen_random_uuid() || '@example.test', 'P'
         from generate_series(1, $2) returning id)
       insert into memberships (org_id, user_id, role) select $1, id, 'viewer' from people returning user_id`,
      [at.tenant.id, count],
    )
  const leave = (people: { user_id: string }[]) =>
    rowsOf('delete from memberships where org_id = $1 and user_id = any($2)', [
      at.tenant.id,
      people.map(({ user_id }) => user_id),
    ])
  const members = async () =>
    (await rowsOf('select count(*)::int as n from memberships where org_id = $1'))[0].n as number

  it('there are more at once, paid for in proportion to the cent', async () => {
    const { id } = await subscribe()
    await lookNow()
    const before = await members()
    expect(await quantity(id)).toBe(before)
    await at.control.moveClock({ days: 10, seconds: 4_321 })
    const now = (await at.control.state()).now
    await join(2)
    expect(await rowsOf("select from outbox where org_id = $1 and topic = 'billing.sync'")).toHaveLength(1)
    expect(await lookNow()).toBe('written')
    expect(await quantity(id)).toBe(before + 2)
    expect(await rowsOf('select seats from subscriptions where org_id = $1')).toEqual([{ seats: before + 2 }])
    // By seconds: what is left of the period, of what the new seats cost for the whole of it.
    const [item] = (await at.stripe.subscriptions.retrieve(id)).items.data as [Stripe.SubscriptionItem]
    const share = (item.current_period_end - now) / (item.current_period_end - item.current_period_start)
    const pending = await at.stripe.invoiceItems.list({ customer: at.customer, pending: true })
    const sum = pending.data.reduce((total, { amount }) => total + amount, 0)
    expect(sum).toBe(Math.round((before + 2) * 800 * share) - Math.round(before * 800 * share))
  })

  it('there are fewer from the next period on, with nothing given back', async () => {
    const people = await join(4)
    const { id } = await subscribe('pm_card_visa', {}, 9)
    await lookNow()
    const before = await members()
    await leave(people)
    await lookNow()
    expect(await quantity(id)).toBe(before)
    await at.control.moveClock({ days: 30 })
    await lookNow()
    expect(await quantity(id)).toBe(before - 4)
    expect((await at.stripe.invoiceItems.list({ customer: at.customer, pending: true })).data).toEqual([])
    await at.control.moveClock({ days: 1, seconds: 2 * 3600 })
    await lookNow()
    const [latest] = await rowsOf(
      'select total from invoices where org_id = $1 order by created_at desc, id desc limit 1',
    )
    expect(latest.total).toBe(String((before - 4) * 800))
  })

  it('there are as many as before where Stripe takes no more changes, and a payment counts all the same', async () => {
    const { id } = await subscribe()
    await lookNow()
    const before = await members()
    const useCard = async (card: string) => {
      const method = await at.stripe.paymentMethods.attach(card, { customer: at.customer })
      await at.stripe.customers.update(at.customer, {
        invoice_settings: { default_payment_method: method.id },
      })
      return method.id
    }
    await useCard('pm_card_chargeCustomerFail')
    await at.control.moveClock({ months: 1, seconds: 2 * 3_600 })
    await lookNow()
    await at.control.moveClock({ days: 15 })
    await lookNow()
    expect(await organisation()).toMatchObject({ readOnlyAt: expect.any(Date) })
    await at.control.set({ quantityChangesAnHour: 1 })
    await join(1)
    await lookNow()
    await join(1)
    const [open] = (await at.stripe.invoices.list({ customer: at.customer, status: 'open' })).data
    await at.stripe.invoices.pay(open?.id as string, { payment_method: await useCard('pm_card_visa') })
    await expect(lookNow()).rejects.toBeInstanceOf(Stripe.errors.StripeError)
    expect(await organisation()).toEqual({ plan: 'team', readOnlyAt: null })
    expect(await quantity(id)).toBe(before + 1)
    await at.control.set({ quantityChangesAnHour: null })
    expect(await lookNow()).toBe('written')
    expect(await quantity(id)).toBe(before + 2)
  })
})
