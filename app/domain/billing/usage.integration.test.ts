import { randomUUID } from 'node:crypto'
import type { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import type { RunningSandbox } from '@headroom/payments-sandbox/server.ts'
import Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Plan } from '../actor.ts'
import { execute } from '../execute.ts'
import { getMe } from '../me/operations.ts'
import { exportOrganisation } from '../organisations/export.ts'
import { closeRuntime, runtime } from '../runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '../testing/tenants.ts'
import { meterOf, priceOf } from './catalogue.ts'
import { converge } from './converge.ts'
import { ensureCustomer } from './customer.ts'
import { getBilling } from './operations.ts'
import { plans } from './plans.ts'
import { startStripe } from './testing/stripe.ts'
import { usedAt } from './testing/used-at.ts'
import { reconcile } from './usage-reconciled.ts'
import { tellUsage, timeOf } from './usage-told.ts'

// What is told is marked by workers alone; what is used is taken by every role.
process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL

const hourMs = 3_600_000
const hoursAgo = (hours: number) => new Date(Math.floor(Date.now() / hourMs - hours) * hourMs)

let sandbox: RunningSandbox
let control: SandboxControl
let stripe: Stripe
let tenant: Tenant
let customer: string

beforeAll(async () => {
  ;({ sandbox, control, stripe } = await startStripe({ seed: 'usage' }))
})
afterAll(async () => {
  await sandbox.close()
  await closeRuntime()
})
beforeEach(async () => {
  tenant = await createTenant()
  customer = await ensureCustomer(stripe, tenant.people.owner.actor)
  await sql("update billing_customers set created_at = now() - interval '40 days' where org_id = $1")
})

const sql = (text: string, values: unknown[] = []) =>
  asAdministrator(async (client) => (await client.query(text, [tenant.id, ...values])).rows)
const byKey = (plan: Plan) => ({
  ...tenant.people.owner.actor,
  plan,
  sessionId: null,
  key: { id: randomUUID(), scopes: ['*:read', '*:write'] },
})
const ask = (plan: Plan) => execute(getMe, byKey(plan), {})
const asksAtOnce = (plan: Plan, count: number) =>
  Promise.allSettled(Array.from({ length: count }, () => ask(plan)))
const used = async () =>
  Number((await sql('select sum(used) as used from usage_months where org_id = $1'))[0]?.used ?? 0)
const recorded = async () =>
  Number((await sql('select sum(quantity) as n from usage_events where org_id = $1'))[0]?.n ?? 0)
/** As if it had been used then. */
const useAt = (hour: Date, quantity: number) => sql(usedAt, [hour, quantity])
const tellAll = () => tellUsage(stripe, tenant.people.owner.actor)
const atMeter = async (from = hoursAgo(48)) => {
  const summaries = await stripe.billing.meters.listEventSummaries(await meterOf(stripe, 'requests'), {
    customer,
    start_time: from.getTime() / 1000,
    end_time: Math.ceil(Date.now() / hourMs) * 3600,
  })
  return summaries.data.reduce((sum, { aggregated_value }) => sum + aggregated_value, 0)
}

