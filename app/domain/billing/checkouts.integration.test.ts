import type Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { execute, perform } from '../execute.ts'
import type { AnyOperation } from '../operation.ts'
import { operations } from '../operations.ts'
import { newToken } from '../sessions/token.ts'
import { createTenant } from '../testing/tenants.ts'
import { priceOf } from './catalogue.ts'
import { converge } from './converge.ts'
import { ensureCustomer } from './customer.ts'
import { standingOf } from './standing.ts'
import { billed } from './testing/billed.ts'

describe('of several who begin', () => {
  const { at, rowsOf, organisation, look, lookNow, subscribe } = billed('checkouts')

  const begin = (key?: string) =>
    perform(
      operations['billing.checkout'] as unknown as AnyOperation,
      at.tenant.people.owner.actor,
      {
        ...{ plan: 'team', interval: 'month' },
      },
      key === undefined ? {} : { idempotencyKey: key },
    ) as Promise<{ url: string }>
  const idOf = ({ url }: { url: string }) => url.split('/').at(-1) as string
  // Tax is reckoned by where somebody is.
  beforeEach(() => at.stripe.customers.update(at.customer, { address: { country: 'DE' } }))
  const closed = { kind: 'declined', message: expect.stringContaining('no longer open') }
  const openNow = async () =>
    (await at.stripe.checkout.sessions.list({ customer: at.customer, status: 'open' })).data.map(
      ({ id }) => id,
    )

  it('there is one customer, whoever of them asks first', async () => {
    const fresh = await createTenant()
    const ids = await Promise.all(
      [fresh.people.owner, fresh.people.admin, fresh.people.owner].map(({ actor }) =>
        ensureCustomer(at.stripe, actor),
      ),
    )
    expect(new Set(ids).size).toBe(1)
  })

  it('the page that was opened last is the only one, and one key opens one', async () => {
    const [first, second] = [await begin(), await begin()]
    expect(await openNow()).toEqual([idOf(second)])
    expect(await at.control.checkOut(idOf(first))).toMatchObject(closed)
    const key = newToken()
    const once = await begin(key)
    expect(await begin(key)).toEqual(once)
    expect(await openNow()).toEqual([idOf(once)])
    await expect(begin('x'.repeat(201))).rejects.toMatchObject({ kind: 'invalid' })
  })

  it('there is one subscription: of two that were completed the second is cancelled', async () => {
    const first = await begin()
    const price = await priceOf(at.stripe, 'business', 'month')
    // A page that was open beside it, as two who ask at the same moment would have.
    const beside = await at.stripe.checkout.sessions.create({
      ...{ mode: 'subscription', customer: at.customer, success_url: 'http://worklane.test/' },
      line_items: [{ price: price.id, quantity: 5 }],
    })
    await at.control.checkOut(idOf(first))
    await at.control.moveClock({ seconds: 5 })
    await at.control.checkOut(beside.id)
    expect(await lookNow()).toBe('written')
    const live = await rowsOf('select plan, status from subscriptions where org_id = $1 and ended_at is null')
    expect(live).toEqual([{ plan: 'team', status: 'trialing' }])
    expect(await organisation()).toMatchObject({ plan: 'team' })
  })

  describe('while the others cannot be cancelled', () => {
    const cancellation = 'DELETE /v1/subscriptions/{subscription_exposed_id}'
    const owner = () => at.tenant.people.owner.actor
    const shown = async () => (await execute(operations['billing.get'], owner(), {})).subscription
    afterEach(() => at.control.break([]))

    /** Beside the one that there is, so many seconds after one another. */
    async function beginBeside(plan: 'team' | 'business', counts: number[], seconds: number) {
      const { id: price } = await priceOf(at.stripe, plan, 'month')
      const ids: string[] = []
      for (const quantity of counts) {
        if (seconds > 0) await at.control.moveClock({ seconds })
        const items = [{ price, quantity }]
        ids.push((await at.stripe.subscriptions.create({ customer: at.customer, items })).id)
      }
      return ids
    }

    it('the first is shown, as it is the one that counts', async () => {
      await subscribe()
      await beginBeside('business', [5], 60)
      await at.control.break([{ kind: 'error', route: cancellation }])
      await expect(lookNow()).rejects.toThrow()
      expect(await organisation()).toMatchObject({ plan: 'team' })
      expect(await shown()).toMatchObject({ plan: 'team' })
    })

    it('the same is shown that counts, where they began in the same second', async () => {
      await subscribe('pm_card_visa', {}, 6)
      await beginBeside('team', [7, 8, 9, 10, 11], 0)
      await at.control.break([{ kind: 'error', route: cancellation }])
      await expect(lookNow()).rejects.toThrow()
      const { subscription, seats } = await standingOf(at.stripe, owner())
      expect(await shown()).toMatchObject({ seats })
      await at.control.break([])
      await lookNow()
      const { data } = await at.stripe.subscriptions.list({ customer: at.customer })
      expect(data.map(({ id }) => id)).toEqual([subscription.id])
    })

    it('each that can be is cancelled, whatever becomes of the one before it', async () => {
      const { id: first } = await subscribe()
      const [second = ''] = await beginBeside('team', [5, 5], 60)
      const cancel = (id: string, asked: Stripe.SubscriptionCancelParams) => {
        if (id === second) throw new Error('refused')
        return at.stripe.subscriptions.cancel(id, asked)
      }
      const subscriptions = Object.assign(Object.create(at.stripe.subscriptions), { cancel })
      const refusing = Object.assign(Object.create(at.stripe), { subscriptions })
      const now = new Date((await at.control.state()).now * 1_000)
      await expect(converge(refusing, at.tenant.id, null, now)).rejects.toThrow('refused')
      const { data } = await at.stripe.subscriptions.list({ customer: at.customer })
      expect(data.map(({ id }) => id)).toEqual([second, first])
    })
  })

  it('no page stays open once there is a subscription, and there is one trial', async () => {
    const open = await begin()
    const { id } = await subscribe('pm_card_visa', { trial_period_days: 14 })
    await lookNow()
    expect(await openNow()).toEqual([])
    expect(await at.control.checkOut(idOf(open))).toMatchObject(closed)
    await expect(begin()).rejects.toMatchObject({ kind: 'conflict' })
    await at.stripe.subscriptions.cancel(id)
    await look()
    const again = await begin()
    await at.control.checkOut(idOf(again))
    await look()
    expect(await rowsOf('select status from subscriptions where org_id = $1 and ended_at is null')).toEqual([
      { status: 'active' },
    ])
  })
})
