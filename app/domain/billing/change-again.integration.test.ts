import type Stripe from 'stripe'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Effects } from '../effects.ts'
import { execute } from '../execute.ts'
import { operations } from '../operations.ts'
import { closeRuntime } from '../runtime.ts'
import { itemsOf } from './metered-items.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { Preview } from './preview.ts'
import type { Terms } from './terms.ts'
import { billed } from './testing/billed.ts'

const teamMonth: Terms = { plan: 'team', interval: 'month' }
const teamYear: Terms = { plan: 'team', interval: 'year' }
const businessMonth: Terms = { plan: 'business', interval: 'month' }
const businessYear: Terms = { plan: 'business', interval: 'year' }

describe('a change of plan after another', () => {
  const { at, rowsOf, lookNow } = billed('change-again')
  const owner = () => at.tenant.people.owner.actor
  const preview = (to: Terms) => execute(operations['billing.preview'], owner(), to)
  const ask = ({ plan, interval, token }: Preview) =>
    execute(operations['billing.change'], owner(), { plan, interval, preview: token })
  const change = async (to: Terms) => ask(await preview(to))
  const undo = () => execute(operations['billing.undoChange'], owner(), {})
  const shown = async () => {
    await lookNow()
    return (await execute(operations['billing.get'], owner(), {})).subscription
  }
  const invoices = async () => (await at.stripe.invoices.list({ customer: at.customer })).data
  const subscription = async () => {
    const { data } = await at.stripe.subscriptions.list({ customer: at.customer })
    return data[0]
  }
  const pays = async (card: string) => {
    const { customer, stripe } = at
    const { id } = await stripe.paymentMethods.attach(card, { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
  }
  const pass = (time: { months?: number; days?: number; seconds?: number }) => at.control.moveClock(time)

  async function subscribe(terms: Terms, more: Partial<Stripe.SubscriptionCreateParams> = {}) {
    const { stripe, customer } = at
    await pays('pm_card_visa')
    const items = await itemsOf(stripe, { ...terms, seats: 5 })
    await stripe.subscriptions.create({ customer, items, ...more })
    await lookNow()
  }

  afterEach(() => vi.restoreAllMocks())

  describe('hours after the renewal that made the one before', () => {
    it('waits for the end of the year that has begun, and that was paid', async () => {
      await subscribe(businessYear)
      await change(teamYear)
      await pass({ months: 12, seconds: 2 * 3_600 })
      expect(await shown()).toMatchObject({ ...teamYear, scheduled: null })
      const end = (await shown())?.periodEnd
      expect(await change(teamMonth)).toMatchObject({ takesEffect: 'periodEnd', at: end })
      expect((await shown())?.scheduled).toMatchObject({ ...teamMonth, at: end })
      await pass({ days: 3 })
      expect(await shown()).toMatchObject({ ...teamYear, scheduled: { ...teamMonth, at: end } })
      await pass({ months: 12 })
      expect(await shown()).toMatchObject({ ...teamMonth, scheduled: null })
    })

    it('waits for the end of the month', async () => {
      await subscribe(businessYear)
      await change(businessMonth)
      await pass({ months: 12, seconds: 2 * 3_600 })
      const end = (await shown())?.periodEnd
      await change(teamMonth)
      await pass({ days: 3 })
      expect(await shown()).toMatchObject({ ...businessMonth, scheduled: { ...teamMonth, at: end } })
      await pass({ months: 1 })
      expect(await shown()).toMatchObject({ ...teamMonth, scheduled: null })
      expect((await subscription())?.schedule).toBeNull()
    })
  })

  describe('by a preview that was there already', () => {
    it('is scheduled again after it was taken back, and after another one', async () => {
      await subscribe(businessYear)
      const [first, second] = [await preview(teamMonth), await preview(businessMonth)]
      await ask(first)
      await undo()
      await ask(first)
      expect((await shown())?.scheduled).toMatchObject(teamMonth)
      for (const seen of [second, first, second]) {
        expect(await ask(seen)).toMatchObject({ takesEffect: 'periodEnd' })
        expect((await shown())?.scheduled).toMatchObject({ plan: seen.plan, interval: seen.interval })
      }
      await undo()
      await ask(first)
      expect((await shown())?.scheduled).toMatchObject(teamMonth)
    })

    it('puts back what was scheduled as often as it is declined', async () => {
      await subscribe(businessMonth)
      await change(teamMonth)
      await pays('pm_card_chargeCustomerFail')
      const seen = await preview(businessYear)
      for (let tries = 0; tries < 3; tries++) {
        await expect(ask(seen)).rejects.toMatchObject({ kind: 'declined' })
        expect((await shown())?.scheduled).toMatchObject(teamMonth)
      }
    })

    it('is made with another card, where the first was declined', async () => {
      await subscribe(teamMonth)
      await pays('pm_card_chargeCustomerFail')
      const seen = await preview(businessMonth)
      await expect(ask(seen)).rejects.toMatchObject({ kind: 'declined' })
      await pays('pm_card_visa')
      expect(await ask(seen)).toEqual({ takesEffect: 'now', at: null, confirmAt: null })
      expect(await shown()).toMatchObject(businessMonth)
      expect((await invoices())[0]).toMatchObject({ status: 'paid', total: seen.today.total.amount })
    })

    it('is made again in a trial, where another one came between', async () => {
      await subscribe(teamMonth, { trial_period_days: 14 })
      const seen = await preview(businessMonth)
      await ask(seen)
      await change(teamMonth)
      await ask(seen)
      expect(await shown()).toMatchObject(businessMonth)
    })

    it('leads to the same page, while the bank waits for its holder', async () => {
      await subscribe(teamMonth)
      await pays('pm_card_authenticationRequired')
      const seen = await preview(businessMonth)
      const first = await ask(seen)
      expect(first.confirmAt).not.toBeNull()
      await pass({ seconds: 60 })
      expect(await ask(seen)).toEqual(first)
      const open = (await invoices()).filter(({ status }) => status === 'open')
      expect(open.map((invoice) => invoice.hosted_invoice_url)).toEqual([first.confirmAt])
      expect((await subscription())?.pending_update).not.toBeNull()
    })

    it('leads to a page of its own again, where another one came between', async () => {
      await subscribe(teamMonth)
      await pays('pm_card_authenticationRequired')
      const seen = await preview(businessMonth)
      const first = await ask(seen)
      await change(teamYear)
      const again = await ask(seen)
      expect(again.confirmAt).not.toBe(first.confirmAt)
      const open = (await invoices()).filter(({ status }) => status === 'open')
      expect(open.map((invoice) => invoice.hosted_invoice_url)).toEqual([again.confirmAt])
      expect((await subscription())?.pending_update?.subscription_items?.[0]?.price.lookup_key).toBe(
        'business_month',
      )
    })

    it('is refused as too old where the period is another one by now', async () => {
      await subscribe(teamMonth)
      const end = Date.parse((await shown())?.periodEnd ?? '') / 1_000
      await pass({ seconds: end - 100 - (await at.control.state()).now })
      const seen = await preview(businessMonth)
      await pass({ seconds: 300 })
      await expect(ask(seen)).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringMatching(/look at it again/),
      })
      await change(businessMonth)
      expect(await shown()).toMatchObject(businessMonth)
    })
  })

  it('is refused where the one that waited for the bank, once dropped, gives a credit back', async () => {
    await subscribe(teamMonth)
    await pays('pm_card_authenticationRequired')
    await at.stripe.customers.createBalanceTransaction(at.customer, { amount: -1_000, currency: 'eur' })
    await change(businessMonth)
    const seen = await preview(teamYear)
    await pays('pm_card_visa')
    const before = await invoices()
    await expect(ask(seen)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/look at it again/),
    })
    expect(await subscription()).toMatchObject({ pending_update: null })
    expect((await invoices()).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
    const again = await preview(teamYear)
    expect(again.today.due.amount).toBe(seen.today.due.amount - 1_000)
    await ask(again)
    expect((await invoices())[0]).toMatchObject({ status: 'paid', amount_paid: again.today.due.amount })
  })

  it('is refused where the one that waited for the bank is confirmed at that moment', async () => {
    await subscribe(teamMonth)
    await pays('pm_card_authenticationRequired')
    await change(businessMonth)
    const seen = await preview(teamYear)
    const open = await at.stripe.invoices.list({
      customer: at.customer,
      status: 'open',
      expand: ['data.payments'],
    })
    const intent = open.data[0]?.payments?.data[0]?.payment.payment_intent as string
    // All is looked at and agrees, and the invoice is paid before it can be void.
    const route = 'POST /v1/invoices/{invoice}/void'
    await at.control.break([{ kind: 'slow', requests: 1, route, milliseconds: 3_000 }])
    const asked = ask(seen)
    await Promise.all([
      expect(asked).rejects.toMatchObject({ kind: 'conflict', message: expect.stringMatching(/look at/) }),
      new Promise((resolve) => setTimeout(resolve, 1_000)).then(() => at.control.authenticate(intent, true)),
    ])
    await at.control.break([])
    expect(await shown()).toMatchObject(businessMonth)
  })

  describe('is answered as made, where our own database is lost once Stripe has charged', () => {
    it('and cannot note it', async () => {
      await subscribe(teamMonth)
      await pass({ days: 3 })
      const seen = await preview(businessMonth)
      vi.spyOn(Effects.prototype, 'write').mockRejectedValueOnce(new Error('the connection is lost'))
      expect(await ask(seen)).toEqual({ takesEffect: 'now', at: null, confirmAt: null })
      expect((await invoices())[0]).toMatchObject({ status: 'paid', total: seen.today.total.amount })
      expect(
        await rowsOf("select from audit_log where org_id = $1 and operation = 'billing.change'"),
      ).toEqual([])
    })

    it('and cannot end the turn, which ends by itself', async () => {
      const { APP_DATABASE_URL: url } = process.env
      const lost = async () => {
        await closeRuntime()
        process.env.APP_DATABASE_URL = 'postgres://nobody@127.0.0.1:1/nothing'
        return 'made'
      }
      try {
        expect(await oneAtATime(owner(), lost)).toBe('made')
      } finally {
        await closeRuntime()
        process.env.APP_DATABASE_URL = url
      }
      expect(
        await rowsOf('select changing_until > now() as is from billing_customers where org_id = $1'),
      ).toEqual([{ is: true }])
    })
  })
})