describe('requests', () => {
  it('count when a key makes them, and not when a browser does', async () => {
    for (let n = 0; n < 3; n++) await ask('team')
    await execute(getMe, tenant.people.owner.actor, {})
    expect(await used()).toBe(3)
    expect(await recorded()).toBe(3)
  })

  it('count whatever their answer is, unless a rate limit turns them away', async () => {
    const outcome = execute(getBilling, { ...byKey('team'), role: 'viewer' }, {})
    await expect(outcome).rejects.toMatchObject({ kind: 'forbidden' })
    expect(await used()).toBe(1)
  })

  it('are let through to the last of the month, of many at the same time exactly so many', async () => {
    const { included } = plans.free.monthly.requests
    await useAt(hoursAgo(0), included - 7)
    const results = await asksAtOnce('free', 100)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(7)
    expect(await used()).toBe(included)
    await expect(ask('free')).rejects.toMatchObject({
      kind: 'beyondPlan',
      type: '/docs#plan-limits',
      members: { need: 'requests', plan: 'free', limit: included, used: included, liftedBy: 'team' },
      message:
        'Your plan Free allows 10,000 API requests a month, and you have 10,000. The plan Team includes 250,000.',
    })
    // People go on, and so does the next plan.
    await expect(execute(getMe, tenant.people.owner.actor, {})).resolves.toBeDefined()
    await expect(ask('team')).resolves.toBeDefined()
  })

  it('begin anew with the month', async () => {
    await sql(`insert into usage_months (org_id, kind, month, used) values
      ($1, 'requests', date_trunc('month', now() at time zone 'UTC') - interval '1 month', 10000)`)
    await expect(ask('free')).resolves.toBeDefined()
  })

  it('at the same time cost few statements', async () => {
    await ask('team')
    const { pool } = runtime().database
    const before = pool.queries
    await asksAtOnce('team', 200)
    // A read of each, of which this operation asks one.
    const counting = pool.queries - before - 200
    expect(await used()).toBe(201)
    expect(counting).toBeLessThan(50)
  })

  it('count once for an identifier, however often it is written', async () => {
    const take = (identifier: string) =>
      asAdministrator(async (client) => {
        await client.query("select set_config('app.org_id', $1, false)", [tenant.id])
        const text = "select take_usage('requests', $1, 5, 8, true) as given"
        return (await client.query(text, [identifier])).rows[0].given
      })
    const first = randomUUID()
    expect([await take(first), await take(first), await take(first)]).toEqual([5, 5, 5])
    expect([await used(), await recorded()]).toEqual([5, 5])
    // Another one is given what is left.
    expect([await take(randomUUID()), await take(randomUUID())]).toEqual([3, 0])
    expect([await used(), await recorded()]).toEqual([8, 8])
  })

  it('count once when their connections are lost, and each that was answered', async () => {
    // Under the name of its request a connection goes only as long as the statement takes.
    const actor = { ...byKey('team'), requestId: 'cut off' }
    let cuts = 0
    const cut = async () => {
      const { rowCount } = await asAdministrator((client) =>
        client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = 'worklane cut off' and query like '%take_usage%'`,
        ),
      )
      cuts += rowCount ?? 0
    }
    let answered = 0
    let unknown = 0
    const until = Date.now() + 3_000
    const asking = Array.from({ length: 8 }, async () => {
      while (Date.now() < until)
        await execute(getMe, actor, {}).then(
          () => answered++,
          () => unknown++,
        )
    })
    const cutting = (async () => {
      while (Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        await cut()
      }
    })()
    await Promise.all([...asking, cutting])
    expect(answered).toBeGreaterThan(10)
    expect(cuts).toBeGreaterThan(0)
    expect(await recorded()).toBe(await used())
    expect(await used()).toBeGreaterThanOrEqual(answered)
    expect(await used()).toBeLessThanOrEqual(answered + unknown)
  })

  it('are in the books of months alone where billing is off', async () => {
    const key = process.env.STRIPE_SECRET_KEY
    await closeRuntime()
    delete process.env.STRIPE_SECRET_KEY
    try {
      await ask('team')
      expect([await used(), await recorded()]).toEqual([1, 0])
    } finally {
      await closeRuntime()
      process.env.STRIPE_SECRET_KEY = key
    }
  })

  it('are shown with what the plan includes', async () => {
    await ask('team')
    await sql("update organisations set plan = 'team' where id = $1")
    expect((await execute(getBilling, tenant.people.owner.actor, {})).month).toEqual([
      { of: 'requests', used: 1, included: 250_000, perThousand: { amount: 50, currency: 'eur' } },
    ])
  })

  it('are nobody’s to write but by taking them', async () => {
    const as = (role: string, text: string) =>
      asAdministrator(async (client) => {
        await client.query(`set role ${role}`)
        await client.query("select set_config('app.org_id', $1, false)", [tenant.id])
        await client.query(text)
      })
    await ask('team')
    for (const text of [
      'update usage_months set used = 0',
      'delete from usage_events',
      "insert into usage_hours values (current_org_id(), 'requests', now(), 1, 1)",
    ])
      await expect(as('worklane_app', text)).rejects.toThrow(/permission denied/)
    await expect(as('worklane_worker', 'update usage_months set used = 0')).rejects.toThrow(
      /permission denied/,
    )
    const foreign = await createTenant()
    await expect(
      as(
        'worklane_worker',
        `insert into usage_hours values ('${foreign.id}', 'requests', now(), 1, 1, null, null)`,
      ),
    ).rejects.toThrow(/row-level security/)
  })
})

describe('hours that are over', () => {
  it('are told once, and what is used in this one is not', async () => {
    await useAt(hoursAgo(3), 40)
    await useAt(hoursAgo(3), 2)
    await useAt(hoursAgo(2), 8)
    await useAt(hoursAgo(0), 100)
    expect(await tellAll()).toBe(2)
    expect(await tellAll()).toBe(0)
    expect(await atMeter()).toBe(50)
    expect(await reconcile(stripe, tenant.people.owner.actor, 0)).toEqual([])
  })

  it('are told once by several at the same time', async () => {
    for (let n = 1; n <= 10; n++) await useAt(hoursAgo(n), n)
    await Promise.all(Array.from({ length: 8 }, tellAll))
    expect(await atMeter()).toBe(55)
    expect(await reconcile(stripe, tenant.people.owner.actor, 0)).toEqual([])
  })

  it('have another part where something is committed after they were told', async () => {
    await useAt(hoursAgo(2), 8)
    await tellAll()
    await useAt(hoursAgo(2), 3)
    await tellAll()
    expect(await atMeter()).toBe(11)
    expect(await sql('select part from usage_hours where org_id = $1 order by part')).toEqual([
      ...[{ part: 1 }, { part: 2 }],
    ])
    expect(await reconcile(stripe, tenant.people.owner.actor, 0)).toEqual([])
  })

  // timeout: it was done, and nobody heard of it.
  it.each(['timeout', 'disconnect', 'error', 'rate_limit'] as const)(
    'count once although Stripe did not answer as it should: %s',
    async (kind) => {
      await useAt(hoursAgo(2), 8)
      await useAt(hoursAgo(1), 5)
      // The SDK asks once more by itself where a connection was cut.
      const requests = kind === 'disconnect' ? 2 : 1
      await control.break([{ kind, requests, route: 'POST /v1/billing/meter_events' }])
      await expect(tellAll()).rejects.toBeInstanceOf(Stripe.errors.StripeError)
      // The other hour went on.
      expect((await sql('select from usage_hours where org_id = $1 and sent_at is not null')).length).toBe(1)
      await tellAll()
      expect(await atMeter()).toBe(13)
    },
  )

  describe('and were told longer ago than an identifier is good for', () => {
    const longAgo = () =>
      sql(
        "update usage_hours set told_at = now() - interval '2 days', sent_at = null where org_id = $1 returning 1",
      )
    /** Stripe has forgotten the identifiers. */
    const forget = () => sandbox.sandbox.meterIdentifiers.clear()

    it('are told no more where Stripe’s own sum has them', async () => {
      await useAt(hoursAgo(30), 8)
      await tellAll()
      await longAgo()
      forget()
      expect(await tellAll()).toBe(1)
      expect(await atMeter()).toBe(8)
      expect(await sql('select from usage_hours where org_id = $1 and sent_at is null')).toEqual([])
    })

    it('are told again where it has not', async () => {
      await useAt(hoursAgo(30), 8)
      await control.break([{ kind: 'error', requests: 1, route: 'POST /v1/billing/meter_events' }])
      await expect(tellAll()).rejects.toThrow()
      await longAgo()
      forget()
      await tellAll()
      expect(await atMeter()).toBe(8)
    })

    it('would count twice without that question', async () => {
      await useAt(hoursAgo(30), 8)
      await tellAll()
      await sql('update usage_hours set sent_at = null where org_id = $1')
      forget()
      await tellAll()
      expect(await atMeter()).toBe(16)
    })
  })

  it('are told nobody of who is no customer, nor from before it was one', async () => {
    await sql("update billing_customers set created_at = now() - interval '90 minutes' where org_id = $1")
    await useAt(hoursAgo(30), 100)
    await useAt(hoursAgo(1), 1)
    expect(await tellAll()).toBe(1)
    expect(await atMeter()).toBe(1)
    await sql('delete from billing_customers where org_id = $1')
    expect(await tellAll()).toBe(0)
  })
})

describe('books that do not agree', () => {
  const differences = async () =>
    (await reconcile(stripe, tenant.people.owner.actor, 0)).map(({ books, units }) => `${books}: ${units}`)

  beforeEach(async () => {
    await useAt(hoursAgo(2), 8)
    await useAt(hoursAgo(0), 4)
    await tellAll()
    expect(await differences()).toEqual([])
  })

  it.each([
    ['used and recorded: 3', 'update usage_months set used = used + 3 where org_id = $1'],
    ['used and recorded: 4', 'delete from usage_events where org_id = $1 and quantity = 4 and not rolled_up'],
    [
      'recorded and rolled up: 5',
      'update usage_events set quantity = quantity + 5 where org_id = $1 and rolled_up',
    ],
    [
      'rolled up and sent: 6',
      `with month as (update usage_months set used = used + 6 where org_id = $1)
       insert into usage_hours (org_id, kind, hour, part, quantity)
       select $1, 'requests', date_trunc('hour', now(), 'UTC') - interval '30 hours', 1, 6`,
    ],
  ])('are told of: %s', async (difference, tampering) => {
    await sql(tampering)
    expect(await differences()).toContain(difference)
  })

  it('are told of where Stripe has more, and keep the single events', async () => {
    await stripe.billing.meterEvents.create({
      event_name: 'worklane_requests',
      timestamp: timeOf(hoursAgo(2)),
      payload: { stripe_customer_id: customer, value: '7' },
    })
    expect(await differences()).toEqual(['sent and at Stripe: 7'])
    await sql("update usage_events set hour = hour - interval '9 days' where org_id = $1 and rolled_up")
    await differences()
    expect(await sql('select from usage_events where org_id = $1 and rolled_up')).toHaveLength(1)
  })

  it('keep single events for a week where they do', async () => {
    // Three days back and nine, in whichever months those lie.
    await useAt(hoursAgo(72), 2)
    await useAt(hoursAgo(9 * 24), 5)
    await tellAll()
    expect(await differences()).toEqual([])
    const kept = await sql('select quantity::int from usage_events where org_id = $1 order by quantity')
    expect(kept).toEqual([{ quantity: 2 }, { quantity: 4 }, { quantity: 8 }])
    expect(await differences()).toEqual([])
  })
})

describe('what will never be sent', () => {
  const differences = () => reconcile(stripe, tenant.people.owner.actor, 0)

  it('is no difference for ever: Stripe takes nothing that is so old', async () => {
    const unsent = (daysAgo: number) =>
      sql(`insert into usage_hours (org_id, kind, hour, part, quantity) values ($1, 'requests', $2, 1, 5)`, [
        hoursAgo(daysAgo * 24),
      ])
    const notSent = async () => (await differences()).filter(({ books }) => books === 'rolled up and sent')
    await unsent(36)
    expect(await notSent()).toEqual([])
    await unsent(33)
    expect(await notSent()).toHaveLength(1)
  })

  it('of a customer that was deleted at Stripe fails nothing, and keeps single events for a week alone', async () => {
    await useAt(hoursAgo(9 * 24), 5)
    await useAt(hoursAgo(2), 8)
    await stripe.customers.del(customer)
    expect(await tellAll()).toBe(0)
    expect(await differences()).toEqual([])
    expect(await sql('select quantity::int from usage_events where org_id = $1')).toEqual([{ quantity: 8 }])
  })
})

describe('a subscription', () => {
  async function subscribe(items: Stripe.SubscriptionCreateParams.Item[]) {
    const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    return stripe.subscriptions.create({ customer, items })
  }
  const clock = async () => new Date((await control.state()).now * 1000)
  const look = async () => converge(stripe, tenant.id, null, await clock())
  const itemsOf = async (id: string) =>
    (await stripe.subscriptions.retrieve(id)).items.data.map(
      ({ price, quantity }) => `${price.lookup_key} ${quantity ?? '–'}`,
    )
  const seat = async (plan: 'team' | 'business' = 'team', interval: 'month' | 'year' = 'month') => ({
    price: (await priceOf(stripe, plan, interval)).id,
    quantity: 5,
  })

  it('that was begun without gets what its plan meters, and its seats go on following the members', async () => {
    const { id } = await subscribe([await seat()])
    expect(await look()).toBe('written')
    expect(await itemsOf(id)).toEqual(['team_month 5', 'team_month_requests –'])
    await sql(`with people as (insert into users (email, name) values (gen_random_uuid() || '@example.test', 'P') returning id)
      insert into memberships (org_id, user_id, role) select $1, id, 'viewer' from people`)
    await look()
    expect(await itemsOf(id)).toEqual(['team_month 6', 'team_month_requests –'])
    expect(await sql('select plan, seats from subscriptions where org_id = $1')).toEqual([
      { plan: 'team', seats: 6 },
    ])
  })

  it('is read by its seats wherever they stand, and meters what a plan changed elsewhere does', async () => {
    const metered = (await priceOf(stripe, 'team', 'month', 'requests')).id
    const { id, items } = await subscribe([{ price: metered }, await seat()])
    await look()
    expect(await sql('select plan, seats from subscriptions where org_id = $1')).toEqual([
      { plan: 'team', seats: 5 },
    ])
    const seats = items.data.find(({ quantity }) => quantity === 5)?.id as string
    await stripe.subscriptions.update(id, { items: [{ id: seats, ...(await seat('business')) }] })
    await look()
    expect((await itemsOf(id)).sort()).toEqual(['business_month 5', 'business_month_requests –'])
  })

  it('is of its plan still after the price was changed', async () => {
    const { id } = await subscribe([await seat()])
    await look()
    const before = await priceOf(stripe, 'team', 'month')
    await stripe.prices.create({
      product: before.product as string,
      currency: 'eur',
      unit_amount: 900,
      lookup_key: 'team_month',
      transfer_lookup_key: true,
      recurring: { interval: 'month' },
    })
    expect((await stripe.prices.retrieve(before.id)).lookup_key).toBeNull()
    expect(await look()).toBe('written')
    expect(await sql('select plan, seat_amount from subscriptions where org_id = $1')).toEqual([
      { plan: 'team', seat_amount: '800' },
    ])
    expect((await stripe.subscriptions.retrieve(id)).items.data).toHaveLength(2)
    await stripe.prices.update(before.id, { lookup_key: 'team_month', transfer_lookup_key: true })
  })

  it('is billed for what was used beyond what is included, to the cent', async () => {
    const requests = await priceOf(stripe, 'team', 'month', 'requests')
    await subscribe([await seat(), { price: requests.id }])
    await look()
    const { included, perThousand } = plans.team.monthly.requests
    // Of the hour in which it was begun, once that is over: its time is the hour's end, in the period.
    await sql(
      `insert into usage_hours (org_id, kind, hour, part, quantity) values ($1, 'requests', $2, 1, $3)`,
      [hoursAgo(0), included + 50_501],
    )
    await control.moveClock({ seconds: 3_600 })
    await tellAll()
    await control.moveClock({ months: 1, seconds: 2 * 3_600 })
    const [latest] = (await stripe.invoices.list({ customer, limit: 1 })).data
    const beyond = Math.round((50_501 * (perThousand ?? 0)) / 1000)
    expect(beyond).toBe(2_525)
    expect(latest?.total).toBe(5 * 800 + beyond)
  })
})

describe('an export', () => {
  it('holds as many rows as the plan says, and is refused beyond with limit, use and the plan that allows more', async () => {
    const limit = plans.free.limits.exportRows as number
    const exported = (plan: Plan) => execute(exportOrganisation, { ...tenant.people.owner.actor, plan }, {})
    const { organisation: _, ...parts } = await exported('team')
    const rows = Object.values(parts).reduce((sum, part) => sum + part.length, 0)
    await sql(
      `insert into labels (org_id, name) select $1, 'label ' || n from generate_series(1, $2::int) as n`,
      [limit - rows],
    )
    await expect(exported('free')).resolves.toHaveProperty('labels')
    await sql("insert into labels (org_id, name) values ($1, 'one more')")
    await expect(exported('free')).rejects.toMatchObject({
      kind: 'beyondPlan',
      members: { need: 'exportRows', limit, used: limit + 1, liftedBy: 'team' },
      message:
        'Your plan Free allows 10,000 rows in an export, and you have 10,001. The plan Team allows 250,000.',
    })
    await expect(exported('business')).resolves.toHaveProperty('labels')
  })
})
