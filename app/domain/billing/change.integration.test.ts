import type { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import type { RunningSandbox } from '@headroom/payments-sandbox/server.ts'
import type Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '../errors.ts'
import { execute } from '../execute.ts'
import { operations } from '../operations.ts'
import { closeRuntime } from '../runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '../testing/tenants.ts'
import { priceOf } from './catalogue.ts'
import { converge } from './converge.ts'
import { ensureCustomer } from './customer.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { plans } from './plans.ts'
import type { Preview } from './preview.ts'
import type { Terms } from './terms.ts'
import { startStripe } from './testing/stripe.ts'

// What Stripe says is written by workers alone.
process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL

const start = Date.parse('2026-03-01T10:00:00Z') / 1000
const teamMonth: Terms = { plan: 'team', interval: 'month' }
const businessMonth: Terms = { plan: 'business', interval: 'month' }
const teamYear: Terms = { plan: 'team', interval: 'year' }

describe('a change of plan', () => {
  let sandbox: RunningSandbox
  let control: SandboxControl
  let stripe: Stripe
  let tenant: Tenant
  let customer: string

  beforeAll(async () => {
    ;({ sandbox, control, stripe } = await startStripe({ seed: 'change', start, frozen: true }))
  })
  afterAll(async () => {
    await sandbox.close()
    await closeRuntime()
  })
  beforeEach(async () => {
    tenant = await createTenant()
    customer = await ensureCustomer(stripe, tenant.people.owner.actor)
    await stripe.customers.update(customer, { address: { country: 'DE' } })
  })

  const rowsOf = (text: string, values: unknown[] = [tenant.id]) =>
    asAdministrator(async (client) => (await client.query(text, values)).rows)
  const now = async () => (await control.state()).now
  const look = async () => converge(stripe, tenant.id, null, new Date((await now()) * 1000))
  const owner = () => tenant.people.owner.actor
  const preview = (to: Terms, actor = owner()) => execute(operations['billing.preview'], actor, to)
  const ask = ({ plan, interval, token }: Preview, actor = owner()) =>
    execute(operations['billing.change'], actor, { plan, interval, preview: token })
  const change = async (to: Terms) => ask(await preview(to))
  const cancel = () => execute(operations['billing.cancel'], owner(), {})
  const resume = () => execute(operations['billing.resume'], owner(), {})
  const undo = () => execute(operations['billing.undoChange'], owner(), {})
  const shown = async () => (await execute(operations['billing.get'], owner(), {})).subscription
  const invoices = async () => (await stripe.invoices.list({ customer })).data
  const subscription = async () => (await stripe.subscriptions.list({ customer, status: 'all' })).data[0]
  const lineOf = async () => {
    const [item] = (await subscription())?.items.data ?? []
    return { key: item?.price.lookup_key, seats: item?.quantity }
  }
  const pays = async (card: string) => {
    const { id } = await stripe.paymentMethods.attach(card, { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
  }
  const join = (count: number) =>
    rowsOf(
      `with people as (insert into users (email, name) select gen_random_uuid() || '@example.test', 'P'
         from generate_series(1, $2) returning id)
       insert into memberships (org_id, user_id, role) select $1, id, 'viewer' from people returning user_id`,
      [tenant.id, count],
    )

  /** A seat for each of the five people of a tenant. */
  async function subscribe(terms = teamMonth, more: Partial<Stripe.SubscriptionCreateParams> = {}) {
    await pays('pm_card_visa')
    const price = await priceOf(stripe, terms.plan, terms.interval)
    const made = await stripe.subscriptions.create({
      customer,
      items: [{ price: price.id, quantity: 5 }],
      automatic_tax: { enabled: true },
      ...more,
    })
    await look()
    return made
  }
  /** By seconds: the share of a period that is left, from what the item says. */
  async function left(): Promise<number> {
    const [item] = (await subscription())?.items.data ?? []
    const { current_period_start: from = 0, current_period_end: to = 0 } = item ?? {}
    return (to - (await now())) / (to - from)
  }
  /** The tax of Germany, by line. */
  const withTax = (...lines: number[]) => lines.reduce((sum, line) => sum + line + Math.round(line * 0.19), 0)
  const seat = ({ plan, interval }: Terms) => plans[plan].seat?.[interval] as number

  describe('to more', () => {
    it('costs today what is left of the period, charged as it was shown, to the cent', async () => {
      await subscribe()
      await control.moveClock({ days: 10, seconds: 4_321 })
      const share = await left()
      const seen = await preview(businessMonth)
      const back = -Math.round(5 * seat(teamMonth) * share)
      const ahead = Math.round(5 * seat(businessMonth) * share)
      expect(seen).toMatchObject({ takesEffect: 'now', at: null, isTrial: false, seats: 5, beyond: [] })
      expect(operations['billing.preview'].output.safeParse(seen).error).toBeUndefined()
      expect(seen.today.lines.map(({ amount }) => amount.amount)).toEqual([back, ahead])
      expect(seen.today.due).toEqual({ amount: withTax(back, ahead), currency: 'eur' })
      expect(seen.next.due.amount).toBe(withTax(5 * seat(businessMonth)))
      expect(seen.next.at).toBe((await shown())?.periodEnd)
      // Somebody reads it, and time goes by.
      await control.moveClock({ seconds: 240 })
      expect(await ask(seen)).toEqual({ takesEffect: 'now', at: null, confirmAt: null })
      const [latest] = await invoices()
      expect(latest).toMatchObject({ status: 'paid', amount_paid: seen.today.due.amount })
      expect(await lineOf()).toEqual({ key: 'business_month', seats: 5 })
      await look()
      expect(await shown()).toMatchObject({ plan: 'business', interval: 'month', scheduled: null })
      await control.moveClock({ months: 1 })
      expect((await invoices())[0]?.total).toBe(seen.next.total.amount)
    })

    it('writes nothing for a preview', async () => {
      await subscribe()
      const all = async () => [
        await subscription(),
        await invoices(),
        await rowsOf('select * from outbox where org_id = $1'),
      ]
      const before = await all()
      for (const to of [businessMonth, teamYear]) await preview(to)
      expect(await all()).toEqual(before)
    })

    it('from months to a year begins a year, less what is left of the month', async () => {
      await subscribe()
      await control.moveClock({ days: 7 })
      const share = await left()
      const seen = await preview(teamYear)
      const lines = [-Math.round(5 * seat(teamMonth) * share), 5 * seat(teamYear)]
      expect(seen.today.due.amount).toBe(withTax(...lines))
      expect(seen.next.due.amount).toBe(withTax(5 * seat(teamYear)))
      await ask(seen)
      expect((await invoices())[0]).toMatchObject({ status: 'paid', total: seen.today.total.amount })
      const [item] = (await subscription())?.items.data ?? []
      expect(seen.next.at).toBe(new Date((item?.current_period_end ?? 0) * 1000).toISOString())
    })

    it('from months to a year pays for the seats that somebody has, as it was shown', async () => {
      const people = await join(15)
      await subscribe()
      await rowsOf('delete from memberships where org_id = $1 and user_id = any($2)', [
        tenant.id,
        people.map(({ user_id }) => user_id),
      ])
      await look()
      expect(await lineOf()).toEqual({ key: 'team_month', seats: 20 })
      // Within the period they are paid for, and stay.
      expect((await preview(businessMonth)).seats).toBe(20)
      await control.moveClock({ days: 7 })
      const share = await left()
      const seen = await preview(teamYear)
      expect(seen.seats).toBe(5)
      // What the last of them were added with is on that invoice as well.
      const lines = seen.today.lines.map(({ amount }) => amount.amount)
      expect(lines).toContain(5 * seat(teamYear))
      expect(lines.filter((amount) => amount < 0)).toContain(-Math.round(20 * seat(teamMonth) * share))
      expect(seen.next.due.amount).toBe(withTax(5 * seat(teamYear)))
      await ask(seen)
      expect((await invoices())[0]).toMatchObject({ status: 'paid', total: seen.today.total.amount })
      expect(await lineOf()).toEqual({ key: 'team_year', seats: 5 })
      await look()
      expect(await lineOf()).toEqual({ key: 'team_year', seats: 5 })
    })

    it('leaves all as it was where the card is declined, and succeeds with another', async () => {
      const { id } = await subscribe()
      await pays('pm_card_chargeCustomerFail')
      const before = await stripe.subscriptions.retrieve(id)
      const bills = (await invoices()).length
      const seen = await preview(businessMonth)
      await expect(ask(seen)).rejects.toMatchObject({
        kind: 'declined',
        message: expect.stringMatching(
          /^Your card was declined\. Nothing was charged, and your plan is as it was\./,
        ),
      })
      expect(await stripe.subscriptions.retrieve(id)).toEqual(before)
      expect(await invoices()).toHaveLength(bills)
      await look()
      expect(await shown()).toMatchObject({ plan: 'team', status: 'active' })
      await pays('pm_card_visa')
      await change(businessMonth)
      expect(await lineOf()).toMatchObject({ key: 'business_month' })
    })

    it('says that there is no card, where there is none', async () => {
      await subscribe()
      const [card] = (await stripe.customers.listPaymentMethods(customer)).data
      await stripe.paymentMethods.detach(card?.id ?? '')
      await expect(change(businessMonth)).rejects.toMatchObject({
        kind: 'declined',
        message: expect.stringMatching(/^There is no card to charge/),
      })
      expect(await lineOf()).toMatchObject({ key: 'team_month' })
    })

    describe('by a card whose bank wants its holder to confirm', () => {
      const confirmed = async (url: string | null) => {
        expect(url).toContain(sandbox.origin)
        const [open] = (await stripe.invoices.list({ customer, status: 'open', expand: ['data.payments'] }))
          .data
        const intent = open?.payments?.data[0]?.payment.payment_intent as string
        await control.authenticate(intent, true)
      }

      it('waits for that, owes nothing meanwhile, and takes effect with it', async () => {
        await subscribe()
        await pays('pm_card_authenticationRequired')
        await control.moveClock({ days: 4 })
        const seen = await preview(businessMonth)
        const { confirmAt } = await ask(seen)
        await look()
        expect(await lineOf()).toEqual({ key: 'team_month', seats: 5 })
        expect(await shown()).toMatchObject({ plan: 'team', status: 'active' })
        expect(await rowsOf('select plan, read_only_at from organisations where id = $1')).toEqual([
          { plan: 'team', read_only_at: null },
        ])
        await confirmed(confirmAt)
        await look()
        expect(await lineOf()).toEqual({ key: 'business_month', seats: 5 })
        expect(await shown()).toMatchObject({ plan: 'business' })
        expect((await invoices())[0]).toMatchObject({ status: 'paid', total: seen.today.total.amount })
        await control.moveClock({ months: 1 })
        expect((await invoices())[0]).toMatchObject({ total: seen.next.total.amount })
      })

      it('leaves seats alone until then: who joins meanwhile pays once, at the price of then', async () => {
        await subscribe()
        await pays('pm_card_authenticationRequired')
        await control.moveClock({ days: 4 })
        const { confirmAt } = await change(businessMonth)
        await join(2)
        await look()
        expect(await subscription()).toMatchObject({ pending_update: expect.anything() })
        expect(await lineOf()).toEqual({ key: 'team_month', seats: 5 })
        await confirmed(confirmAt)
        await look()
        expect(await lineOf()).toEqual({ key: 'business_month', seats: 7 })
        const share = await left()
        const [five, seven] = [5, 7].map((count) => Math.round(count * seat(businessMonth) * share))
        const pending = (await stripe.invoiceItems.list({ customer, pending: true })).data
        expect(pending.reduce((sum, { amount }) => sum + amount, 0)).toBe((seven ?? 0) - (five ?? 0))
      })

      it('leaves seats alone where it begins in the middle of a reading', async () => {
        await subscribe()
        await pays('pm_card_authenticationRequired')
        const seen = await preview(businessMonth)
        await join(1)
        async function* list(asked: Stripe.ChargeListParams) {
          await ask(seen)
          yield* stripe.charges.list(asked)
        }
        const racing = new Proxy(stripe, {
          get: (client, name: keyof Stripe) => (name === 'charges' ? { list } : client[name]),
        })
        await converge(racing, tenant.id, null, new Date((await now()) * 1000))
        expect(await subscription()).toMatchObject({ pending_update: expect.anything() })
        expect(await lineOf()).toEqual({ key: 'team_month', seats: 5 })
      })

      it('has seats for all once it is dropped', async () => {
        await subscribe()
        await pays('pm_card_authenticationRequired')
        await change(businessMonth)
        await join(2)
        await look()
        expect(await lineOf()).toEqual({ key: 'team_month', seats: 5 })
        await control.moveClock({ days: 1 })
        await look()
        expect(await lineOf()).toEqual({ key: 'team_month', seats: 7 })
      })

      it('is dropped after a day, and makes way for another change before', async () => {
        await subscribe()
        await pays('pm_card_authenticationRequired')
        await change(businessMonth)
        const { confirmAt } = await change(teamYear)
        expect(confirmAt).not.toBeNull()
        expect((await stripe.invoices.list({ customer, status: 'open' })).data).toHaveLength(1)
        await control.moveClock({ days: 1 })
        await look()
        expect((await stripe.invoices.list({ customer, status: 'open' })).data).toEqual([])
        expect(await subscription()).toMatchObject({ status: 'active', pending_update: null })
        expect(await lineOf()).toMatchObject({ key: 'team_month' })
        await pays('pm_card_visa')
        await change(businessMonth)
      })
    })

    it('costs nothing in a trial, which goes on', async () => {
      const { trial_end } = await subscribe(teamMonth, { trial_period_days: 14 })
      await control.moveClock({ days: 3 })
      for (const to of [{ plan: 'business', interval: 'year' }, teamMonth, teamYear] as Terms[]) {
        const seen = await preview(to)
        expect(seen).toMatchObject({ takesEffect: 'now', isTrial: true })
        expect(seen.today.due.amount).toBe(0)
        expect(seen.next.due.amount).toBe(withTax(5 * seat(to)))
        expect(seen.next.at).toBe(new Date((trial_end as number) * 1000).toISOString())
        await ask(seen)
        expect(await subscription()).toMatchObject({ status: 'trialing', trial_end })
      }
      expect(await lineOf()).toMatchObject({ key: 'team_year' })
      await control.moveClock({ days: 12 })
      expect((await invoices())[0]).toMatchObject({ status: 'paid', total: withTax(5 * seat(teamYear)) })
    })
  })

  describe('to less', () => {
    it('waits for the end of the period, and costs nothing until then', async () => {
      await subscribe(businessMonth)
      const end = (await shown())?.periodEnd
      const seen = await preview(teamMonth)
      expect(seen).toMatchObject({ takesEffect: 'periodEnd', at: end })
      expect(seen.today).toMatchObject({ lines: [], due: { amount: 0 } })
      expect(seen.next).toMatchObject({ at: end, due: { amount: withTax(5 * seat(teamMonth)) } })
      expect(await ask(seen)).toEqual({ takesEffect: 'periodEnd', at: end, confirmAt: null })
      await look()
      expect(await shown()).toMatchObject({ plan: 'business', scheduled: { ...teamMonth, at: end } })
      await control.moveClock({ months: 1, seconds: 2 * 3_600 })
      await look()
      expect(await shown()).toMatchObject({ plan: 'team', scheduled: null })
      expect((await invoices())[0]).toMatchObject({ status: 'paid', total: seen.next.total.amount })
      // The schedule has let go, and the next renewal is as any other.
      await control.moveClock({ days: 2 })
      expect((await subscription())?.schedule).toBeNull()
      await control.moveClock({ months: 1 })
      expect((await invoices())[0]?.total).toBe(withTax(5 * seat(teamMonth)))
    })

    it('from a year to months begins a month as the year ends', async () => {
      await subscribe(teamYear)
      const end = (await shown())?.periodEnd as string
      await change(teamMonth)
      await control.moveClock({ months: 12, seconds: 2 * 3_600 })
      await look()
      const after = await shown()
      expect(after).toMatchObject({ plan: 'team', interval: 'month', status: 'active', scheduled: null })
      expect(Date.parse(after?.periodEnd ?? '') - Date.parse(end)).toBe(31 * 86_400_000)
      expect((await invoices())[0]).toMatchObject({ status: 'paid', total: withTax(5 * seat(teamMonth)) })
    })

    it('can be taken back, and chosen otherwise', async () => {
      await subscribe({ plan: 'business', interval: 'year' })
      await change(teamMonth)
      await change(businessMonth)
      await look()
      expect((await shown())?.scheduled).toMatchObject(businessMonth)
      await undo()
      await undo()
      await look()
      expect(await shown()).toMatchObject({ plan: 'business', interval: 'year', scheduled: null })
    })

    it('is dropped for more at once, and put back where that cannot be paid', async () => {
      await subscribe(businessMonth)
      await change(teamMonth)
      await pays('pm_card_chargeCustomerFail')
      await expect(change({ plan: 'business', interval: 'year' })).rejects.toMatchObject({ kind: 'declined' })
      await look()
      expect((await shown())?.scheduled).toMatchObject(teamMonth)
      await pays('pm_card_visa')
      await change({ plan: 'business', interval: 'year' })
      await look()
      expect(await shown()).toMatchObject({ plan: 'business', interval: 'year', scheduled: null })
    })

    it('says before what the organisation has more of than the plan allows, and does it all the same', async () => {
      await join(260)
      await subscribe(businessMonth)
      const seen = await preview(teamMonth)
      expect(seen.beyond).toEqual([{ of: 'members', used: 265, limit: 250 }])
      expect(seen.seats).toBe(265)
      await ask(seen)
    })

    it('is known as taken back where somebody released the schedule at Stripe', async () => {
      await subscribe(businessMonth)
      await change(teamMonth)
      await look()
      expect((await shown())?.scheduled).toMatchObject(teamMonth)
      await stripe.subscriptionSchedules.release((await subscription())?.schedule as string)
      await look()
      expect((await shown())?.scheduled).toBeNull()
    })

    it('is none any more where the subscription has ended before', async () => {
      const { id } = await subscribe(businessMonth)
      await change(teamMonth)
      await stripe.subscriptions.cancel(id)
      await look()
      expect(await rowsOf('select status, scheduled_plan from subscriptions where org_id = $1')).toEqual([
        { status: 'canceled', scheduled_plan: null },
      ])
    })
  })

  describe('while seats follow the members', () => {
    it('seats that are added are paid for now, and there in the next period as well', async () => {
      await subscribe(businessMonth)
      await change(teamMonth)
      await control.moveClock({ days: 10 })
      const share = await left()
      await join(2)
      await look()
      expect(await lineOf()).toEqual({ key: 'business_month', seats: 7 })
      const pending = (await stripe.invoiceItems.list({ customer, pending: true })).data
      const [five, seven] = [5, 7].map((count) => Math.round(count * seat(businessMonth) * share)) as [
        number,
        number,
      ]
      expect(pending.reduce((sum, { amount }) => sum + amount, 0)).toBe(seven - five)
      await control.moveClock({ months: 1 })
      await look()
      expect(await lineOf()).toEqual({ key: 'team_month', seats: 7 })
      expect((await invoices())[0]).toMatchObject({
        status: 'paid',
        total: withTax(-five, seven, 7 * seat(teamMonth)),
      })
    })

    it('seats that are left stay until the period ends, and are no more after it', async () => {
      const people = await join(4)
      await subscribe(businessMonth)
      expect(await lineOf()).toMatchObject({ seats: 9 })
      await change(teamMonth)
      await rowsOf('delete from memberships where org_id = $1 and user_id = any($2)', [
        tenant.id,
        people.map(({ user_id }) => user_id),
      ])
      await look()
      expect(await lineOf()).toEqual({ key: 'business_month', seats: 9 })
      await control.moveClock({ months: 1, seconds: 2 * 3_600 })
      expect(await lineOf()).toEqual({ key: 'team_month', seats: 5 })
    })

    it('a seat that is changed beside the schedule is lost with the next phase, as at Stripe', async () => {
      const { id, items } = await subscribe(businessMonth)
      await change(teamMonth)
      await stripe.subscriptions.update(id, { items: [{ id: items.data[0]?.id ?? '', quantity: 8 }] })
      expect(await lineOf()).toEqual({ key: 'business_month', seats: 8 })
      await control.moveClock({ months: 1, seconds: 60 })
      expect(await lineOf()).toEqual({ key: 'team_month', seats: 5 })
    })
  })

  describe('brings what is metered along', () => {
    const keys = async () =>
      (await subscription())?.items.data.map(({ price }) => price.lookup_key as string).sort()
    const both = ({ plan, interval }: Terms) => [`${plan}_${interval}`, `${plan}_${interval}_requests`]

    it('at once', async () => {
      await subscribe()
      await change(businessMonth)
      expect(await keys()).toEqual(both(businessMonth))
      await change({ plan: 'business', interval: 'year' })
      expect(await keys()).toEqual(both({ plan: 'business', interval: 'year' }))
    })

    it('with the period, whoever joins meanwhile', async () => {
      await subscribe(businessMonth)
      await change(teamMonth)
      await join(1)
      await look()
      expect(await keys()).toEqual(both(businessMonth))
      await control.moveClock({ months: 1, seconds: 2 * 3_600 })
      expect(await keys()).toEqual(both(teamMonth))
      expect(await lineOf()).toEqual({ key: 'team_month', seats: 6 })
      // A reading finds nothing to change.
      const before = await subscription()
      await look()
      expect(await subscription()).toEqual(before)
    })
  })

  describe('keeps what Checkout gave', () => {
    const half = () => stripe.coupons.create({ percent_off: 50, duration: 'forever' })

    it('the discount, tax and tax id, where it takes effect at once', async () => {
      await stripe.customers.createTaxId(customer, { type: 'eu_vat', value: 'FR12345678901' })
      await stripe.customers.update(customer, { address: { country: 'FR' } })
      const { id } = await half()
      await subscribe(teamMonth, { discounts: [{ coupon: id }] })
      await control.moveClock({ days: 5 })
      const before = await subscription()
      const seen = await preview(businessMonth)
      expect(seen.today.tax.amount).toBe(0)
      expect(seen.next.total.amount).toBe((5 * seat(businessMonth)) / 2)
      await ask(seen)
      const after = await subscription()
      expect(after?.discounts).toEqual(before?.discounts)
      expect(after?.automatic_tax.enabled).toBe(true)
      expect((await invoices())[0]).toMatchObject({
        total: seen.today.total.amount,
        customer_tax_ids: [{ type: 'eu_vat', value: 'FR12345678901' }],
      })
    })

    it('the discount and tax, where it takes effect at the end', async () => {
      const { id } = await half()
      await subscribe(businessMonth, { discounts: [{ coupon: id }] })
      const before = await subscription()
      const seen = await preview(teamMonth)
      await ask(seen)
      await join(1)
      await look()
      await control.moveClock({ months: 1, seconds: 2 * 3_600 })
      const after = await subscription()
      expect(after?.discounts).toEqual(before?.discounts)
      expect(after?.automatic_tax.enabled).toBe(true)
      const { lines } = (await invoices())[0] as Stripe.Invoice
      expect(lines.data.filter(({ amount }) => amount > 0).at(-1)).toMatchObject({
        amount: 6 * seat(teamMonth),
        discount_amounts: [{ amount: 3 * seat(teamMonth) }],
      })
    })

    it('a phase that does not name the discount takes it away, as at Stripe', async () => {
      const { id } = await half()
      const { id: subscribed } = await subscribe(businessMonth, { discounts: [{ coupon: id }] })
      const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscribed })
      const [phase] = schedule.phases
      const price = await priceOf(stripe, 'team', 'month')
      await stripe.subscriptionSchedules.update(schedule.id, {
        phases: [
          {
            items: [{ price: phase?.items[0]?.price as string, quantity: 5 }],
            start_date: phase?.start_date ?? 0,
            end_date: phase?.end_date ?? 0,
          },
          { items: [{ price: price.id, quantity: 5 }], duration: { interval: 'month' } },
        ],
      })
      expect((await subscription())?.discounts).toEqual([])
    })
  })

  describe('is refused', () => {
    it('where what it costs is not what was seen any more', async () => {
      await subscribe()
      const seen = await preview(businessMonth)
      await join(1)
      await look()
      await expect(ask(seen)).rejects.toMatchObject({
        kind: 'conflict',
        message: 'What the change costs is not what you saw: look at it again.',
      })
      expect(await lineOf()).toMatchObject({ key: 'team_month' })
      await change(businessMonth)
    })

    it('by a preview of another plan, of another organisation, or of one’s own making', async () => {
      await subscribe()
      const seen = await preview(businessMonth)
      const wrong = { kind: 'invalid', message: expect.stringMatching(/^preview: is of no such change/) }
      await expect(ask({ ...seen, ...teamYear })).rejects.toMatchObject(wrong)
      const [body, signature] = seen.token.split('.') as [string, string]
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
      const later = { ...claims, at: claims.at + 20 * 86_400 }
      const token = `${Buffer.from(JSON.stringify(later)).toString('base64url')}.${signature}`
      await expect(ask({ ...seen, token })).rejects.toMatchObject(wrong)
      const { people } = await createTenant()
      await expect(ask(seen, people.owner.actor)).rejects.toMatchObject(wrong)
      await expect(ask({ ...seen, token: 'x' })).rejects.toMatchObject(wrong)
      // By more than its two parts one change would have many keys at Stripe.
      for (const more of ['.', '.x', `.${'x'.repeat(300)}`, '.é'])
        await expect(ask({ ...seen, token: seen.token + more })).rejects.toMatchObject(wrong)
    })

    it('where an invoice is not paid, or the subscription is cancelled, with what to do first', async () => {
      await subscribe()
      const seen = await preview(businessMonth)
      const owing = { ...owner(), readOnlyAt: Date.now() + 86_400_000 }
      const first = { kind: 'conflict', message: expect.stringContaining('pay it first') }
      await expect(preview(businessMonth, owing)).rejects.toMatchObject(first)
      await expect(ask(seen, owing)).rejects.toMatchObject(first)
      await cancel()
      const resumeFirst = { kind: 'conflict', message: expect.stringContaining('resume it first') }
      await expect(preview(businessMonth)).rejects.toMatchObject(resumeFirst)
      await expect(ask(seen)).rejects.toMatchObject(resumeFirst)
    })

    it('where there is nothing to change, or no subscription', async () => {
      const none = { kind: 'conflict', message: expect.stringContaining('no subscription') }
      await expect(preview(businessMonth)).rejects.toMatchObject(none)
      await expect(cancel()).rejects.toMatchObject(none)
      await subscribe()
      await expect(preview(teamMonth)).rejects.toMatchObject({ kind: 'conflict' })
    })

    it('as perhaps made, where Stripe gave no answer to the change itself; sent again it is made once', async () => {
      await subscribe()
      const seen = await preview(businessMonth)
      const bills = (await invoices()).length
      const route = 'POST /v1/subscriptions/{subscription_exposed_id}'
      await control.break([{ kind: 'timeout', requests: 2, route }])
      await expect(ask(seen)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringMatching(/^Stripe did not say whether/),
      })
      await ask(seen)
      expect(await invoices()).toHaveLength(bills + 1)
    }, 60_000)

    it('in one sentence, while Stripe is away', async () => {
      await subscribe()
      const seen = await preview(businessMonth)
      await control.break([{ kind: 'error' }])
      const away = { kind: 'unavailable', message: expect.stringMatching(/^Payments are not available/) }
      for (const asked of [() => ask(seen), () => preview(businessMonth), cancel, resume, undo])
        await expect(asked()).rejects.toMatchObject(away)
      await control.break([])
      // Nobody's turn is left over.
      await ask(seen)
    })
  })

  describe('of several at the same time', () => {
    it('happens once, by the same preview', async () => {
      await subscribe()
      await control.moveClock({ days: 3 })
      const seen = await preview(businessMonth)
      const bills = (await invoices()).length
      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => ask(seen)))
      expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true)
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ kind: 'conflict' })
      expect(await invoices()).toHaveLength(bills + 1)
      expect(await ask(seen)).toMatchObject({ takesEffect: 'now', at: null })
      expect(await invoices()).toHaveLength(bills + 1)
    })

    it('is that of the first, and the others hear of it', async () => {
      await subscribe()
      await control.moveClock({ days: 3 })
      const [larger, longer] = [await preview(businessMonth), await preview(teamYear)]
      const bills = (await invoices()).length
      // Both have their answer before either is made.
      const route = 'POST /v1/invoices/create_preview'
      await control.break([{ kind: 'slow', requests: 4, route, milliseconds: 1_500 }])
      const outcomes = await Promise.allSettled([ask(larger), ask(longer, tenant.people.admin.actor)])
      await control.break([])
      const refused = outcomes.filter((each) => each.status === 'rejected')
      expect(refused).toHaveLength(1)
      expect(refused[0]?.reason).toMatchObject({ kind: 'conflict' })
      expect(await invoices()).toHaveLength(bills + 1)
    })

    it('leaves seats alone until it is done', async () => {
      await subscribe()
      await rowsOf(
        "update billing_customers set changing_until = now() + interval '1 minute' where org_id = $1",
      )
      await join(1)
      await look()
      expect(await lineOf()).toMatchObject({ seats: 5 })
      await expect(change(businessMonth)).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining('Somebody is changing'),
      })
      await rowsOf(
        "update billing_customers set changing_until = now() - interval '1 second' where org_id = $1",
      )
      await look()
      expect(await lineOf()).toMatchObject({ seats: 6 })
      await change(businessMonth)
    })

    it('has seats changed a minute later, where a change that they waited for is refused', async () => {
      const isDue = async () => {
        const [row] = await rowsOf(
          'select coalesce(look_at <= now(), false) as due from billing_customers where org_id = $1',
        )
        return row?.due
      }
      await subscribe()
      const refused = oneAtATime(owner(), async () => {
        await join(1)
        await look()
        throw new Problem('declined', 'Your card was declined.')
      })
      await expect(refused).rejects.toMatchObject({ kind: 'declined' })
      expect(await lineOf()).toMatchObject({ seats: 5 })
      expect(await isDue()).toBe(true)
      await look()
      expect(await lineOf()).toMatchObject({ seats: 6 })
      expect(await isDue()).toBe(false)
    })
  })

  describe('to nothing', () => {
    it('ends with the period, and can be taken back until then', async () => {
      await subscribe()
      const end = (await shown())?.periodEnd
      expect(await cancel()).toEqual({ at: end })
      expect(await cancel()).toEqual({ at: end })
      await look()
      expect(await shown()).toMatchObject({ cancelAt: end, plan: 'team' })
      await resume()
      await resume()
      await look()
      expect(await shown()).toMatchObject({ cancelAt: null })
      await cancel()
      await control.moveClock({ months: 1, seconds: 60 })
      await look()
      expect(await shown()).toBeNull()
      expect(await rowsOf('select plan from organisations where id = $1')).toEqual([{ plan: 'free' }])
      await expect(resume()).rejects.toMatchObject({ kind: 'conflict' })
    })

    it('drops what was scheduled, which Stripe would not let it do beside the schedule', async () => {
      const { id } = await subscribe(businessMonth)
      await change(teamMonth)
      await expect(stripe.subscriptions.update(id, { cancel_at_period_end: true })).rejects.toThrow(
        /managed by the subscription schedule/,
      )
      const { at } = await cancel()
      await look()
      expect(await shown()).toMatchObject({ cancelAt: at, scheduled: null })
    })
  })

  it('leaves in the audit log who did it, and has our tables follow', async () => {
    await subscribe(businessMonth)
    await rowsOf('delete from outbox where org_id = $1')
    await change(teamMonth)
    await undo()
    await cancel()
    await resume()
    const log = await rowsOf(
      "select operation, actor_id from audit_log where org_id = $1 and operation like 'billing.%' and operation <> 'billing.converge' order by at, operation",
    )
    const all = ['billing.cancel', 'billing.change', 'billing.resume', 'billing.undoChange']
    expect(log.map(({ operation }) => operation).sort()).toEqual(all)
    expect(new Set(log.map(({ actor_id }) => actor_id))).toEqual(new Set([owner().userId]))
    expect(await rowsOf("select from outbox where org_id = $1 and topic = 'billing.sync'")).toHaveLength(4)
  })
})
