import { describe, expect, it } from 'vitest'
import { execute } from '../execute.ts'
import { operations } from '../operations.ts'
import { runtime } from '../runtime.ts'
import { createSession, resolveActor } from '../sessions/sessions.ts'
import { tokenHash } from '../sessions/token.ts'
import { asAdministrator, createTenant } from '../testing/tenants.ts'
import { priceOf } from './catalogue.ts'
import { converge } from './converge.ts'
import { graceDays } from './grace.ts'
import { takeIn } from './intake.ts'
import { billed } from './testing/billed.ts'

const day = 86_400
const secret = 'whsec_of_converge'
process.env.STRIPE_WEBHOOK_SECRETS = secret

describe('what we hold of billing', () => {
  const { at, rowsOf, organisation, look, subscribe } = billed('converge')

  it('leaves the plan that was given to who has never subscribed', async () => {
    await asAdministrator((client) =>
      client.query("update organisations set plan = 'business' where id = $1", [at.tenant.id]),
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
    expect(await converge(at.stripe, stranger.id)).toBe('no customer')
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
      status: 'paid',
      total: '4000',
      amount_due: '4000',
      amount_paid: '4000',
      number: expect.any(String),
      subscription_id: subscription.id,
    })
    expect(invoice.pdf_url).toContain(at.sandbox.origin)
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
    const { token } = at.tenant.people.viewer
    const { token: other } = await createSession(at.tenant.people.manager.actor.userId)
    for (const each of [token, other]) expect((await resolveActor(each))?.orgId).toBe(at.tenant.id)
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
    await at.control.moveClock({ days: 14, seconds: 1 })
    await look()
    expect(await paid()).toEqual({ status: 'active', paid_at: null })
    await at.control.moveClock({ seconds: 2 * 3600 })
    await look()
    expect(await paid()).toEqual({ status: 'active', paid_at: expect.any(Date) })
  })

  it('gives nothing for a first payment that fails, until it comes', async () => {
    await subscribe('pm_card_chargeCustomerFail', { payment_behavior: 'default_incomplete' })
    await look()
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
    await at.control.moveClock({ seconds: 24 * 3600 })
    await look()
    expect(await rowsOf('select status from subscriptions where org_id = $1')).toEqual([
      { status: 'incomplete_expired' },
    ])
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
  })

  it('is read only fourteen days after a renewal failed, and as before once it is paid', async () => {
    await subscribe()
    await look()
    const { id } = await at.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: at.customer,
    })
    await at.stripe.customers.update(at.customer, { invoice_settings: { default_payment_method: id } })
    await at.control.moveClock({ months: 1, seconds: 2 * 3600 })
    await look()
    const [open] = await rowsOf(
      "select id, overdue_since from invoices where org_id = $1 and status = 'open'",
    )
    const readOnlyAt = new Date(open.overdue_since.getTime() + graceDays * day * 1000)
    expect(await organisation()).toEqual({ plan: 'team', readOnlyAt })
    const good = await at.stripe.paymentMethods.attach('pm_card_visa', { customer: at.customer })
    await at.stripe.invoices.pay(open.id, { payment_method: good.id })
    await look()
    expect(await organisation()).toEqual({ plan: 'team', readOnlyAt: null })
  })

  it('is the plan Free again once a subscription has ended', async () => {
    const { id } = await subscribe()
    await look()
    await at.stripe.subscriptions.update(id, { cancel_at_period_end: true })
    await look()
    expect(await organisation()).toMatchObject({ plan: 'team' })
    await at.control.moveClock({ months: 1, seconds: 1 })
    await look()
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
  })

  /** What is in the books by cause, but for those of the bill. */
  const givenBack = () =>
    rowsOf(`select cause, account, amount::int from ledger_entries where org_id = $1
      and cause ~ '^(refund|dispute)' order by cause, account`)
  const chargeOf = async () => (await at.stripe.charges.list({ customer: at.customer })).data[0]?.id as string

  it('books what a bank took back, and that it came back once the dispute is won', async () => {
    await subscribe()
    await look()
    const id = await at.control.dispute(await chargeOf())
    await look()
    const taken = [
      { cause: `dispute ${id}`, account: 'cash', amount: -4000 },
      { cause: `dispute ${id}`, account: 'written off', amount: 4000 },
    ]
    expect(await givenBack()).toEqual(taken)
    await at.stripe.disputes.update(id, { evidence: { uncategorized_text: 'winning_evidence' } })
    for (let n = 0; n < 3; n++) await look()
    expect(await givenBack()).toEqual([
      ...taken,
      { cause: `dispute ${id} won`, account: 'cash', amount: 4000 },
      { cause: `dispute ${id} won`, account: 'written off', amount: -4000 },
    ])
    expect(await rowsOf('select id, status, amount from disputes where org_id = $1')).toEqual([
      { id, status: 'won', amount: '4000' },
    ])
  })

  it('books a dispute once for good where it is lost', async () => {
    await subscribe()
    const id = await at.control.dispute(await chargeOf())
    await at.stripe.disputes.close(id)
    for (let n = 0; n < 3; n++) await look()
    expect((await givenBack()).map(({ cause, amount }) => `${cause} ${amount}`)).toEqual([
      `dispute ${id} -4000`,
      `dispute ${id} 4000`,
    ])
  })

  it('is looked at by whatever Stripe tells of a refund or a dispute', async () => {
    await subscribe('pm_card_refundFail')
    await look()
    const charge = await chargeOf()
    const refund = await at.stripe.refunds.create({ charge, amount: 100 })
    await at.stripe.disputes.close(await at.control.dispute(charge))
    const told = (await at.stripe.events.list({ limit: 100 })).data.filter(
      ({ data }) => (data.object as { charge?: string }).charge === charge,
    )
    expect(told.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['refund.failed', 'charge.dispute.created', 'charge.dispute.closed']),
    )
    for (const event of told) {
      const payload = JSON.stringify(event)
      await takeIn(payload, at.stripe.webhooks.generateTestHeaderString({ payload, secret }))
    }
    const looked = "select count(*)::int as looked from outbox where org_id = $1 and topic = 'billing.sync'"
    expect(await rowsOf(looked)).toEqual([{ looked: told.length }])
    await look()
    const sums = await rowsOf(
      `select account, sum(amount)::int as amount from ledger_entries where org_id = $1 and cause like $2
       group by 1 order by 1`,
      [at.tenant.id, `refund ${refund.id}%`],
    )
    expect(sums).toEqual([
      { account: 'cash', amount: 0 },
      { account: 'revenue', amount: 0 },
    ])
  })

  it('books a refund, and nothing twice, however often it is read', async () => {
    await subscribe()
    await look()
    const [payment] = await rowsOf('select id from payments where org_id = $1')
    await at.stripe.refunds.create({ payment_intent: payment.id, amount: 500 })
    const digest = async () =>
      rowsOf(
        `select md5(string_agg(t::text, '' order by t::text)) from (
           select to_jsonb(l) as t from ledger_entries l where org_id = $1 union all
           select to_jsonb(i) from invoices i where org_id = $1 union all
           select to_jsonb(s) from subscriptions s where org_id = $1 union all
           select to_jsonb(p) from payments p where org_id = $1 union all
           select to_jsonb(d) from disputes d where org_id = $1 union all
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

  it('goes on with the books of a version that booked losses otherwise', async () => {
    await subscribe()
    const [first] = (await at.stripe.invoices.list({ customer: at.customer })).data
    await at.stripe.invoiceItems.create({ customer: at.customer, amount: 1_600, currency: 'eur' })
    const draft = await at.stripe.invoices.create({
      customer: at.customer,
      auto_advance: false,
      pending_invoice_items_behavior: 'include',
    })
    const { id } = await at.stripe.invoices.finalizeInvoice(draft.id as string, { auto_advance: false })
    await at.stripe.invoices.markUncollectible(id as string)
    await at.stripe.invoices.voidInvoice(id as string)
    // As that version wrote them.
    await rowsOf(
      `insert into ledger_entries (org_id, cause, account, currency, amount, at)
       select $1, 'invoice ' || $2 || ' ' || what, account, 'eur', amount, now() from (values
         ('finalized', 'receivable', 1600), ('finalized', 'revenue', -1600),
         ('voided', 'receivable', -1600), ('voided', 'revenue', 1600),
         ('written off', 'written off', 1600), ('written off', 'receivable', -1600)
       ) as entries (what, account, amount)`,
      [at.tenant.id, id],
    )
    for (let n = 0; n < 2; n++) expect(await look()).toBe('written')
    const sums = `select account, sum(amount)::int as amount from ledger_entries
      where org_id = $1 and cause like '%' || $2 || '%' group by 1 having sum(amount) <> 0`
    expect(await rowsOf(sums, [at.tenant.id, id])).toEqual([])
    expect(await rowsOf(sums, [at.tenant.id, first?.id])).not.toEqual([])
  })

  it('reads every page', async () => {
    const { id } = await subscribe()
    const price = await priceOf(at.stripe, 'team', 'month')
    for (let n = 0; n < 105; n++)
      await at.stripe.invoiceItems
        .create({ customer: at.customer, pricing: { price: price.id }, quantity: 1 })
        .then(async () => {
          const draft = await at.stripe.invoices.create({
            customer: at.customer,
            subscription: id,
            auto_advance: false,
          })
          await at.stripe.invoices.finalizeInvoice(draft.id as string, { auto_advance: false })
        })
    await look()
    expect((await rowsOf('select from invoices where org_id = $1')).length).toBeGreaterThan(105)
  }, 60_000)

  it('owes as well what Stripe has given up, until it is paid or void', async () => {
    await subscribe()
    await look()
    const { id } = await at.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: at.customer,
    })
    await at.stripe.customers.update(at.customer, { invoice_settings: { default_payment_method: id } })
    await at.control.moveClock({ months: 1, seconds: 2 * 3600 })
    const { data } = await at.stripe.invoices.list({ customer: at.customer, status: 'open' })
    const unpaid = data[0]?.id as string
    await at.stripe.invoices.markUncollectible(unpaid)
    await look()
    expect((await organisation()).readOnlyAt).toBeInstanceOf(Date)
  })

  it('is asked for again at once only where the last reading is not fresh', async () => {
    await subscribe()
    const waiting = async () =>
      (await rowsOf("select from outbox where org_id = $1 and topic = 'billing.sync'")).length
    const before = await waiting()
    const sync = () => execute(operations['billing.sync'], at.tenant.people.owner.actor, {})
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
        await client.query("select set_config('app.org_id', $1, false)", [at.tenant.id])
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
      asAdministrator((client) => client.query('delete from organisations where id = $1', [at.tenant.id]))
    await expect(remove()).rejects.toMatchObject({ constraint: 'subscriptions_go_on' })
    await at.stripe.subscriptions.cancel(id)
    await look()
    await expect(remove()).resolves.toMatchObject({ rowCount: 1 })
  })
})
