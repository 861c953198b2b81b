import { type RunningSandbox, startSandbox } from '@headroom/payments-sandbox/server.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { ensureCatalogue, priceOf } from '@worklane/domain/billing/catalogue.ts'
import { converge } from '@worklane/domain/billing/converge.ts'
import { ensureCustomer } from '@worklane/domain/billing/customer.ts'
import { stripe as clientOf } from '@worklane/domain/billing/stripe.ts'
import { closeRuntime, runtime } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { oldestEvent, recordRead } from './billing.ts'
import { bornAt, relayAgain, relayOnce, relayUnsettled } from './relay.ts'
import { settle } from './settled.ts'

describe('work of billing', () => {
  const connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
  const queue = new Queue<OutboxJob>('lost-jobs-test', { connection })
  const shared = { ...process.env }
  let database: OwnDatabase
  let relay: pg.Pool
  let sandbox: RunningSandbox
  let tenant: Tenant
  let customer: string
  const stripe = () => {
    const client = clientOf()
    if (!client) throw new Error('billing is off')
    return client
  }

  beforeAll(async () => {
    // It relays whatever there is, which others wait for.
    database = await ownDatabase()
    const { worker, auth, intake, relay: relayUrl } = database.urls
    process.env.DATABASE_URL = database.adminUrl
    process.env.APP_DATABASE_URL = worker
    process.env.AUTH_DATABASE_URL = auth
    process.env.INTAKE_DATABASE_URL = intake
    relay = new pg.Pool({ connectionString: relayUrl, max: 2 })
    // Its connections end with the database.
    relay.on('error', () => {})
    sandbox = await startSandbox({ seed: 'lost jobs', frozen: true })
    process.env.STRIPE_SECRET_KEY = sandbox.secretKey
    process.env.STRIPE_API_URL = sandbox.origin
    await ensureCatalogue(stripe())
  })
  afterAll(async () => {
    await queue.obliterate({ force: true })
    await queue.close()
    await Promise.allSettled([relay.end(), connection.quit(), closeRuntime(), sandbox.close()])
    Object.assign(process.env, shared)
    await database.remove()
  })
  beforeEach(async () => {
    tenant = await createTenant()
    customer = await ensureCustomer(stripe(), tenant.people.owner.actor)
  })

  const rowsOf = (text: string, values: unknown[] = [tenant.id]) =>
    asAdministrator(async (client) => (await client.query(text, values)).rows)
  /** An event that came so long ago, with its work. @returns the id of the work */
  async function come(id: string, age = '0 s'): Promise<string> {
    await rowsOf(
      `insert into stripe_events (id, type, customer, created, received_at, payload)
       values ($1, 'invoice.paid', $2, now(), now() - $3::interval, '{}')`,
      [id, customer, age],
    )
    const [work] = await rowsOf(
      `insert into outbox (org_id, topic, payload) values ($1, 'billing.sync', '{}') returning id`,
    )
    return work.id
  }
  const relayAll = async () => {
    while ((await relayOnce(relay, () => queue)) > 0);
  }
  const processed = async (id: string) =>
    (await rowsOf('select processed_at from stripe_events where id = $1', [id]))[0].processed_at

  it('that a Redis lost is enqueued again until a reading has covered it, and is there once', async () => {
    const work = await come(`evt_${tenant.id}`)
    await relayAll()
    expect(await queue.getJob(work)).toBeDefined()
    await queue.obliterate({ force: true })
    expect(await queue.getJob(work)).toBeUndefined()
    // Nothing else would bring it back.
    await relayAll()
    expect(await queue.getJob(work)).toBeUndefined()
    for (let n = 0; n < 3; n++) await relayAgain(relay, () => queue, 0)
    const jobs = (await queue.getJobs()).filter(({ data }) => data.orgId === tenant.id)
    expect(jobs.map(({ id }) => id)).toEqual([work])
    const seenAt = jobs[0]?.data.seenAt as string
    expect(await converge(stripe(), tenant.id, new Date(seenAt))).toBe('written')
    await queue.obliterate({ force: true })
    await relayAgain(relay, () => queue, 0)
    expect(await queue.getJob(work)).toBeUndefined()
  })

  it('that failed for good stays so, and is asked for again once it is discarded', async () => {
    const work = await come(`evt_${tenant.id}`)
    await relayAll()
    const failing = async () => {
      throw new Error('Stripe is broken')
    }
    const worker = new Worker(queue.name, failing, { connection })
    const state = async () => (await queue.getJob(work))?.getState()
    await expect.poll(state).toBe('failed')
    await worker.close()
    expect(await relayAgain(relay, () => queue, 0)).toBeGreaterThan(0)
    expect(await state()).toBe('failed')
    await (await queue.getJob(work))?.remove()
    await relayAgain(relay, () => queue, 0)
    expect(await state()).toBe('waiting')
    await queue.obliterate({ force: true })
  })

  describe('that is to send a mail', () => {
    /** A mail that was written and relayed. @returns the id of its work */
    async function letter(): Promise<string> {
      const [{ id }] = await rowsOf(
        "insert into outbox (org_id, topic, payload) values ($1, 'mail', '{}') returning id",
      )
      await relayAll()
      return id
    }
    const again = (seconds: number) =>
      relayUnsettled(
        relay,
        () => queue,
        (_, id) => queue.getJobState(id),
        seconds,
      )
    const settledAt = async (id: string) =>
      (await rowsOf('select settled_at from outbox where org_id = $1 and id = $2', [tenant.id, id]))[0]
        .settled_at

    it('is enqueued again where a Redis lost it, until it was sent, and is there once', async () => {
      const id = await letter()
      await again(0)
      expect((await queue.getJobs()).filter((job) => job.id === id)).toHaveLength(1)
      await queue.obliterate({ force: true })
      await again(20)
      expect(await queue.getJob(id)).toBeUndefined()
      for (let n = 0; n < 3; n++) await again(0)
      const jobs = (await queue.getJobs()).filter(({ data }) => data.orgId === tenant.id)
      expect(jobs.map((job) => job.id)).toEqual([id])
      await settle(relay, [{ orgId: tenant.id, id }])
      await queue.obliterate({ force: true })
      await again(0)
      expect(await queue.getJob(id)).toBeUndefined()
    })

    it.each(['sent', 'a dead letter'])(
      'is settled where a worker ended before it could say that it is %s',
      async (end) => {
        const id = await letter()
        const worker = new Worker(
          queue.name,
          async () => {
            if (end !== 'sent') throw new Error('no mail server')
          },
          { connection },
        )
        await expect.poll(async () => (await queue.getJob(id))?.finishedOn, { timeout: 20_000 }).toBeDefined()
        await worker.close()
        expect(await settledAt(id)).toBeNull()
        await again(0)
        expect(await settledAt(id)).toBeInstanceOf(Date)
        await queue.obliterate({ force: true })
      },
    )

    it('is not brought back a day later', async () => {
      const id = await letter()
      await rowsOf("update outbox set relayed_at = now() - interval '25 hours' where org_id = $1")
      await queue.obliterate({ force: true })
      await again(0)
      expect(await queue.getJob(id)).toBeUndefined()
    })
  })

  it('is not enqueued again while its reading may still be under way', async () => {
    const work = await come(`evt_${tenant.id}`)
    await relayAll()
    await queue.obliterate({ force: true })
    await relayAgain(relay, () => queue, 20)
    expect(await queue.getJob(work)).toBeUndefined()
  })

  it('marks an event once a reading that began after it came was written, and no sooner', async () => {
    const [before, after] = [`evt_before_${tenant.id}`, `evt_after_${tenant.id}`]
    await come(before, '2 s')
    await recordRead(runtime().intake)
    expect(await processed(before)).toBeNull()
    expect(await oldestEvent(runtime().intake)).toBeGreaterThanOrEqual(2)
    expect(await converge(stripe(), tenant.id)).toBe('written')
    await come(after)
    expect(await recordRead(runtime().intake, tenant.id)).toBe(1)
    expect(await processed(before)).toBeInstanceOf(Date)
    expect(await processed(after)).toBeNull()
    // By the schedule as well, for where a worker ended between the reading and the mark.
    await converge(stripe(), tenant.id)
    await recordRead(runtime().intake)
    expect(await processed(after)).toBeInstanceOf(Date)
  })

  it('has no event wait for ever whose organisation is gone', async () => {
    const id = `evt_${tenant.id}`
    await come(id)
    await rowsOf('delete from organisations where id = $1')
    await recordRead(runtime().intake)
    expect(await processed(id)).toBeInstanceOf(Date)
  })

  it('of a member whose transaction was still open as a reading began is done', async () => {
    const { id: method } = await stripe().paymentMethods.attach('pm_card_visa', { customer })
    const price = await priceOf(stripe(), 'team', 'month')
    const subscription = await stripe().subscriptions.create({
      ...{ customer, default_payment_method: method, items: [{ price: price.id, quantity: 5 }] },
    })
    await converge(stripe(), tenant.id)
    await asAdministrator(async (client) => {
      await client.query('begin')
      await client.query(
        `with person as (insert into users (email, name) values (gen_random_uuid() || '@example.test', 'P') returning id)
         insert into memberships (org_id, user_id, role) select $1, id, 'viewer' from person`,
        [tenant.id],
      )
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(await converge(stripe(), tenant.id)).toBe('written')
      await client.query('commit')
    })
    await relayAll()
    const [work] = await rowsOf('select id from outbox where org_id = $1 order by id desc limit 1')
    const job = await queue.getJob(work.id)
    // When its row was written the reading had not begun: by that it would be known, and was not.
    expect(await converge(stripe(), tenant.id, new Date(bornAt(work.id)))).toBe('known')
    expect(await converge(stripe(), tenant.id, new Date(job?.data.seenAt as string))).toBe('written')
    const { items } = await stripe().subscriptions.retrieve(subscription.id)
    expect(items.data[0]?.quantity).toBe(6)
  })
})
