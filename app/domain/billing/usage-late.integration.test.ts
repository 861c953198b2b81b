import { randomUUID } from 'node:crypto'
import type { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import type { RunningSandbox } from '@headroom/payments-sandbox/server.ts'
import type Stripe from 'stripe'
import { afterEach, describe, expect, it } from 'vitest'
import { closeRuntime } from '../runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '../testing/tenants.ts'
import { converge } from './converge.ts'
import { ensureCustomer } from './customer.ts'
import { itemsOf } from './metered-items.ts'
import { plans } from './plans.ts'
import { startStripe } from './testing/stripe.ts'
import { usedAt } from './testing/used-at.ts'
import { reconcile } from './usage-reconciled.ts'
import { type LateHour, tellUsage, timeOf } from './usage-told.ts'

// What is told is marked by workers alone.
process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL

const { included, perThousand } = plans.team.monthly.requests
const beyond = (thousands: number) => thousands * (perThousand as number)
const seats = 5 * (plans.team.seat?.month as number)
const startOfHour = (seconds: number) => new Date(Math.floor(seconds / 3_600) * 3_600_000)

describe('an hour that Stripe is told of late', () => {
  let sandbox: RunningSandbox
  let control: SandboxControl
  let stripe: Stripe
  let tenant: Tenant
  let customer: string
  let subscription: string
  /** As the test begins, epoch seconds: at Stripe it stays. */
  let now: number
  /** When the first period ended, epoch seconds, and the last whole hour before it. */
  let end: number
  let lastHour: Date

  afterEach(async () => {
    await sandbox.close()
    await closeRuntime()
  })

  /** By a Stripe whose time is ours: a subscription whose first period ended so many seconds ago. */
  async function periodEnded(secondsAgo: number) {
    now = Math.floor(Date.now() / 1000)
    const start = now - secondsAgo - 31 * 86_400
    ;({ sandbox, control, stripe } = await startStripe({ seed: randomUUID(), start, frozen: true }))
    tenant = await createTenant()
    customer = await ensureCustomer(stripe, tenant.people.owner.actor)
    await sql("update billing_customers set created_at = now() - interval '40 days' where org_id = $1")
    const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    const items = await itemsOf(stripe, { plan: 'team', interval: 'month', seats: 5 })
    // Every month as long as the first, whatever the calendar says.
    const anchored = { billing_cycle_anchor: now - secondsAgo, proration_behavior: 'none' as const }
    const made = await stripe.subscriptions.create({ customer, items, ...anchored })
    subscription = made.id
    end = made.items.data[0]?.current_period_end as number
    lastHour = startOfHour(end - 3_600)
    await control.moveClock({ to: now })
    await look()
  }
  const sql = (text: string, values: unknown[] = []) =>
    asAdministrator(async (client) => (await client.query(text, [tenant.id, ...values])).rows)
  const look = async () => converge(stripe, tenant.id, null, new Date((await control.state()).now * 1000))
  const useAt = (hour: Date, quantity: number) => sql(usedAt, [hour, quantity])
  const hoursAgo = (hours: number) => startOfHour(now - hours * 3_600)
  const tell = async () => {
    const late: LateHour[] = []
    await tellUsage(stripe, tenant.people.owner.actor, (_, each) => late.push(each))
    return late
  }
  const differences = () => reconcile(stripe, tenant.people.owner.actor, 0)
  const renewals = async () =>
    (await stripe.invoices.list({ customer })).data
      .filter(({ billing_reason }) => billing_reason === 'subscription_cycle')
      .map(({ total }) => total)
      .reverse()
  const nextMonth = () => control.moveClock({ months: 1, seconds: 2 * 3_600 })

  it('is billed with the next invoice where its own is finalised, and said', async () => {
    await periodEnded(9_000)
    await useAt(lastHour, included + 40_000)
    const [late, ...others] = await tell()
    expect(others).toEqual([])
    expect(late).toMatchObject({ kind: 'requests', hour: lastHour, quantity: BigInt(included + 40_000) })
    expect(late?.toldAs.getTime()).toBeGreaterThanOrEqual(end * 1000)
    expect(await tell()).toEqual([])
    expect(await differences()).toEqual([])
    await nextMonth()
    expect(await renewals()).toEqual([seats, seats + beyond(40)])
    expect(await differences()).toEqual([])
  })

  it('is billed with its own period’s invoice where that is a draft', async () => {
    await periodEnded(600)
    await useAt(lastHour, included + 40_000)
    expect(await tell()).toEqual([])
    await nextMonth()
    expect(await renewals()).toEqual([seats + beyond(40), seats])
    expect(await differences()).toEqual([])
  })

  it('is not told into a draft that is about to be finalised', async () => {
    await periodEnded(3_420)
    await useAt(lastHour, included + 40_000)
    expect(await tell()).toHaveLength(1)
    await nextMonth()
    expect(await renewals()).toEqual([seats, seats + beyond(40)])
    expect(await differences()).toEqual([])
  })

  it.each(['timeout', 'error'] as const)(
    'is billed once where nobody heard whether Stripe had it in time: %s',
    async (kind) => {
      await periodEnded(600)
      await useAt(lastHour, included + 40_000)
      await control.break([{ kind, requests: 1, route: 'POST /v1/billing/meter_events' }])
      await expect(tell()).rejects.toThrow()
      await control.moveClock({ seconds: 3_600 })
      expect(await tell()).toHaveLength(kind === 'timeout' ? 0 : 1)
      await nextMonth()
      const inTime = kind === 'timeout'
      expect(await renewals()).toEqual(inTime ? [seats + beyond(40), seats] : [seats, seats + beyond(40)])
      expect(await differences()).toEqual([])
    },
  )

  it('keeps the time that Stripe was told where a second worker tells it as well', async () => {
    await periodEnded(9_000)
    await useAt(lastHour, included + 40_000)
    // Rolled up, and not told: both workers read that.
    await control.break([{ kind: 'error', route: 'GET /v1/invoices' }])
    await expect(tell()).rejects.toThrow()
    await control.break([])
    let goOn = () => {}
    let hasRead = () => {}
    const readByBoth = new Promise<void>((resolve) => (hasRead = resolve))
    const firstIsDone = new Promise<void>((resolve) => (goOn = resolve))
    async function* list(asked: Stripe.InvoiceListParams) {
      hasRead()
      await firstIsDone
      yield* stripe.invoices.list(asked)
    }
    const slow = new Proxy(stripe, {
      get: (client, name: keyof Stripe) => (name === 'invoices' ? { list } : client[name]),
    })
    const second = tellUsage(slow, tenant.people.owner.actor)
    await readByBoth
    const [late] = await tell()
    goOn()
    await second
    const rows = await sql(
      'select told_as as "toldAs", sent_at is not null as sent from usage_hours where org_id = $1',
    )
    expect(rows).toEqual([{ toldAs: late?.toldAs, sent: true }])
    expect(await differences()).toEqual([])
  })

  it('is billed at the next price where its own was replaced before it was told', async () => {
    await periodEnded(10 * 86_400)
    await useAt(hoursAgo(3), included + 10_000)
    await tell()
    await useAt(hoursAgo(1), 40_000)
    const { items } = await stripe.subscriptions.retrieve(subscription)
    const [seat, requests] = await itemsOf(stripe, { plan: 'team', interval: 'year', seats: 5 })
    const [seatItem, requestsItem] = items.data
    await stripe.subscriptions.update(subscription, {
      items: [
        { id: seatItem?.id as string, ...seat },
        { id: requestsItem?.id as string, ...requests },
      ],
      proration_behavior: 'always_invoice',
    })
    expect(await tell()).toHaveLength(1)
    expect(await differences()).toEqual([])
    await useAt(hoursAgo(1), 12 * included - 30_000)
    await tell()
    await control.moveClock({ months: 12, seconds: 2 * 3_600 })
    const [yearly] = (await stripe.invoices.list({ customer, limit: 1 })).data
    expect(yearly?.total).toBe(5 * (plans.team.seat?.year as number) + beyond(10))
  })

  it('is billed with the next invoice where a change that waited for its payment was dropped', async () => {
    await periodEnded(10 * 86_400)
    await useAt(hoursAgo(30), included + 40_000)
    await tell()
    const { id } = await stripe.paymentMethods.attach('pm_card_authenticationRequired', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    const [seat, requests] = await itemsOf(stripe, { plan: 'business', interval: 'month', seats: 5 })
    const [seatItem, requestsItem] = (await stripe.subscriptions.retrieve(subscription)).items.data
    const { latest_invoice: waiting } = await stripe.subscriptions.update(subscription, {
      items: [
        { id: seatItem?.id as string, ...seat },
        { id: requestsItem?.id as string, ...requests },
      ],
      proration_behavior: 'always_invoice',
      payment_behavior: 'pending_if_incomplete',
    })
    await look()
    await stripe.invoices.voidInvoice(waiting as string)
    for (let n = 0; n < 2; n++) await look()
    await useAt(hoursAgo(2), included + 5_000)
    expect(await tell()).toHaveLength(1)
    const { id: good } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: good } })
    await nextMonth()
    expect((await renewals()).at(-1)).toBe(seats + beyond(40) + beyond(5))
    expect(await differences()).toEqual([])
  })

  it('is free where it was used in a trial', async () => {
    await periodEnded(9_000)
    await sql('update subscriptions set trial_end = period_start where org_id = $1')
    await useAt(lastHour, included + 40_000)
    expect(await tell()).toEqual([])
    expect(await differences()).toEqual([])
    await nextMonth()
    expect(await renewals()).toEqual([seats, seats])
  })

  it('is a difference where no invoice will bill it', async () => {
    await periodEnded(9_000)
    await sql("update subscriptions set status = 'canceled' where org_id = $1")
    await useAt(lastHour, 40_000)
    expect(await tell()).toEqual([])
    expect(await differences()).toEqual([
      { books: 'sent and billed', kind: 'requests', of: expect.any(String), units: 40_000 },
    ])
  })

  it('has the time that it was told with in all books', async () => {
    await periodEnded(9_000)
    await useAt(lastHour, 40_000)
    await tell()
    await sql("update usage_hours set sent_at = null, told_at = now() - interval '2 days' where org_id = $1")
    sandbox.sandbox.meterIdentifiers.clear()
    expect(await tell()).toEqual([])
    expect(await differences()).toEqual([])
    expect(timeOf(lastHour)).toBeLessThan(end)
  })
})
