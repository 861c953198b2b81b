import { beforeEach, describe, expect, it } from 'vitest'
import { execute } from '../execute.ts'
import { operations } from '../operations.ts'
import { priceOf } from './catalogue.ts'
import { converge } from './converge.ts'
import { billed } from './testing/billed.ts'

describe('a subscription by a price that is none of ours', () => {
  const { at, rowsOf, organisation, subscribe } = billed('left out')
  let told: string[]
  beforeEach(() => {
    told = []
  })

  const look = () =>
    converge(at.stripe, at.tenant.id, null, new Date(), {
      onLeftOut(orgId, subscription) {
        expect(orgId).toBe(at.tenant.id)
        told.push(subscription)
      },
    })
  const anotherPrice = async (metadata: Record<string, string> = {}) => {
    const product = await at.stripe.products.create({ name: 'Consulting' })
    const recurring = { interval: 'month' } as const
    const { id } = await at.stripe.prices.create({
      product: product.id,
      currency: 'eur',
      unit_amount: 100,
      recurring,
      metadata,
    })
    return id
  }
  async function subscribeElsewhere(metadata: Record<string, string> = {}) {
    const price = await anotherPrice(metadata)
    const items = [{ price, quantity: 1 }]
    return at.stripe.subscriptions.create({ customer: at.customer, items })
  }
  const rows = () => rowsOf('select id, status from subscriptions where org_id = $1 order by created_at, id')

  it.each([
    ['of somebody else’s', {}],
    ['of a plan that was removed', { plan: 'startup', interval: 'month' }],
  ])('is left out: %s', async (_, metadata) => {
    const ours = await subscribe()
    await look()
    await at.control.moveClock({ seconds: 60 })
    const other = await subscribeElsewhere(metadata)
    expect(await look()).toBe('written')
    await at.stripe.subscriptions.cancel(other.id)
    expect(await look()).toBe('written')
    expect(told).toEqual([other.id, other.id])
    expect(await rows()).toEqual([{ id: ours.id, status: 'active' }])
    expect(await organisation()).toEqual({ plan: 'team', readOnlyAt: null })
    // Nor is it a second one of ours, which would be cancelled.
    expect((await at.stripe.subscriptions.list({ customer: at.customer })).data).toHaveLength(1)
  })

  it('stands in the way of no change, also where it was there first', async () => {
    const ended = await subscribe()
    await at.stripe.subscriptions.cancel(ended.id)
    const other = await subscribeElsewhere()
    await at.control.moveClock({ seconds: 60 })
    const ours = await subscribe()
    await look()
    expect(told).toEqual([other.id])
    const owner = at.tenant.people.owner.actor
    await execute(operations['billing.cancel'], owner, {})
    expect((await at.stripe.subscriptions.retrieve(ours.id)).cancel_at_period_end).toBe(true)
    expect((await at.stripe.subscriptions.retrieve(other.id)).cancel_at_period_end).toBe(false)
  })

  it('is read where one of its lines is ours, and what is not is left as it is', async () => {
    const ours = await priceOf(at.stripe, 'team', 'month')
    const foreign = await anotherPrice()
    const { id } = await subscribe('pm_card_visa', {
      items: [
        { price: foreign, quantity: 1 },
        { price: ours.id, quantity: 5 },
      ],
    })
    expect(await look()).toBe('written')
    expect(told).toEqual([])
    expect(await organisation()).toMatchObject({ plan: 'team' })
    expect(await rowsOf('select seats, seat_amount::int from subscriptions where org_id = $1')).toEqual([
      { seats: 5, seat_amount: 800 },
    ])
    const lines = (await at.stripe.subscriptions.retrieve(id)).items.data
    expect(lines.find(({ price }) => price.id === foreign)?.quantity).toBe(1)
  })

  it('is not shown in place of one of ours that began after it', async () => {
    const { id, items } = await subscribe()
    await look()
    const price = await anotherPrice()
    const item = items.data[0]?.id as string
    await at.stripe.subscriptions.update(id, { items: [{ id: item, price }], proration_behavior: 'none' })
    await look()
    await at.control.moveClock({ seconds: 60 })
    const business = await priceOf(at.stripe, 'business', 'month')
    await subscribe('pm_card_visa', { items: [{ price: business.id, quantity: 5 }] })
    await look()
    const shown = async () =>
      (await execute(operations['billing.get'], at.tenant.people.owner.actor, {})).subscription
    expect(await shown()).toMatchObject({ plan: 'business' })
    // And is the first once more where its price is ours again.
    const { id: ours } = await priceOf(at.stripe, 'team', 'month')
    await at.stripe.subscriptions.update(id, { items: [{ id: item, price: ours }] })
    await look()
    expect(await shown()).toMatchObject({ plan: 'team' })
  })

  it('keeps the plan that it was for while it goes on, and is the plan Free once it has ended', async () => {
    const { id, items } = await subscribe()
    await look()
    const item = items.data[0]?.id as string
    const price = await anotherPrice()
    await at.stripe.subscriptions.update(id, { items: [{ id: item, price }], proration_behavior: 'none' })
    expect(await look()).toBe('written')
    expect(told).toEqual([id])
    expect(await organisation()).toEqual({ plan: 'team', readOnlyAt: null })
    expect(await rows()).toEqual([{ id, status: 'active' }])
    await at.stripe.subscriptions.cancel(id)
    expect(await look()).toBe('written')
    expect(await rows()).toEqual([{ id, status: 'canceled' }])
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
  })

  describe('that was ours, and owes', () => {
    const now = async () => new Date((await at.control.state()).now * 1000)
    const lookNow = async () =>
      converge(at.stripe, at.tenant.id, null, await now(), { onLeftOut: (_, id) => told.push(id) })
    const owner = () => at.tenant.people.owner.actor
    const useCard = async (card: string) => {
      const { id } = await at.stripe.paymentMethods.attach(card, { customer: at.customer })
      await at.stripe.customers.update(at.customer, { invoice_settings: { default_payment_method: id } })
      return id
    }

    /** Owes a renewal, and then gets another price. */
    async function leftOutAndOwing() {
      const { id, items } = await subscribe()
      await lookNow()
      await useCard('pm_card_chargeCustomerFail')
      await at.control.moveClock({ months: 1, seconds: 7_200 })
      await lookNow()
      const before = await organisation()
      expect(before.readOnlyAt).not.toBeNull()
      const item = items.data[0]?.id as string
      const price = await anotherPrice()
      await at.stripe.subscriptions.update(id, { items: [{ id: item, price }], proration_behavior: 'none' })
      return { id, before }
    }

    it('goes on to owe that, also once it has ended, until it is paid', async () => {
      const { id, before } = await leftOutAndOwing()
      await lookNow()
      expect(await organisation()).toEqual(before)
      await at.control.moveClock({ days: 15 })
      await lookNow()
      expect(await rowsOf("select from billing_mails where org_id = $1 and kind = 'read only'")).toHaveLength(
        1,
      )
      await at.stripe.subscriptions.cancel(id)
      await lookNow()
      expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: before.readOnlyAt })
      const card = await useCard('pm_card_visa')
      for (const open of (await at.stripe.invoices.list({ customer: at.customer, status: 'open' })).data)
        await at.stripe.invoices.pay(open.id as string, { payment_method: card })
      await lookNow()
      expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
    })

    it('owes nothing of what comes after', async () => {
      const { items } = await subscribe()
      await lookNow()
      const item = items.data[0]?.id as string
      const { id } = await at.stripe.subscriptions.retrieve(items.data[0]?.subscription as string)
      const price = await anotherPrice()
      await at.stripe.subscriptions.update(id, { items: [{ id: item, price }], proration_behavior: 'none' })
      await lookNow()
      await useCard('pm_card_chargeCustomerFail')
      await at.control.moveClock({ months: 1, seconds: 7_200 })
      for (let n = 0; n < 2; n++) await lookNow()
      expect(await organisation()).toEqual({ plan: 'team', readOnlyAt: null })
    })

    it('says the way out where somebody would change, cancel or begin one', async () => {
      await leftOutAndOwing()
      await lookNow()
      const team = { plan: 'team', interval: 'month' } as const
      const wayOut = {
        kind: 'conflict',
        message: expect.stringMatching(/Write to our support, or cancel it/),
      }
      await expect(execute(operations['billing.checkout'], owner(), team)).rejects.toMatchObject(wayOut)
      await expect(execute(operations['billing.preview'], owner(), team)).rejects.toMatchObject(wayOut)
      await expect(execute(operations['billing.cancel'], owner(), {})).rejects.toMatchObject(wayOut)
    })
  })
})
