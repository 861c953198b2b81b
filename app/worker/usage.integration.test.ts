import { randomUUID } from 'node:crypto'
import { type RunningSandbox, startSandbox } from '@headroom/payments-sandbox/server.ts'
import { ensureCatalogue } from '@worklane/domain/billing/catalogue.ts'
import { ensureCustomer } from '@worklane/domain/billing/customer.ts'
import { stripe as clientOf } from '@worklane/domain/billing/stripe.ts'
import type { Difference } from '@worklane/domain/billing/usage-reconciled.ts'
import { sunkMail } from '@worklane/domain/mail/sink.ts'
import { closeRuntime, runtime } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lookAtDue } from './billing.ts'
import { sendMail } from './mail/send.ts'
import { openQueue } from './queue.ts'
import { reconcileUsage, sendUsage, usageJob } from './usage.ts'

process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL

describe('the worker’s part of usage', () => {
  let sandbox: RunningSandbox
  let tenant: Tenant
  const stripe = () => {
    const client = clientOf()
    if (!client) throw new Error('billing is off')
    return client
  }

  beforeAll(async () => {
    sandbox = await startSandbox({ seed: 'worker usage' })
    Object.assign(process.env, { STRIPE_SECRET_KEY: sandbox.secretKey, STRIPE_API_URL: sandbox.origin })
    await ensureCatalogue(stripe())
  })
  afterAll(async () => {
    await sandbox.close()
    await closeRuntime()
  })
  beforeEach(async () => {
    tenant = await createTenant()
    await ensureCustomer(stripe(), tenant.people.owner.actor)
    await sql("update billing_customers set created_at = now() - interval '1 day' where org_id = $1")
  })

  const sql = (text: string) =>
    asAdministrator(async (client) => (await client.query(text, [tenant.id])).rows)
  const usedHoursAgo = (hours: number) =>
    sql(
      `with month as (
         insert into usage_months (org_id, kind, month, used)
         values ($1, 'requests', date_trunc('month', now() at time zone 'UTC'), 5)
       )
       insert into usage_events (org_id, identifier, kind, quantity, hour)
       values ($1, gen_random_uuid(), 'requests', 5, date_trunc('hour', now(), 'UTC') - interval '${hours} hours')`,
    )
  const asked = (topic: string) =>
    sql(`select payload from outbox where org_id = $1 and topic = '${topic}' order by id`)
  const job = (payload: unknown) => ({ id: randomUUID(), orgId: tenant.id, topic: 'billing.usage', payload })

  it('has hours told once they are over, and again until Stripe has them', async () => {
    await usedHoursAgo(0)
    await sendUsage(runtime().intake)
    expect(await asked('billing.usage')).toEqual([])
    await sql("update usage_events set hour = hour - interval '1 hour' where org_id = $1")
    await sendUsage(runtime().intake)
    await sendUsage(runtime().intake)
    expect(await asked('billing.usage')).toEqual([{ payload: {} }, { payload: {} }])
    await usageJob(stripe(), job({}), () => {})
    await sendUsage(runtime().intake)
    expect(await asked('billing.usage')).toHaveLength(2)
    expect(
      await sql('select quantity::int from usage_hours where org_id = $1 and sent_at is not null'),
    ).toEqual([{ quantity: 5 }])
  })

  it('asks for nothing that Stripe is never told: of before the organisation was a customer, or too old', async () => {
    const unsent = (hour: string) =>
      sql(`insert into usage_hours (org_id, kind, hour, part, quantity)
        values ($1, 'requests', date_trunc('hour', now() - interval '${hour}', 'UTC'), 1, 5)`)
    await sql("update billing_customers set created_at = now() - interval '40 days' where org_id = $1")
    await unsent('36 days')
    await sendUsage(runtime().intake)
    expect(await asked('billing.usage')).toEqual([])
    await unsent('3 days')
    await sendUsage(runtime().intake)
    expect(await asked('billing.usage')).toEqual([{ payload: {} }])
    await sql("update billing_customers set created_at = now() - interval '1 day' where org_id = $1")
    await sendUsage(runtime().intake)
    expect(await asked('billing.usage')).toHaveLength(1)
  })

  it('has a queue of its own, with fewer tries than readings', async () => {
    const connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
    const [readings, usage] = [openQueue('billing', connection), openQueue('usage', connection)]
    try {
      expect([readings.name, usage.name]).toEqual(['billing', 'usage'])
      const tries = (queue: { defaultJobOptions: { attempts?: number } }) => queue.defaultJobOptions.attempts
      expect(tries(usage)).toBeLessThan(tries(readings) as number)
    } finally {
      await Promise.all([readings.close(), usage.close()])
      await connection.quit()
    }
  })

  it('asks nightly whether the books agree, and tells which do not', async () => {
    await usedHoursAgo(0)
    await reconcileUsage(runtime().intake)
    expect(await asked('billing.usage')).toEqual([{ payload: { reconcile: true } }])
    const told: [string, Difference[]][] = []
    const reconciling = () =>
      usageJob(stripe(), job({ reconcile: true }), (...difference) => told.push(difference))
    await reconciling()
    expect(told).toEqual([])
    await sql('update usage_months set used = 7 where org_id = $1')
    await reconciling()
    expect(told).toEqual([
      [tenant.id, [expect.objectContaining({ books: 'used and recorded', kind: 'requests', units: 2 })]],
    ])
  })

  it('looks at customers whose time has come, once', async () => {
    const due = async (when: string) => {
      await sql(`update billing_customers set look_at = ${when} where org_id = $1`)
      await lookAtDue(runtime().intake)
      await lookAtDue(runtime().intake)
      return (await asked('billing.sync')).length
    }
    expect(await due("now() + interval '1 hour'")).toBe(0)
    expect(await due("now() - interval '1 second'")).toBe(1)
  })

  it('looks at customers whose change died in the middle, once, and at none that is under way', async () => {
    const changing = async (until: string) => {
      await sql(
        `update billing_customers set look_at = now() + interval '1 hour', changing_until = ${until} where org_id = $1`,
      )
      await lookAtDue(runtime().intake)
      await lookAtDue(runtime().intake)
      return (await asked('billing.sync')).length
    }
    expect(await changing("now() + interval '1 minute'")).toBe(0)
    expect(await changing("now() - interval '1 second'")).toBe(1)
    const { rows } = await asAdministrator((client) =>
      client.query('select look_at > now() as waits from billing_customers where org_id = $1', [tenant.id]),
    )
    expect(rows).toEqual([{ waits: true }])
  })

  it('puts a mail into the sink once, however often its job runs', async () => {
    const mail = {
      to: `${randomUUID()}@example.test`,
      subject: 'S',
      text: 'T',
      link: 'http://worklane.test/',
    }
    const id = randomUUID()
    for (let n = 0; n < 3; n++) await sendMail(mail, id)
    await sendMail(mail, randomUUID())
    expect((await sunkMail()).filter(({ to }) => to === mail.to)).toHaveLength(2)
  })
})
