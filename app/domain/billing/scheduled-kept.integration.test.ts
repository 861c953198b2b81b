import { afterEach, describe, expect, it } from 'vitest'
import { execute } from '../execute.ts'
import { operations } from '../operations.ts'
import { priceOf } from './catalogue.ts'
import { letGo } from './let-go.ts'
import { itemsOf } from './metered-items.ts'
import type { Preview } from './preview.ts'
import { standingOf } from './standing.ts'
import type { Terms } from './terms.ts'
import { billed } from './testing/billed.ts'

const teamMonth: Terms = { plan: 'team', interval: 'month' }
const businessMonth: Terms = { plan: 'business', interval: 'month' }
const businessYear: Terms = { plan: 'business', interval: 'year' }
const update = 'POST /v1/subscriptions/{subscription_exposed_id}'

describe('a change that is scheduled', () => {
  const { at, rowsOf, lookNow } = billed('scheduled-kept')
  const owner = () => at.tenant.people.owner.actor
  const preview = (to: Terms) => execute(operations['billing.preview'], owner(), to)
  const ask = ({ plan, interval, token }: Preview) =>
    execute(operations['billing.change'], owner(), { plan, interval, preview: token })
  const change = async (to: Terms) => ask(await preview(to))
  const cancel = () => execute(operations['billing.cancel'], owner(), {})
  const undo = () => execute(operations['billing.undoChange'], owner(), {})
  const shown = async () => {
    await lookNow()
    return (await execute(operations['billing.get'], owner(), {})).subscription
  }
  const kept = async () =>
    (await rowsOf('select let_go as "letGo" from billing_customers where org_id = $1'))[0]?.letGo
  const logged = () =>
    rowsOf(
      `select operation, actor_id is not null as "isPersons", before->'scheduled' as before, after->'scheduled' as after
       from audit_log where org_id = $1 and (target like 'schedule %' or operation = 'billing.converge')
         and coalesce(before, after) ? 'scheduled' order by at, id`,
    )
  const waits = async () =>
    (
      await rowsOf(
        'select coalesce(changing_until <= now(), false) as is from billing_customers where org_id = $1',
      )
    )[0]?.is
  const pays = async (card: string) => {
    const { customer, stripe } = at
    const { id } = await stripe.paymentMethods.attach(card, { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
  }

  /** Business by the month, and Team from the end of the month on. */
  async function subscribe() {
    const { stripe, customer } = at
    await pays('pm_card_visa')
    const items = await itemsOf(stripe, { ...businessMonth, seats: 5 })
    const { id } = await stripe.subscriptions.create({ customer, items })
    await lookNow()
    await change(teamMonth)
    expect((await shown())?.scheduled).toMatchObject(teamMonth)
    return id
  }
  const released = { operation: 'billing.cancel', isPersons: true, before: teamMonth, after: null }
  const backAgain = { operation: 'billing.converge', isPersons: false, before: null, after: teamMonth }

  afterEach(() => at.control.break([]))

  it('is put back by the next reading, where Stripe did not answer to what it was dropped for', async () => {
    await subscribe()
    await at.control.break([{ kind: 'error', route: update }])
    await expect(cancel()).rejects.toMatchObject({ kind: 'unavailable' })
    await at.control.break([])
    // The worker looks at it within a minute, though Stripe tells nothing.
    expect(await waits()).toBe(true)
    expect((await shown())?.scheduled).toMatchObject(teamMonth)
    expect(await logged()).toEqual([released, backAgain])
    expect(await kept()).toBeNull()
    expect(await waits()).toBe(false)
    await at.control.moveClock({ months: 1, seconds: 2 * 3_600 })
    expect(await shown()).toMatchObject({ ...teamMonth, scheduled: null })
  })

  it('is put back where more at once was not answered, and dropped once the same is sent again', async () => {
    await subscribe()
    const seen = await preview(businessYear)
    await at.control.break([{ kind: 'error', route: update }])
    await expect(ask(seen)).rejects.toMatchObject({ kind: 'unavailable' })
    await at.control.break([])
    expect((await shown())?.scheduled).toMatchObject(teamMonth)
    await ask(seen)
    expect(await shown()).toMatchObject({ ...businessYear, scheduled: null })
    expect(await kept()).toBeNull()
  })

  it('is not put back where that was done without an answer', async () => {
    await subscribe()
    const seen = await preview(businessYear)
    await at.control.break([{ kind: 'timeout', requests: 2, route: update }])
    await expect(ask(seen)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(await kept()).not.toBeNull()
    expect(await shown()).toMatchObject({ ...businessYear, scheduled: null })
    expect(await kept()).toBeNull()
  }, 60_000)

  it('is put back where the process dies between the two requests', async () => {
    await subscribe()
    await letGo(at.stripe, owner(), 'billing.cancel', await standingOf(at.stripe, owner()))
    expect((await at.stripe.subscriptions.list({ customer: at.customer })).data[0]?.schedule).toBeNull()
    expect((await shown())?.scheduled).toMatchObject(teamMonth)
    expect(await logged()).toEqual([released, backAgain])
  })

  it('keeps nothing else from being read where it cannot be put back', async () => {
    await subscribe()
    const { stripe, customer } = at
    await letGo(stripe, owner(), 'billing.cancel', await standingOf(stripe, owner()))
    const { id = '' } = await stripe.invoices.create({ customer, auto_advance: false })
    await stripe.invoices.finalizeInvoice(id)
    await at.control.break([{ kind: 'error', route: 'POST /v1/subscription_schedules' }])
    await expect(lookNow()).rejects.toThrow()
    expect(
      await rowsOf('select from invoices where org_id = $1 and id = $2', [at.tenant.id, id]),
    ).toHaveLength(1)
    expect(await kept()).not.toBeNull()
    await at.control.break([])
    expect((await shown())?.scheduled).toMatchObject(teamMonth)
  })

  it('is put back later where that fails as well, and the decline is told all the same', async () => {
    await subscribe()
    await pays('pm_card_chargeCustomerFail')
    const seen = await preview(businessYear)
    // It is let go before the card is asked, and Stripe falls silent in between.
    await at.control.break([{ kind: 'slow', requests: 1, route: update, milliseconds: 1_500 }])
    const asked = expect(ask(seen)).rejects.toMatchObject({ kind: 'declined' })
    await expect.poll(kept).not.toBeNull()
    await new Promise((resolve) => setTimeout(resolve, 500))
    await at.control.break([{ kind: 'error', route: 'POST /v1/subscription_schedules' }])
    await asked
    await expect(lookNow()).rejects.toThrow()
    expect(await kept()).not.toBeNull()
    await at.control.break([])
    expect((await shown())?.scheduled).toMatchObject(teamMonth)
    expect(await kept()).toBeNull()
  })

  it('is put back once a payment that the bank wanted confirmed was not', async () => {
    await subscribe()
    await pays('pm_card_authenticationRequired')
    expect((await change(businessYear)).confirmAt).not.toBeNull()
    expect((await shown())?.scheduled).toBeNull()
    expect(await waits()).toBe(false)
    await at.control.moveClock({ days: 1 })
    expect((await shown())?.scheduled).toMatchObject(teamMonth)
  })

  it('is put back where another change, after one that waits for the bank, is declined', async () => {
    await subscribe()
    await pays('pm_card_authenticationRequired')
    await change(businessYear)
    await at.control.moveClock({ seconds: 3_600 })
    await pays('pm_card_chargeCustomerFail')
    await expect(change(businessYear)).rejects.toMatchObject({ kind: 'declined' })
    expect((await shown())?.scheduled).toMatchObject(teamMonth)
  })

  it('has as many seats as there are members, when it is put back', async () => {
    await subscribe()
    await at.control.break([{ kind: 'error', route: update }])
    await expect(cancel()).rejects.toMatchObject({ kind: 'unavailable' })
    await at.control.break([])
    await rowsOf("delete from memberships where org_id = $1 and role = 'viewer'")
    const [{ members }] = await rowsOf('select count(*)::int as members from memberships where org_id = $1')
    await lookNow()
    await at.control.moveClock({ months: 1, seconds: 2 * 3_600 })
    expect(await shown()).toMatchObject({ ...teamMonth, seats: members })
  })

  describe('stays dropped', () => {
    async function dropped() {
      const id = await subscribe()
      await at.control.break([{ kind: 'error', route: update }])
      await expect(cancel()).rejects.toMatchObject({ kind: 'unavailable' })
      await at.control.break([])
      return id
    }

    it('by somebody who takes it back before it is put back', async () => {
      await dropped()
      await undo()
      expect((await shown())?.scheduled).toBeNull()
      expect(await kept()).toBeNull()
    })

    it('by a cancellation', async () => {
      await dropped()
      await cancel()
      expect(await kept()).toBeNull()
      expect(await shown()).toMatchObject({ scheduled: null, cancelAt: expect.any(String) })
    })

    it('by another that is scheduled', async () => {
      await dropped()
      const seen = await preview({ plan: 'team', interval: 'year' })
      await ask(seen)
      expect(await kept()).toBeNull()
      expect((await shown())?.scheduled).toMatchObject({ plan: 'team', interval: 'year' })
    })

    it('by a plan that was changed elsewhere', async () => {
      const id = await dropped()
      const { items } = await at.stripe.subscriptions.retrieve(id)
      const seats = items.data.find(({ quantity }) => quantity !== undefined)
      const { id: price } = await priceOf(at.stripe, 'team', 'month')
      await at.stripe.subscriptions.update(id, { items: [{ id: seats?.id as string, price }] })
      expect(await shown()).toMatchObject({ ...teamMonth, scheduled: null })
      expect(await kept()).toBeNull()
    })

    it('by an end of the subscription', async () => {
      const id = await dropped()
      await at.stripe.subscriptions.cancel(id)
      expect(await shown()).toBeNull()
      expect(await kept()).toBeNull()
    })

    it('while somebody else changes the subscription', async () => {
      await dropped()
      await rowsOf(
        "update billing_customers set changing_until = now() + interval '1 minute' where org_id = $1",
      )
      expect((await shown())?.scheduled).toBeNull()
      await rowsOf('update billing_customers set changing_until = null where org_id = $1')
      expect((await shown())?.scheduled).toMatchObject(teamMonth)
    })
  })
})
