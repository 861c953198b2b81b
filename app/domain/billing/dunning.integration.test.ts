import type { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import type { RunningSandbox } from '@headroom/payments-sandbox/server.ts'
import type Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { letterOf } from '../mail/mail.ts'
import { closeRuntime } from '../runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '../testing/tenants.ts'
import { priceOf } from './catalogue.ts'
import { converge } from './converge.ts'
import { ensureCustomer } from './customer.ts'
import { graceDays } from './grace.ts'
import { startStripe } from './testing/stripe.ts'

// What Stripe says is written by workers alone.
process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL

describe('mails of an organisation’s billing', () => {
  let sandbox: RunningSandbox
  let control: SandboxControl
  let stripe: Stripe
  let tenant: Tenant
  let customer: string

  beforeAll(async () => {
    const start = Date.parse('2026-03-01T10:00:00Z') / 1000
    ;({ sandbox, control, stripe } = await startStripe({ seed: 'dunning', start, frozen: true }))
  })
  afterAll(async () => {
    await sandbox.close()
    await closeRuntime()
  })
  beforeEach(async () => {
    tenant = await createTenant()
    customer = await ensureCustomer(stripe, tenant.people.owner.actor)
  })

  const rowsOf = (text: string) =>
    asAdministrator(async (client) => (await client.query(text, [tenant.id])).rows)
  const clock = async () => new Date((await control.state()).now * 1000)
  const look = async () => converge(stripe, tenant.id, null, await clock())
  const useCard = async (card: string) => {
    const { id } = await stripe.paymentMethods.attach(card, { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    return id
  }
  async function subscribe(more: Partial<Stripe.SubscriptionCreateParams> = {}) {
    await useCard('pm_card_visa')
    const price = await priceOf(stripe, 'team', 'month')
    return stripe.subscriptions.create({ customer, items: [{ price: price.id, quantity: 5 }], ...more })
  }
  /** Subjects of what waits to be sent to the owner, in their order; `Tenant 1a2b…` is left out. */
  const written = async (role: 'owner' | 'admin' | 'manager' = 'owner') => {
    const rows = await rowsOf(
      `select o.payload from outbox o where o.org_id = $1 and topic = 'mail' order by id`,
    )
    return rows
      .map(({ payload }) => letterOf(payload))
      .filter(({ to }) => to.startsWith(`${role}.`))
      .map(({ letter }) => letter.subject.replace(/ ?Tenant \w+ ?/, ' … ').trim())
  }

  it('are written of a failed payment, its end in reading only, and its payment, once each', async () => {
    await subscribe()
    await look()
    expect(await written()).toEqual([])
    await useCard('pm_card_chargeCustomerFail')
    await control.moveClock({ months: 1, seconds: 2 * 3600 })
    for (let n = 0; n < 3; n++) await look()
    expect(await written()).toEqual(['A payment for … failed'])
    // Every try has its own mail, and the schedule's looks find the rest.
    await control.moveClock({ days: 11 })
    for (let n = 0; n < 3; n++) await look()
    expect(await written()).toEqual([
      ...['A payment for … failed', 'A payment for … failed', expect.stringMatching(/becomes read only on/)],
    ])
    await control.moveClock({ days: 3 })
    await look()
    expect((await written()).at(-1)).toMatch(/^… is read only$/)
    const [open] = (await stripe.invoices.list({ customer, status: 'open' })).data
    await stripe.invoices.pay(open?.id as string, { payment_method: await useCard('pm_card_visa') })
    for (let n = 0; n < 3; n++) await look()
    expect((await written()).at(-1)).toBe('A payment for … arrived')
    expect(await written()).toHaveLength(new Set(await keys()).size)
    expect(await written('admin')).toEqual(await written())
    expect(await written('manager')).toEqual([])
  })

  const keys = async () =>
    (await rowsOf('select kind, about, attempt from billing_mails where org_id = $1')).map(
      ({ kind, about, attempt }) => `${kind} ${about} ${attempt}`,
    )

  it('are written once by readings at the same time, and not at all by one that is undone', async () => {
    await subscribe()
    await look()
    await useCard('pm_card_chargeCustomerFail')
    await control.moveClock({ months: 1, seconds: 2 * 3600 })
    await asAdministrator((client) =>
      client.query(`create function refuse_mail() returns trigger language plpgsql as $$
        begin raise exception 'no outbox'; end $$;
        create trigger refuse_mail before insert on outbox for each row
          when (new.topic = 'mail' and new.org_id = '${tenant.id}') execute function refuse_mail()`),
    )
    await expect(look()).rejects.toThrow(/no outbox/)
    await asAdministrator((client) =>
      client.query('drop trigger refuse_mail on outbox; drop function refuse_mail'),
    )
    expect(await keys()).toEqual([])
    await Promise.all(Array.from({ length: 10 }, look))
    await look()
    expect(await written()).toEqual(['A payment for … failed'])
  })

  it('are written to nobody whose address is not proved', async () => {
    await asAdministrator((client) =>
      client.query('update users set email_verified = null where id = $1', [
        tenant.people.owner.actor.userId,
      ]),
    )
    await subscribe()
    await look()
    await useCard('pm_card_chargeCustomerFail')
    await control.moveClock({ months: 1, seconds: 2 * 3600 })
    await look()
    expect(await written('owner')).toEqual([])
    expect(await written('admin')).toEqual(['A payment for … failed'])
  })

  it('ask for a confirmation where the bank wants one', async () => {
    await subscribe()
    await look()
    await useCard('pm_card_authenticationRequired')
    await control.moveClock({ months: 1, seconds: 2 * 3600 })
    await look()
    expect(await written()).toEqual(['Confirm a payment for …'])
  })

  /** Stripe as it has a debit from a bank account, which takes days: tried, and neither paid nor failed. */
  const underWay = () =>
    new Proxy(stripe, {
      get: (client, name: keyof Stripe) =>
        name === 'paymentIntents'
          ? { retrieve: async () => ({ status: 'processing', last_payment_error: null }) }
          : client[name],
    })

  it('wait for a debit that is under way, and are written once it has failed', async () => {
    await subscribe()
    await look()
    await useCard('pm_card_chargeCustomerFail')
    await control.moveClock({ months: 1, seconds: 2 * 3600 })
    expect(await converge(underWay(), tenant.id, null, await clock())).toBe('written')
    expect(await written()).toEqual([])
    const owes = async () =>
      (await rowsOf('select read_only_at is not null as owes from organisations where id = $1'))[0].owes
    expect(await owes()).toBe(false)
    await look()
    expect(await written()).toEqual(['A payment for … failed'])
    expect(await owes()).toBe(true)
  })

  it('count the days from when a debit is known to have failed, and from the first of several', async () => {
    await subscribe()
    await look()
    await useCard('pm_card_chargeCustomerFail')
    await control.moveClock({ months: 1, seconds: 2 * 3600 })
    const debited = async () => converge(underWay(), tenant.id, null, await clock())
    const readOnlyAt = async () =>
      (await rowsOf('select read_only_at as at from organisations where id = $1'))[0].at
    await debited()
    await control.moveClock({ days: 15 })
    await debited()
    expect(await readOnlyAt()).toBe(null)
    await look()
    const inTwoWeeks = new Date((await clock()).getTime() + graceDays * 86_400_000)
    expect(await readOnlyAt()).toEqual(inTwoWeeks)
    expect(await written()).toEqual(['A payment for … failed'])
    await control.moveClock({ days: 3 })
    await debited()
    expect(await readOnlyAt()).toBe(null)
    await control.moveClock({ days: 3 })
    for (let n = 0; n < 2; n++) await look()
    expect(await readOnlyAt()).toEqual(inTwoWeeks)
  })

  it('tell three days before that a trial ends, and leave word when that is', async () => {
    await subscribe({ trial_period_days: 14 })
    await look()
    expect(await written()).toEqual([])
    const [{ look_at: lookAt }] = await rowsOf('select look_at from billing_customers where org_id = $1')
    expect(lookAt.getTime() - (await clock()).getTime()).toBe(11 * 86_400_000)
    await control.moveClock({ days: 11 })
    await look()
    await look()
    expect(await written()).toEqual([expect.stringMatching(/^The trial of … ends on \d+ \w+ 2026$/)])
    expect(await rowsOf('select look_at from billing_customers where org_id = $1')).toEqual([
      { look_at: null },
    ])
  })
})
