import Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { priceOf } from './catalogue.ts'
import { converge } from './converge.ts'
import { billed } from './testing/billed.ts'

describe('what a subscription meters', () => {
  const { at, rowsOf, subscribe, organisation } = billed('metered items')
  let told: unknown[]
  beforeEach(() => {
    told = []
  })
  afterEach(() => at.control.break([]))

  const look = () =>
    converge(at.stripe, at.tenant.id, null, new Date(), {
      onUnmetered(orgId, error) {
        expect(orgId).toBe(at.tenant.id)
        told.push(error)
      },
    })
  const itemsOf = async (id: string) =>
    (await at.stripe.subscriptions.retrieve(id)).items.data.map(({ price }) => price.lookup_key).sort()
  const isWritten = async () => {
    expect(await organisation()).toMatchObject({ plan: 'team' })
    expect(await rowsOf('select status from invoices where org_id = $1')).toEqual([{ status: 'paid' }])
  }

  it('keeps no payment from being read where the price is missing, and follows once it is there', async () => {
    const { id } = await subscribe()
    const { id: price } = await priceOf(at.stripe, 'team', 'month', 'requests')
    await at.stripe.prices.update(price, { active: false })
    expect(await look()).toBe('written')
    expect(told).toEqual([expect.objectContaining({ message: expect.stringContaining('has no price') })])
    await isWritten()
    expect(await itemsOf(id)).toEqual(['team_month'])
    await at.stripe.prices.update(price, { active: true })
    expect(await look()).toBe('written')
    expect(told).toHaveLength(1)
    expect(await itemsOf(id)).toEqual(['team_month', 'team_month_requests'])
  })

  it('keeps no payment from being read where Stripe refuses the change', async () => {
    const { id } = await subscribe()
    await at.control.break([{ kind: 'error', route: 'POST /v1/subscriptions' }])
    expect(await look()).toBe('written')
    expect(told).toEqual([expect.any(Stripe.errors.StripeError)])
    await isWritten()
    await at.control.break([])
    await look()
    expect(await itemsOf(id)).toEqual(['team_month', 'team_month_requests'])
  })

  it('is left alone while somebody changes the subscription', async () => {
    const { id } = await subscribe()
    const changing = (until: string) =>
      rowsOf(`update billing_customers set changing_until = ${until} where org_id = $1`)
    await changing("now() + interval '1 minute'")
    expect(await look()).toBe('written')
    expect(await itemsOf(id)).toEqual(['team_month'])
    await changing('null')
    await look()
    expect(await itemsOf(id)).toEqual(['team_month', 'team_month_requests'])
    expect(told).toEqual([])
  })

  it('is one line of a kind: that of the plan, wherever it stands', async () => {
    const { id } = await subscribe()
    for (const plan of ['business', 'team'] as const) {
      const { id: price } = await priceOf(at.stripe, plan, 'month', 'requests')
      await at.stripe.subscriptions.update(id, { items: [{ price }], proration_behavior: 'none' })
    }
    expect(await itemsOf(id)).toEqual(['business_month_requests', 'team_month', 'team_month_requests'])
    await look()
    expect(told).toEqual([])
    expect(await itemsOf(id)).toEqual(['team_month', 'team_month_requests'])
  })
})
