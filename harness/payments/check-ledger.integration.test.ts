import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { organisationAt, type PopulationSpec } from '@headroom/fixtures/population.ts'
import { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import { connectForBulk } from '@headroom/seed/write.ts'
import { execa } from 'execa'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Stack, startStack } from '../stack/stack.ts'
import { checkLedger, type Sides, unsettled } from './check-ledger.ts'
import { booksInVerdict } from './storm.ts'

const population: PopulationSpec = { seed: 1, organisations: 6, users: 120 }

describe('the books of a population that has subscribed', () => {
  const inherited = { ...process.env }
  let stack: Stack
  let admin: pg.Client
  let sides: Sides

  beforeAll(async () => {
    // What the integration run itself stands on is not to be used here.
    delete process.env.DATABASE_URL
    delete process.env.REDIS_URL
    stack = await startStack({
      population,
      mode: 'test' as const,
      parts: ['postgres', 'redis', 'payments', 'api', 'worker'],
    })
    const { payments } = stack
    if (!payments) throw new Error('the stack has no payments sandbox')
    const adminUrl = stack.env.DATABASE_URL ?? ''
    sides = { adminUrl, stripe: payments }
    admin = await connectForBulk(adminUrl)
  })
  afterAll(async () => {
    Object.assign(process.env, inherited)
    await admin?.end()
    await stack?.stop()
  })

  const wrong = async (since = 0) =>
    (await checkLedger(sides, since)).evidence.filter(({ passed }) => !passed).map(({ limit }) => limit)
  const settled = () =>
    expect.poll(() => unsettled(sides.adminUrl), { timeout: 30_000, interval: 200 }).toBe(0)
  /** What somebody does at Stripe, by its own interface. @returns what it answers */
  const stripeDoes = async (path: string, values: Record<string, string> = {}) => {
    const { origin, secretKey } = sides.stripe
    const headers = { Authorization: `Bearer ${secretKey}` }
    const body = new URLSearchParams(values)
    const response = await fetch(`${origin}/v1/${path}`, { method: 'POST', headers, body })
    const answer = await response.text()
    expect([response.status, answer]).toEqual([200, expect.any(String)])
    return JSON.parse(answer) as { id: string }
  }
  const paying = () =>
    Array.from({ length: population.organisations }, (_, index) => organisationAt(population, index)).filter(
      ({ plan }) => plan !== 'free',
    )

  it('hold a subscription, a bill and a payment for each organisation of a paid plan', async () => {
    const { rows } = await admin.query(`select
      (select count(*)::int from billing_customers) as customers,
      (select count(*)::int from subscriptions where status = 'active') as subscriptions,
      (select count(*)::int from payments) as payments`)
    const all = paying().length
    expect(all).toBeGreaterThan(1)
    expect(rows).toEqual([{ customers: all, subscriptions: all, payments: all }])
    expect(await wrong()).toEqual([])
  })

  it('are, row for row, what a reading of Stripe writes', async () => {
    const snapshot = async () => {
      const found: unknown[] = []
      for (const table of ['subscriptions', 'invoices', 'payments', 'refunds', 'ledger_entries'])
        found.push((await admin.query(`select t::text from ${table} t order by 1`)).rows)
      return found
    }
    const before = await snapshot()
    await admin.query(
      `insert into outbox (org_id, topic, payload) select org_id, 'billing.sync', '{}' from billing_customers`,
    )
    const read = async () =>
      (await admin.query('select from billing_customers where written_reading < 2')).rowCount
    await expect.poll(read, { timeout: 30_000, interval: 200 }).toBe(0)
    expect(await snapshot()).toEqual(before)
  })

  it('agree after a month’s end of which each event came up to three times, out of order', async () => {
    const control = new SandboxControl(sides.stripe as NonNullable<Stack['payments']>)
    const { now } = await control.state()
    await control.deliver({ copies: { min: 1, max: 3 }, hold: true })
    await control.moveClock({ months: 1 })
    await control.deliver({ copies: { min: 1, max: 3 } })
    expect(await control.release('random')).toBeGreaterThan(paying().length)
    await expect.poll(async () => (await control.state()).deliveries.sending, { timeout: 30_000 }).toBe(0)
    await settled()
    const compared = await checkLedger(sides, now)
    expect(booksInVerdict(compared, 0)).toMatchObject({ invalidReasons: [], facts: [] })
    expect(compared.events).toBeGreaterThan(paying().length)
    const { rows } = await admin.query('select count(*)::int as bills from invoices')
    expect(rows).toEqual([{ bills: 2 * paying().length }])
  })

  it('agree after disputes, a refund that came back, and bills that were given up', async () => {
    const control = new SandboxControl(sides.stripe as NonNullable<Stack['payments']>)
    const { now } = await control.state()
    const [[{ id: customer }], { rows: payments }] = [
      (await admin.query('select stripe_id as id from billing_customers order by 1 limit 1')).rows,
      await admin.query('select id from payments order by 1 limit 2'),
    ]
    const card = await stripeDoes('payment_methods/pm_card_refundFail/attach', { customer })
    const bill = async (amount: number) => {
      await stripeDoes('invoiceitems', { customer, currency: 'eur', amount: String(amount) })
      const draft = { customer, auto_advance: 'false', pending_invoice_items_behavior: 'include' }
      const { id } = await stripeDoes('invoices', draft)
      await stripeDoes(`invoices/${id}/finalize`)
      return id
    }
    const pay = (invoice: string) => stripeDoes(`invoices/${invoice}/pay`, { payment_method: card.id })
    const [paid, given, void_] = [await bill(700), await bill(800), await bill(900)]
    await pay(paid)
    for (const each of [given, void_]) await stripeDoes(`invoices/${each}/mark_uncollectible`)
    await pay(given)
    await stripeDoes(`invoices/${void_}/void`)
    const { origin, secretKey } = sides.stripe
    const charges = async (query: string) => {
      const headers = { Authorization: `Bearer ${secretKey}` }
      const answer = await fetch(`${origin}/v1/charges?${query}`, { headers })
      return ((await answer.json()) as { data: { id: string; amount: number }[] }).data
    }
    const late = (await charges(`customer=${customer}`)).find(({ amount }) => amount === 700)?.id ?? ''
    // Its payment is to be known before its refund is told of.
    await settled()
    await stripeDoes('refunds', { charge: late, amount: '100' })
    const disputed: string[] = []
    for (const { id } of payments) {
      const [charge] = await charges(`payment_intent=${id}`)
      disputed.push(await control.dispute(charge?.id ?? ''))
    }
    await stripeDoes(`disputes/${disputed[0]}`, { 'evidence[uncategorized_text]': 'winning_evidence' })
    await stripeDoes(`disputes/${disputed[1]}/close`)
    await expect.poll(async () => (await control.state()).deliveries.sending, { timeout: 30_000 }).toBe(0)
    await settled()
    const { evidence } = await checkLedger(sides, now)
    expect(evidence.filter(({ passed }) => !passed)).toEqual([])
    const causes = await admin.query(`select regexp_replace(cause, '(re|du|pi|in)_\\w+', '…', 'g') as cause
      from ledger_entries where cause ~ '^(refund|dispute)|recovered|written off' group by 1 order by 1`)
    expect(causes.rows.map(({ cause }) => cause)).toEqual([
      ...['dispute …', 'dispute … won', 'invoice … written off'],
      ...['payment … of … recovered', 'refund …', 'refund … failed'],
    ])
  })

  describe('are seen to be wrong', () => {
    /** What is found after it; then all is put back, since it is the check that is tried. */
    const after = async (...statements: string[]) => {
      const client = await connectForBulk(sides.adminUrl)
      try {
        const kept = ['stripe_events', 'invoices', 'ledger_entries', 'subscriptions', 'billing_customers']
        for (const table of kept)
          await client.query(`create temporary table kept_${table} as select * from ${table}`)
        for (const statement of statements) await client.query(statement)
        const found = await wrong()
        await client.query(withoutTriggers)
        for (const table of kept)
          await client.query(`delete from ${table}; insert into ${table} select * from kept_${table}`)
        return found
      } finally {
        await client.end()
      }
    }
    const doubled = 'ledger entries doubled'
    const whose = 'customers that are not held to be whose Stripe says'
    /** Nobody is to be deleted at Stripe, and nothing here with them. */
    const withoutTriggers = 'set session_replication_role = replica'

    it('when an event that was acknowledged is not there', async () => {
      const one = 'delete from stripe_events where id = (select min(id) from stripe_events)'
      expect(await after(one)).toEqual(['webhooks acknowledged and lost'])
    })

    it('when an event is there twice', async () => {
      const again = `insert into stripe_events (id, type, customer, created, payload)
        select id || ' again', type, customer, created, payload from stripe_events limit 1`
      expect(await after(again)).toEqual(['webhooks applied twice'])
    })

    it('when a cause is booked twice', async () => {
      const again = `insert into ledger_entries (org_id, cause, account, currency, amount, at)
        select org_id, cause || ' by reading 2', account, currency, amount, at from ledger_entries
        where cause = (select min(cause) from ledger_entries where cause like 'invoice %')`
      expect(await after(again)).toEqual([doubled, 'organisations whose invoices are not their ledger'])
      expect(await after(again.replace('invoice %', 'payment %'))).toEqual([
        ...[doubled, 'organisations whose payments are not their ledger'],
      ])
    })

    it('when a cause is missing, or one side of it', async () => {
      const first = `(select min(cause) from ledger_entries where cause like 'payment %')`
      expect(await after(`delete from ledger_entries where cause = ${first}`)).toEqual([
        ...['ledger entries lost', 'organisations whose payments are not their ledger'],
      ])
      const side = `delete from ledger_entries where account = 'receivable' and cause = ${first}`
      expect(await after(side)).toEqual([
        ...['ledger entries lost', 'causes in the ledger that do not balance'],
      ])
    })

    it('when two organisations have each other’s customer', async () => {
      const [first, second] = [0, 1].map(
        (place) => `(select stripe_id from billing_customers_kept order by 1 offset ${place} limit 1)`,
      )
      const swapped = [
        'create temporary table billing_customers_kept as select org_id, stripe_id from billing_customers',
        `update billing_customers set stripe_id = 'cus_between' where stripe_id = ${first}`,
        `update billing_customers set stripe_id = ${first} where stripe_id = ${second}`,
        `update billing_customers set stripe_id = ${second} where stripe_id = 'cus_between'`,
      ]
      expect(await after(withoutTriggers, ...swapped)).toEqual([whose])
    })

    it('when an organisation has lost its customer, or has one that Stripe does not know', async () => {
      const one = 'where stripe_id = (select min(stripe_id) from billing_customers)'
      expect(await after(withoutTriggers, `delete from billing_customers ${one}`)).toEqual([whose])
      const unknown = `update billing_customers set stripe_id = 'cus_unknown' ${one}`
      expect(await after(withoutTriggers, unknown)).toEqual([whose])
    })

    it('when a row is not what Stripe says, or is missing', async () => {
      const customers = 'customers of whom Worklane says something else than Stripe'
      const seats = `update subscriptions set seats = seats + 1 where id = (select min(id) from subscriptions)`
      expect(await after(seats)).toEqual([customers])
      const bill = `delete from invoices where id = (
        select min(id) from invoices where total > 0 and finalized_at is not null and status <> 'void')`
      expect(await after(bill)).toEqual([customers, 'organisations whose invoices are not their ledger'])
    })
  })

  it('say that a webhook was never acknowledged when an endpoint refuses one type for good', async () => {
    const control = new SandboxControl(sides.stripe as NonNullable<Stack['payments']>)
    let refused = 0
    const picky = createServer((request, response) => {
      refused++
      request.resume()
      response.writeHead(500).end()
    })
    await new Promise<void>((resolve) => void picky.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void picky.close().closeAllConnections())
    const { port } = picky.address() as AddressInfo
    await control.deliver({ retries: { kind: 'quick', first: 1, times: 2 } })
    const since = (await control.moveClock({ days: 1 })).now
    await stripeDoes('webhook_endpoints', {
      url: `http://127.0.0.1:${port}`,
      'enabled_events[]': 'customer.updated',
    })
    const { rows } = await admin.query('select stripe_id as id from billing_customers limit 1')
    await stripeDoes(`customers/${rows[0]?.id}`, { description: 'somebody who moved' })
    await expect.poll(() => refused, { timeout: 30_000 }).toBe(3)
    await expect.poll(async () => (await control.state()).deliveries.sending, { timeout: 30_000 }).toBe(0)
    await settled()
    const compared = await checkLedger(sides, since)
    expect(compared.evidence.filter(({ passed }) => !passed)).toEqual([])
    expect(booksInVerdict(compared, 0).facts).toEqual([
      expect.stringMatching(/^webhooks never acknowledged .*1 of \d+ events, such as customer\.updated evt_/),
    ])
  })

  it('say nothing where Stripe lists no event', async () => {
    const compared = await checkLedger(sides, 99_999_999_999)
    expect(booksInVerdict(compared, 0).invalidReasons).toEqual([
      'Stripe lists no event of the month that ended',
    ])
  })

  it('are compared by a command of its own, which says by its exit code whether they agree', async () => {
    const { origin, secretKey } = sides.stripe
    const ledger = () =>
      execa('node', ['harness/cli/main.ts', 'ledger'], {
        reject: false,
        preferLocal: true,
        env: {
          DATABASE_URL: sides.adminUrl,
          STRIPE_API_URL: origin,
          STRIPE_SECRET_KEY: secretKey,
          NO_COLOR: '1',
        },
      })
    const right = await ledger()
    expect([right.exitCode, right.stderr]).toEqual([0, ''])
    expect(right.stdout).toMatch(/✓ ledger entries lost {2}0 of \d+ entries/)
    await admin.query('update subscriptions set seats = seats + 1')
    const wrong = await ledger()
    expect([wrong.exitCode, wrong.stderr]).toEqual([1, ''])
    expect(wrong.stdout).toMatch(/✗ customers of whom .* seats is \d+, by Stripe \d+/)
    await admin.query('update subscriptions set seats = seats - 1')
  })

  it('wait for whoever was told of something that no reading knows of', async () => {
    expect(await unsettled(sides.adminUrl)).toBe(0)
    await admin.query(`insert into stripe_events (id, type, customer, created, payload)
      select 'evt_untold', 'invoice.paid', min(stripe_id), now(), '{"id":"evt_untold"}' from billing_customers`)
    expect(await unsettled(sides.adminUrl)).toBe(1)
  })
})
