import { setTimeout } from 'node:timers/promises'
import { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import { type RunningSandbox, startSandbox } from '@headroom/payments-sandbox/server.ts'
import Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { execute, perform } from '../execute.ts'
import type { AnyOperation } from '../operation.ts'
import { operations } from '../operations.ts'
import { closeRuntime, runtime } from '../runtime.ts'
import { createSession, resolveActor } from '../sessions/sessions.ts'
import { newToken, tokenHash } from '../sessions/token.ts'
import { asAdministrator, createTenant, type Tenant } from '../testing/tenants.ts'
import { ensureCatalogue, priceOf } from './catalogue.ts'
import { converge } from './converge.ts'
import { ensureCustomer } from './customer.ts'
import { graceDays } from './grace.ts'

// What Stripe says is written by workers alone.
process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL

const start = Date.parse('2026-03-01T10:00:00Z') / 1000
const day = 86_400

describe('what we hold of billing', () => {
  let sandbox: RunningSandbox
  let control: SandboxControl
  let stripe: Stripe
  let tenant: Tenant
  let customer: string

  beforeAll(async () => {
    sandbox = await startSandbox({ seed: 'converge', start, frozen: true })
    control = new SandboxControl(sandbox)
    const { host, port, secretKey } = sandbox
    Object.assign(process.env, { STRIPE_SECRET_KEY: secretKey, STRIPE_API_URL: sandbox.origin })
    stripe = new Stripe(secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0, timeout: 5_000 })
    await ensureCatalogue(stripe)
  })
  afterAll(async () => {
    await sandbox.close()
    await closeRuntime()
  })
  beforeEach(async () => {
    tenant = await createTenant()
    await asAdministrator((client) =>
      client.query("update organisations set plan = 'free' where id = $1", [tenant.id]),
    )
    customer = await ensureCustomer(stripe, tenant.people.owner.actor)
  })

  const rowsOf = (text: string, values: unknown[] = [tenant.id]) =>
    asAdministrator(async (client) => (await client.query(text, values)).rows)
  const organisation = async () =>
    (await rowsOf('select plan, read_only_at as "readOnlyAt" from organisations where id = $1'))[0]
  const look = () => converge(stripe, tenant.id)

  /** A way of payment, and a subscription by it: a seat for each of the five people of a tenant. */
  async function subscribe(
    card = 'pm_card_visa',
    more: Partial<Stripe.SubscriptionCreateParams> = {},
    quantity = 5,
  ) {
    const { id } = await stripe.paymentMethods.attach(card, { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    const price = await priceOf(stripe, 'team', 'month')
    return stripe.subscriptions.create({ customer, items: [{ price: price.id, quantity }], ...more })
  }

  it('leaves the plan that was given to who has never subscribed', async () => {
    await asAdministrator((client) =>
      client.query("update organisations set plan = 'business' where id = $1", [tenant.id]),
    )
    expect(await look()).toBe('written')
    await subscribe('pm_card_chargeCustomerFail', { payment_behavior: 'default_incomplete' })
    expect(await look()).toBe('written')
    expect(await organisation()).toEqual({ plan: 'business', readOnlyAt: null })
  })

  it('is nothing of an organisation that has bought nothing', async () => {
    expect(await look()).toBe('written')
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
    const stranger = await createTenant()
    expect(await converge(stripe, stranger.id)).toBe('no customer')
  })

  it('is what Stripe says: plan, subscription, invoice, payment and ledger', async () => {
    const subscription = await subscribe()
    expect(await look()).toBe('written')
    expect(await organisation()).toEqual({ plan: 'team', readOnlyAt: null })
    expect(
      await rowsOf('select id, status, plan, seats, seat_amount from subscriptions where org_id = $1'),
    ).toEqual([{ id: subscription.id, status: 'active', plan: 'team', seats: 5, seat_amount: '800' }])
    const [invoice] = await rowsOf(
      'select id, status, total, amount_due, amount_paid, number, subscription_id, pdf_url from invoices where org_id = $1',
    )
    expect(invoice).toMatchObject({
      ...{ status: 'paid', total: '4000', amount_due: '4000', amount_paid: '4000' },
      ...{ number: expect.any(String), subscription_id: subscription.id },
    })
    expect(invoice.pdf_url).toContain(sandbox.origin)
    const ledger = await rowsOf(
      'select account, sum(amount)::int as amount from ledger_entries where org_id = $1 group by 1 order by 1',
    )
    expect(ledger).toEqual([
      { account: 'cash', amount: 4000 },
      { account: 'receivable', amount: 0 },
      { account: 'revenue', amount: -4000 },
    ])
  })

  it('takes effect on the next request of everybody in the organisation, also of a session that Redis knows', async () => {
    const { token } = tenant.people.viewer
    const { token: other } = await createSession(tenant.people.manager.actor.userId)
    for (const each of [token, other]) expect((await resolveActor(each))?.orgId).toBe(tenant.id)
    expect(await runtime().redis.get(`session:${tokenHash(other)}`)).toContain('"plan":"free"')
    await subscribe()
    await look()
    for (const each of [token, other]) expect((await resolveActor(each))?.plan).toBe('team')
    const log = await rowsOf(
      "select before, after from audit_log where org_id = $1 and operation = 'billing.converge'",
    )
    expect(log).toEqual([
      { before: { plan: 'free', readOnlyAt: null }, after: { plan: 'team', readOnlyAt: null } },
    ])
  })

  it('is paid for only once money above zero came: not by a trial, and not by its end', async () => {
    await subscribe('pm_card_visa', { trial_period_days: 14 })
    await look()
    const paid = async () => (await rowsOf('select status, paid_at from subscriptions where org_id = $1'))[0]
    expect(await paid()).toEqual({ status: 'trialing', paid_at: null })
    expect(await organisation()).toMatchObject({ plan: 'team' })
    await control.moveClock({ days: 14, seconds: 1 })
    await look()
    expect(await paid()).toEqual({ status: 'active', paid_at: null })
    await control.moveClock({ seconds: 2 * 3600 })
    await look()
    expect(await paid()).toEqual({ status: 'active', paid_at: expect.any(Date) })
  })

  it('gives nothing for a first payment that fails, until it comes', async () => {
    await subscribe('pm_card_chargeCustomerFail', { payment_behavior: 'default_incomplete' })
    await look()
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
    await control.moveClock({ seconds: 24 * 3600 })
    await look()
    expect(await rowsOf('select status from subscriptions where org_id = $1')).toEqual([
      { status: 'incomplete_expired' },
    ])
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
  })

  it('is read only fourteen days after a renewal failed, and as before once it is paid', async () => {
    await subscribe()
    await look()
    const { id } = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    await control.moveClock({ months: 1, seconds: 2 * 3600 })
    await look()
    const [open] = await rowsOf(
      "select id, overdue_since from invoices where org_id = $1 and status = 'open'",
    )
    const readOnlyAt = new Date(open.overdue_since.getTime() + graceDays * day * 1000)
    expect(await organisation()).toEqual({ plan: 'team', readOnlyAt })
    const good = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.invoices.pay(open.id, { payment_method: good.id })
    await look()
    expect(await organisation()).toEqual({ plan: 'team', readOnlyAt: null })
  })

  it('is the plan Free again once a subscription has ended', async () => {
    const { id } = await subscribe()
    await look()
    await stripe.subscriptions.update(id, { cancel_at_period_end: true })
    await look()
    expect(await organisation()).toMatchObject({ plan: 'team' })
    await control.moveClock({ months: 1, seconds: 1 })
    await look()
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
  })

  it('books a refund, and nothing twice, however often it is read', async () => {
    await subscribe()
    await look()
    const [payment] = await rowsOf('select id from payments where org_id = $1')
    await stripe.refunds.create({ payment_intent: payment.id, amount: 500 })
    const digest = async () =>
      rowsOf(
        `select md5(string_agg(t::text, '' order by t::text)) from (
           select to_jsonb(l) as t from ledger_entries l where org_id = $1 union all
           select to_jsonb(i) from invoices i where org_id = $1 union all
           select to_jsonb(s) from subscriptions s where org_id = $1 union all
           select to_jsonb(p) from payments p where org_id = $1 union all
           select to_jsonb(r) from refunds r where org_id = $1) all_rows`,
      )
    await look()
    const once = await digest()
    for (let n = 0; n < 5; n++) expect(await look()).toBe('written')
    expect(await digest()).toEqual(once)
    expect(
      await rowsOf("select amount from ledger_entries where org_id = $1 and account = 'cash' order by 1"),
    ).toEqual([{ amount: '-500' }, { amount: '4000' }])
  })

  it('reads every page', async () => {
    const { id } = await subscribe()
    const price = await priceOf(stripe, 'team', 'month')
    for (let n = 0; n < 105; n++)
      await stripe.invoiceItems
        .create({ customer, pricing: { price: price.id }, quantity: 1 })
        .then(async () => {
          const draft = await stripe.invoices.create({ customer, subscription: id, auto_advance: false })
          await stripe.invoices.finalizeInvoice(draft.id as string, { auto_advance: false })
        })
    await look()
    expect((await rowsOf('select from invoices where org_id = $1')).length).toBeGreaterThan(105)
  }, 60_000)

  describe('of several readings', () => {
    /** Stripe is slow for the next who asks for invoices. */
    const slowInvoices = (milliseconds: number) =>
      control.break([{ kind: 'slow', requests: 1, route: 'GET /v1/invoices', milliseconds }])
    const letGo = () =>
      asAdministrator((client) =>
        client.query('update billing_customers set held_until = null where org_id = $1', [tenant.id]),
      )

    it('one goes on at a time', async () => {
      await subscribe()
      await slowInvoices(500)
      const outcomes = await Promise.all(Array.from({ length: 20 }, look))
      expect(outcomes.sort()).toEqual([...Array(19).fill('busy'), 'written'])
    })

    it('an older one never takes the place of a later one', async () => {
      await subscribe()
      await slowInvoices(1_500)
      const older = look()
      await setTimeout(300)
      // As if it had taken longer than a customer is held for.
      await letGo()
      const subscriptions = await stripe.subscriptions.list({ customer })
      await stripe.subscriptions.cancel(subscriptions.data[0]?.id as string)
      expect(await look()).toBe('written')
      expect(await older).toBe('overtaken')
      expect(await organisation()).toMatchObject({ plan: 'free' })
    })

    it('none is needed for what was told before the last one began', async () => {
      await subscribe()
      const told = new Date()
      await setTimeout(10)
      expect(await converge(stripe, tenant.id, told)).toBe('written')
      expect(await converge(stripe, tenant.id, told)).toBe('known')
      await setTimeout(10)
      expect(await converge(stripe, tenant.id, new Date())).toBe('written')
    })

    it.each(['rate_limit', 'error', 'disconnect'] as const)(
      'the next goes on where one met a Stripe in trouble: %s',
      async (kind) => {
        await subscribe()
        // The SDK asks once more by itself where a connection was cut.
        const requests = kind === 'disconnect' ? 2 : 1
        await control.break([{ kind, requests, route: 'GET /v1/subscriptions' }])
        await expect(look()).rejects.toBeInstanceOf(Stripe.errors.StripeError)
        expect(await organisation()).toMatchObject({ plan: 'free' })
        expect(await look()).toBe('written')
        expect(await organisation()).toMatchObject({ plan: 'team' })
      },
    )
  })

  describe('of seats', () => {
    const quantity = async (id: string) =>
      (await stripe.subscriptions.retrieve(id)).items.data[0]?.quantity as number
    const clock = async () => new Date((await control.state()).now * 1000)
    const lookNow = async () => converge(stripe, tenant.id, null, await clock())
    const join = (count: number) =>
      rowsOf(
        `with people as (insert into users (email, name) select gen_random_uuid() || '@example.test', 'P'
           from generate_series(1, $2) returning id)
         insert into memberships (org_id, user_id, role) select $1, id, 'viewer' from people returning user_id`,
        [tenant.id, count],
      )
    const leave = (people: { user_id: string }[]) =>
      rowsOf('delete from memberships where org_id = $1 and user_id = any($2)', [
        tenant.id,
        people.map(({ user_id }) => user_id),
      ])
    const members = async () =>
      (await rowsOf('select count(*)::int as n from memberships where org_id = $1'))[0].n as number

    it('there are more at once, paid for in proportion to the cent', async () => {
      const { id } = await subscribe()
      await lookNow()
      const before = await members()
      expect(await quantity(id)).toBe(before)
      await control.moveClock({ days: 10, seconds: 4_321 })
      const now = (await control.state()).now
      await join(2)
      expect(await rowsOf("select from outbox where org_id = $1 and topic = 'billing.sync'")).toHaveLength(1)
      expect(await lookNow()).toBe('written')
      expect(await quantity(id)).toBe(before + 2)
      expect(await rowsOf('select seats from subscriptions where org_id = $1')).toEqual([
        { seats: before + 2 },
      ])
      // By seconds: what is left of the period, of what the new seats cost for the whole of it.
      const [item] = (await stripe.subscriptions.retrieve(id)).items.data as [Stripe.SubscriptionItem]
      const share = (item.current_period_end - now) / (item.current_period_end - item.current_period_start)
      const pending = await stripe.invoiceItems.list({ customer, pending: true })
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
      await control.moveClock({ days: 30 })
      await lookNow()
      expect(await quantity(id)).toBe(before - 4)
      expect((await stripe.invoiceItems.list({ customer, pending: true })).data).toEqual([])
      await control.moveClock({ days: 1, seconds: 2 * 3600 })
      await lookNow()
      const [latest] = await rowsOf(
        'select total from invoices where org_id = $1 order by created_at desc, id desc limit 1',
      )
      expect(latest.total).toBe(String((before - 4) * 800))
    })

    it('there are as many as members after a hundred changes at the same time', async () => {
      const { id } = await subscribe()
      await lookNow()
      const people = await join(50)
      const looks = async () => {
        while ((await lookNow()) === 'busy') await setTimeout(20)
      }
      await Promise.all([
        ...people.slice(0, 25).map(async (each) => leave([each]).then(looks)),
        ...Array.from({ length: 75 }, async () => join(1).then(looks)),
      ])
      expect(await quantity(id)).toBe(await members())
    }, 60_000)
  })

  it('owes as well what Stripe has given up, until it is paid or void', async () => {
    await subscribe()
    await look()
    const { id } = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    await control.moveClock({ months: 1, seconds: 2 * 3600 })
    const { data } = await stripe.invoices.list({ customer, status: 'open' })
    const unpaid = data[0]?.id as string
    await stripe.invoices.markUncollectible(unpaid)
    await look()
    expect((await organisation()).readOnlyAt).toBeInstanceOf(Date)
  })

  describe('of several who begin', () => {
    const begin = (key?: string) =>
      perform(
        operations['billing.checkout'] as unknown as AnyOperation,
        tenant.people.owner.actor,
        {
          ...{ plan: 'team', interval: 'month' },
        },
        key === undefined ? {} : { idempotencyKey: key },
      ) as Promise<{ url: string }>
    const idOf = ({ url }: { url: string }) => url.split('/').at(-1) as string
    // Tax is reckoned by where somebody is.
    beforeEach(() => stripe.customers.update(customer, { address: { country: 'DE' } }))
    const closed = { kind: 'declined', message: expect.stringContaining('no longer open') }
    const openNow = async () =>
      (await stripe.checkout.sessions.list({ customer, status: 'open' })).data.map(({ id }) => id)

    it('there is one customer, whoever of them asks first', async () => {
      const fresh = await createTenant()
      const ids = await Promise.all(
        [fresh.people.owner, fresh.people.admin, fresh.people.owner].map(({ actor }) =>
          ensureCustomer(stripe, actor),
        ),
      )
      expect(new Set(ids).size).toBe(1)
    })

    it('the page that was opened last is the only one, and one key opens one', async () => {
      const [first, second] = [await begin(), await begin()]
      expect(await openNow()).toEqual([idOf(second)])
      expect(await control.checkOut(idOf(first))).toMatchObject(closed)
      const key = newToken()
      const once = await begin(key)
      expect(await begin(key)).toEqual(once)
      expect(await openNow()).toEqual([idOf(once)])
      await expect(begin('x'.repeat(201))).rejects.toMatchObject({ kind: 'invalid' })
    })

    it('there is one subscription: of two that were completed the second is cancelled', async () => {
      const first = await begin()
      const price = await priceOf(stripe, 'business', 'month')
      // A page that was open beside it, as two who ask at the same moment would have.
      const beside = await stripe.checkout.sessions.create({
        ...{ mode: 'subscription', customer, success_url: 'http://worklane.test/' },
        line_items: [{ price: price.id, quantity: 5 }],
      })
      await control.checkOut(idOf(first))
      await control.moveClock({ seconds: 5 })
      await control.checkOut(beside.id)
      expect(await converge(stripe, tenant.id, null, new Date((await control.state()).now * 1000))).toBe(
        'written',
      )
      const live = await rowsOf(
        'select plan, status from subscriptions where org_id = $1 and ended_at is null',
      )
      expect(live).toEqual([{ plan: 'team', status: 'trialing' }])
      expect(await organisation()).toMatchObject({ plan: 'team' })
    })

    it('no page stays open once there is a subscription, and there is one trial', async () => {
      const open = await begin()
      const { id } = await subscribe('pm_card_visa', { trial_period_days: 14 })
      await converge(stripe, tenant.id, null, new Date((await control.state()).now * 1000))
      expect(await openNow()).toEqual([])
      expect(await control.checkOut(idOf(open))).toMatchObject(closed)
      await expect(begin()).rejects.toMatchObject({ kind: 'conflict' })
      await stripe.subscriptions.cancel(id)
      await look()
      const again = await begin()
      await control.checkOut(idOf(again))
      await look()
      expect(await rowsOf('select status from subscriptions where org_id = $1 and ended_at is null')).toEqual(
        [{ status: 'active' }],
      )
    })
  })

  it('is asked for again at once only where the last reading is not fresh', async () => {
    await subscribe()
    const waiting = async () =>
      (await rowsOf("select from outbox where org_id = $1 and topic = 'billing.sync'")).length
    const before = await waiting()
    const sync = () => execute(operations['billing.sync'], tenant.people.owner.actor, {})
    await sync()
    expect(await waiting()).toBe(before + 1)
    await look()
    for (let n = 0; n < 20; n++) await sync()
    expect(await waiting()).toBe(before + 1)
  })

  it('is nobody’s to write but the worker’s, and the ledger nobody’s to change', async () => {
    await subscribe()
    await look()
    const as = (role: string, text: string) =>
      asAdministrator(async (client) => {
        await client.query(`set role ${role}`)
        await client.query("select set_config('app.org_id', $1, false)", [tenant.id])
        await client.query(text)
      })
    await expect(as('worklane_app', 'update subscriptions set seats = 1000')).rejects.toThrow(
      /permission denied/,
    )
    await expect(as('worklane_app', "update organisations set plan = 'business'")).rejects.toThrow(
      /permission denied/,
    )
    for (const text of ['update ledger_entries set amount = 1', 'delete from ledger_entries'])
      for (const role of ['worklane_app', 'worklane_worker', 'worklane_intake'])
        await expect(as(role, text)).rejects.toThrow(/permission denied/)
    const lopsided = `insert into ledger_entries (org_id, cause, account, currency, amount, at)
      values (current_org_id(), 'nothing', 'cash', 'eur', 1, now())`
    await expect(as('worklane_worker', lopsided)).rejects.toThrow(/do not sum to zero/)
  })

  it('keeps an organisation from being removed while it is paid for', async () => {
    const { id } = await subscribe()
    await look()
    const remove = () =>
      asAdministrator((client) => client.query('delete from organisations where id = $1', [tenant.id]))
    await expect(remove()).rejects.toMatchObject({ constraint: 'subscriptions_go_on' })
    await stripe.subscriptions.cancel(id)
    await look()
    await expect(remove()).resolves.toMatchObject({ rowCount: 1 })
  })
})
