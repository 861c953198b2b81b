import { randomUUID } from 'node:crypto'
import { operatorsOf } from '@worklane/data/operators.ts'
import { clientConfigOf } from '@worklane/data/postgres-address.ts'
import { jobsOf } from '@worklane/data/testing/jobs.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import { UtcClient } from '@worklane/data/utc-client.ts'
import { Role } from '@worklane/domain/actor.ts'
import { operatorOperationList } from '@worklane/domain/operators/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { revokeSession } from '@worklane/domain/sessions/sessions.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish } from '@worklane/domain/testing/things.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'
import { type Ask, asKey, asSession, type Input, restAsk, send, trpcAsk } from './testing/asks.ts'

const origin = 'http://worklane.test'

describe('operators', () => {
  const api = createApi({ origin, onError: (error) => console.error(error) })
  const inherited = { ...process.env }
  let database: OwnDatabase
  let jobs: ReturnType<typeof jobsOf>
  let tenant: Tenant
  /** Belongs to an organisation as well, as people do. */
  let staff: Tenant
  let customer: string
  let key: string

  beforeAll(async () => {
    // A database and a queue of their own: workers of other tests take whatever waits.
    database = await ownDatabase()
    const redisUrl = new URL('/9', process.env.REDIS_URL).href
    Object.assign(process.env, {
      ...{ DATABASE_URL: database.adminUrl, APP_DATABASE_URL: database.urls.app, REDIS_URL: redisUrl },
      ...{ AUTH_DATABASE_URL: database.urls.auth, OPERATOR_DATABASE_URL: database.urls.operator },
    })
    jobs = jobsOf(redisUrl)
    await jobs.redis.flushdb()
    ;[tenant, staff] = [await createTenant(), await createTenant()]
    expect(await grants().add(await mailOf(staff))).toBe('added')
    customer = await makeCustomer(tenant)
    key = (await furnish(tenant)).key
  })
  afterAll(async () => {
    await closeRuntime()
    await jobs.close()
    await database.remove()
    Object.assign(process.env, inherited)
  })

  const grants = () => operatorsOf(database.adminUrl)
  const rows = async (text: string) => (await database.query(text)).rows
  const mailOf = async ({ people }: Tenant, role: Role = 'owner') =>
    (await rows(`select email from users where id = '${people[role].actor.userId}'`))[0].email as string
  async function makeCustomer({ id }: Tenant): Promise<string> {
    const stripeId = `cus_${randomUUID().replaceAll('-', '')}`
    await database.query(`insert into billing_customers (org_id, stripe_id) values ('${id}', '${stripeId}')`)
    return stripeId
  }
  const token = () => staff.people.owner.token
  const operation = (name: string) => {
    const found = operatorOperationList.find((each) => each.name === `operator.${name}`)
    if (!found) throw new Error(`operators have no ${name}`)
    return found as unknown as Parameters<typeof restAsk>[0]
  }
  const ask = async (name: string, input: Input = {}, by = token()) => {
    const { status, text } = await send(api, asSession(restAsk(operation(name), input), by))
    return { status, body: JSON.parse(text) }
  }
  const sample: Input = { eventId: 'evt_1', customerId: 'cus_1', queue: 'billing', jobId: '1' }
  const sampleOf = (name: string): Input => {
    const needed = Object.entries(operation(name).input.shape).filter(([, field]) => !field.isOptional())
    return Object.fromEntries(needed.flatMap(([field]) => (field in sample ? [[field, sample[field]]] : [])))
  }
  const names = operatorOperationList.map(({ name }) => name.slice('operator.'.length))

  describe('to everybody else', () => {
    /** All that an answer says, but for what is another each time. */
    const told = async ({ path, init }: Ask) => {
      const response = await api.request(path, init)
      const headers = [...response.headers].filter(([name]) => name !== 'x-request-id')
      const text = (await response.text()).replaceAll(/"requestId":"[^"]*"/g, '')
      return { status: response.status, headers, text }
    }
    /** The same question to an address that does not exist. */
    const elsewhere = ({ path, init }: Ask): Ask => ({
      path: path.replace('/v1/operator', '/v1/nonesuch').replace('/trpc/operator.', '/trpc/nonesuch.'),
      init,
    })
    const asIfElsewhere = async (question: Ask) => {
      const { text, ...there } = await told(elsewhere(question))
      return { ...there, text: text.replaceAll('nonesuch', 'operator') }
    }
    const everybody = () => {
      const roles = Role.options.map(
        (role) => [role, (question: Ask) => asSession(question, tenant.people[role].token)] as const,
      )
      return [
        ['nobody', (question: Ask) => question],
        ['a session that is none', (question: Ask) => asSession(question, 'made-up')],
        ['an API key', (question: Ask) => asKey(question, key)],
        // The session alone would do; with a key it is the key that asks.
        ['an operator’s key', (question: Ask) => asKey(asSession(question, token()), key)],
        ...roles,
      ] as const
    }

    it.each(names)('%s is an address that does not exist, by both doors, to the byte', async (name) => {
      const asked = operation(name)
      for (const door of [restAsk, trpcAsk])
        for (const [who, as] of everybody()) {
          const question = as(door(asked, sampleOf(name)))
          const answer = await told(question)
          expect([who, answer.status]).toEqual([who, 404])
          expect([who, answer]).toEqual([who, await asIfElsewhere(question)])
        }
    })

    it('would be seen to be there, if it were', async () => {
      const question = restAsk(operation('events'), {})
      expect(await told({ ...question, path: '/v1/me' })).not.toEqual(await asIfElsewhere(question))
      const mine = asSession(question, token())
      expect((await told(mine)).status).toBe(200)
      expect(await told(mine)).not.toEqual(await asIfElsewhere(mine))
    })

    it('stands in no document', async () => {
      const document = await (await api.request('/openapi.json', {})).text()
      expect(document).toContain('/v1/billing')
      expect(document).not.toContain('operator')
    })
  })

  it.each(names)(
    '%s answers an operator, by both doors, or says what is wrong with the input',
    async (name) => {
      for (const door of [restAsk, trpcAsk]) {
        const { status } = await send(api, asSession(door(operation(name), sampleOf(name)), token()))
        // The customer, the event and the job of the sample are not there.
        expect([name, status]).toEqual([
          name,
          /s$/.test(name) ? 200 : name === 'retry' || name === 'discard' ? 409 : 404,
        ])
      }
      const wrong = await send(
        api,
        asSession(
          restAsk(operation(name), {
            ...sampleOf(name),
            queue: 'x',
            jobId: 'a b',
            limit: 0,
            eventId: 'x',
            customerId: 'x',
          }),
          token(),
        ),
      )
      expect(wrong.status).toBe(400)
    },
  )

  describe('is somebody', () => {
    it('whose address is proved, until that is taken back, from one request to the next', async () => {
      const { token: other, actor } = staff.people.admin
      const mail = await mailOf(staff, 'admin')
      expect((await ask('events', {}, other)).status).toBe(404)
      await database.query(`update users set email_verified = null where id = '${actor.userId}'`)
      expect(await grants().add(mail)).toBe('not proved')
      await database.query(`update users set email_verified = now() where id = '${actor.userId}'`)
      expect(await grants().add(mail.toUpperCase())).toBe('added')
      expect(await grants().add(mail)).toBe('already')
      expect((await grants().list()).map(({ email }) => email)).toContain(mail)
      expect((await ask('events', {}, other)).status).toBe(200)
      await database.query(`update users set email_verified = null where id = '${actor.userId}'`)
      expect((await ask('events', {}, other)).status).toBe(404)
      await database.query(`update users set email_verified = now() where id = '${actor.userId}'`)
      expect((await ask('events', {}, other)).status).toBe(200)
      expect(await grants().remove(mail)).toBe('removed')
      expect((await ask('events', {}, other)).status).toBe(404)
      expect(await grants().remove(mail)).toBe('no operator')
      expect(await grants().add('nobody@example.test')).toBe('no account')
    })

    it('who is signed in, and who has left every organisation as well', async () => {
      const { token: other, actor } = staff.people.manager
      await grants().add(await mailOf(staff, 'manager'))
      await database.query(`delete from memberships where user_id = '${actor.userId}'`)
      expect((await ask('events', {}, other)).status).toBe(200)
      await revokeSession(other)
      expect((await ask('events', {}, other)).status).toBe(404)
    })

    it('of whom there is none where this is off', async () => {
      const { OPERATOR_DATABASE_URL: url } = process.env
      await closeRuntime()
      delete process.env.OPERATOR_DATABASE_URL
      try {
        expect((await ask('events')).status).toBe(404)
      } finally {
        await closeRuntime()
        process.env.OPERATOR_DATABASE_URL = url
      }
      expect((await ask('events')).status).toBe(200)
    })
  })

  describe('see events', () => {
    const insert = (id: string, of: string | null, more = '') =>
      database.query(
        `insert into stripe_events (id, type, customer, created, received_at, payload, processed_at)
         values ('evt_${id}', 'invoice.paid', ${of === null ? 'null' : `'${of}'`}, '2026-11-01T12:00:00Z',
           now(), '{"id":"evt_${id}","data":{"object":{"status":"paid","customer_email":"ada@example.test"}}}',
           ${more || 'null'})`,
      )
    let mine: Tenant

    beforeAll(async () => {
      mine = await createTenant()
      const of = await makeCustomer(mine)
      // As they are taken in: of nobody of ours there is nothing to wait for.
      await insert('ignored', null, 'now()')
      await insert('stranger', 'cus_ofnobody', 'now()')
      await insert('processed', of, 'now()')
      await insert('waiting', of)
    })

    const states = async (input: Input = {}) => {
      const { body } = await ask('events', input)
      return Object.fromEntries(
        body.items.map(({ id, state }: { id: string; state: string }) => [id.slice(4), state]),
      )
    }

    it('with their state, which can be asked for', async () => {
      const all = { ignored: 'ignored', stranger: 'ignored', processed: 'processed', waiting: 'waiting' }
      expect(await states()).toEqual(all)
      expect(await states({ state: 'ignored' })).toEqual({ ignored: 'ignored', stranger: 'ignored' })
      expect(await states({ state: 'waiting' })).toEqual({ waiting: 'waiting' })
      expect(await states({ type: 'invoice.voided' })).toEqual({})
      expect(await states({ customer: 'cus_ofnobody' })).toEqual({ stranger: 'ignored' })
    })

    it('as dead once a reading that was asked for after them has failed for good', async () => {
      expect(await states({ state: 'dead' })).toEqual({})
      // Usage that Stripe did not take is no reading.
      await jobs.fail('usage', { name: 'billing.usage', orgId: mine.id })
      await jobs.fail('billing', { name: 'billing.usage', orgId: mine.id })
      expect(await states({ state: 'dead' })).toEqual({})
      await jobs.fail('billing', { name: 'billing.sync', orgId: mine.id })
      expect(await states({ state: 'dead' })).toEqual({ waiting: 'dead' })
      await insert('later', (await ask('events', { state: 'dead' })).body.items[0].customer, 'null')
      expect(
        await states({ customer: (await ask('events', { state: 'dead' })).body.items[0].customer }),
      ).toEqual({
        processed: 'processed',
        waiting: 'dead',
        later: 'waiting',
      })
    })

    it('page by page, of the same moment too', async () => {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const { body } = await ask('events', { limit: 2, ...(cursor ? { cursor } : {}) })
        seen.push(...body.items.map(({ id }: { id: string }) => id))
        cursor = body.nextCursor ?? undefined
      } while (cursor)
      expect(seen).toEqual([...seen].sort().reverse())
      expect(seen).toHaveLength(5)
    })

    it('with what they hold, but for what is personal', async () => {
      const { body } = await ask('event', { eventId: 'evt_waiting' })
      expect(body).toMatchObject({ payload: { id: 'evt_waiting', data: { object: { status: 'paid' } } } })
      expect(JSON.stringify(body)).not.toContain('ada@')
    })
  })

  describe('have a customer looked at', () => {
    it('of whom they see what we hold', async () => {
      await furnish(staff)
      const [{ stripe_id: theirs }] = await rows(
        `select stripe_id from billing_customers where org_id = '${staff.id}'`,
      )
      const { body } = await ask('customer', { customerId: theirs })
      expect(body).toMatchObject({
        organisation: { id: staff.id, plan: 'team', readOnlyAt: null },
        readings: { begun: 0, written: 0, writtenAt: null, hasFailed: false },
        subscription: { status: 'canceled', plan: 'team', interval: 'month', seats: 1, trialEnd: null },
        waiting: 0,
      })
    })

    it('with the subscription that counts: the first that goes on, else the last that ended', async () => {
      const begin = (id: string, status: string, day: string) =>
        database.query(
          `insert into subscriptions (org_id, id, status, plan, "interval", seats, currency, seat_amount,
             period_start, period_end, created_at)
           values ('${tenant.id}', 'sub_of_two_${id}', '${status}', 'team', 'month', 1, 'eur', 800,
             '${day}', '${day}', '${day}')`,
        )
      const shown = async () => (await ask('customer', { customerId: customer })).body.subscription.id
      await begin('a', 'canceled', '2031-01-01')
      await begin('b', 'canceled', '2031-02-01')
      expect(await shown()).toBe('sub_of_two_b')
      await begin('c', 'active', '2030-01-02')
      await begin('d', 'active', '2030-01-01')
      expect(await shown()).toBe('sub_of_two_d')
      await database.query("delete from subscriptions where id like 'sub_of_two_%'")
    })

    it('which the organisation reads in its own log, as done by Worklane and by nobody', async () => {
      expect((await ask('resync', { customerId: customer })).status).toBe(200)
      const [work] = await rows(
        `select topic, payload from outbox where org_id = '${tenant.id}' and topic = 'billing.sync'`,
      )
      expect(work).toEqual({ topic: 'billing.sync', payload: {} })
      const { text } = await send(
        api,
        asSession(
          { path: '/v1/audit?operation=operator.resync', init: { headers: {} } },
          tenant.people.owner.token,
        ),
      )
      const { items } = JSON.parse(text)
      expect(items).toEqual([
        expect.objectContaining({ actor: null, apiKeyId: null, target: `customer ${customer}` }),
      ])
      expect(text).not.toContain(staff.people.owner.actor.userId)
    })

    it('and every one of these is in the operators’ log, with who, what and how it ended', async () => {
      await ask('resync', { customerId: 'cus_nobodys' })
      const log = await rows(
        `select action, target, outcome, operator_email as who, request_id <> '' as "hasRequest"
         from operator_actions where action = 'operator.resync' and target <> 'cus_1' order by id`,
      )
      const common = { action: 'operator.resync', who: await mailOf(staff), hasRequest: true }
      expect(log).toEqual([
        { ...common, target: customer, outcome: 'asked' },
        { ...common, target: customer, outcome: 'done' },
        { ...common, target: 'cus_nobodys', outcome: 'asked' },
        { ...common, target: 'cus_nobodys', outcome: 'refused' },
      ])
    })

    it('which operators read, page by page', async () => {
      const all = (await ask('actions', { limit: 100 })).body.items
      expect(all[0]).toMatchObject({
        ...{ operator: await mailOf(staff), action: 'operator.resync', target: 'cus_nobodys' },
        ...{ outcome: 'refused', detail: expect.stringContaining('No organisation is the customer') },
      })
      const first = (await ask('actions', { limit: 1 })).body
      const second = (await ask('actions', { limit: 1, cursor: first.nextCursor })).body
      expect([...first.items, ...second.items]).toEqual(all.slice(0, 2))
      // Granting is in it as well, as done by nobody who is one.
      expect(all.find(({ action }: { action: string }) => action === 'operator.add').operator).toBeNull()
    })

    it('or not at all, where it cannot be logged', async () => {
      const before = (await rows(`select from outbox where org_id = '${tenant.id}'`)).length
      await database.query('revoke insert on operator_actions from worklane_operator')
      try {
        expect((await ask('resync', { customerId: customer })).status).toBe(500)
      } finally {
        await database.query('grant insert on operator_actions to worklane_operator')
      }
      expect((await rows(`select from outbox where org_id = '${tenant.id}'`)).length).toBe(before)
      expect((await ask('resync', { customerId: customer })).status).toBe(200)
      expect((await rows(`select from outbox where org_id = '${tenant.id}'`)).length).toBe(before + 1)
    })
  })

  describe('see dead letters', () => {
    type Letter = {
      id: string
      queue: string
      name: string
      organisation: object | null
      error: string
      tries: number
    }
    const letters = async (input: Input = {}): Promise<Letter[]> =>
      (await ask('deadLetters', input)).body.items

    it('of every queue with why they failed, and nothing of what they hold', async () => {
      await jobs.redis.flushdb()
      const ids = [
        await jobs.fail('notifications', { name: 'mail', orgId: tenant.id }),
        await jobs.fail('billing', { name: 'billing.sync', orgId: randomUUID() }),
        await jobs.fail('schedules', { name: 'sweep-billing', id: 'repeat:sweep:1' }),
      ]
      const { text } = await send(api, asSession(restAsk(operation('deadLetters'), {}), token()))
      expect(text).not.toContain('of the payload')
      const found = JSON.parse(text).items
      expect(found.map(({ id }: Letter) => id)).toEqual([...ids].reverse())
      expect(found[2]).toMatchObject({
        ...{ queue: 'notifications', name: 'mail', tries: 1, error: 'cannot do mail' },
        organisation: { id: tenant.id },
      })
      // One that is gone is called nothing.
      expect([found[1].organisation.name, found[0].organisation]).toEqual(['', null])
      expect((await letters({ queue: 'billing' })).map(({ id }) => id)).toEqual([ids[1]])
    })

    it('page by page, though one is retried meanwhile, and several failed in one moment', async () => {
      await jobs.redis.flushdb()
      const ids: string[] = []
      for (let n = 0; n < 5; n++)
        ids.push(await jobs.fail(n % 2 ? 'notifications' : 'billing', { name: `job${n}` }))
      // The sorted sets that the pages stand on: all of one moment.
      for (const queue of ['notifications', 'billing'])
        for (const id of await jobs.redis.zrange(`bull:${queue}:failed`, '0', '-1')) {
          await jobs.redis.zadd(`bull:${queue}:failed`, 1_796_000_000_000, id)
          await jobs.redis.hset(`bull:${queue}:${id}`, 'finishedOn', 1_796_000_000_000)
        }
      const first = (await ask('deadLetters', { limit: 2 })).body
      const [retried] = first.items
      expect((await ask('retry', { queue: retried.queue, jobId: retried.id })).status).toBe(200)
      const second = (await ask('deadLetters', { limit: 2, cursor: first.nextCursor })).body
      const third = (await ask('deadLetters', { limit: 2, cursor: second.nextCursor })).body
      const seen = [first, second, third].flatMap(({ items }) => items.map(({ id }: Letter) => id))
      expect(seen).toEqual([...ids].sort().reverse())
      expect(third.nextCursor).toBeNull()
    })

    it('and retry them: then they succeed', async () => {
      await jobs.redis.flushdb()
      const id = await jobs.fail('billing', { name: 'billing.sync', orgId: tenant.id })
      expect((await ask('retry', { queue: 'billing', jobId: id })).body).toEqual({ queue: 'billing', id })
      expect(await letters()).toEqual([])
      expect(await jobs.work('billing')).toBe(id)
      expect(await letters()).toEqual([])
    })

    it('of two at once one retries, and the other is told', async () => {
      await jobs.redis.flushdb()
      const id = await jobs.fail('notifications', { name: 'mail' })
      const both = await Promise.all([1, 2].map(() => ask('retry', { queue: 'notifications', jobId: id })))
      expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
      expect(both.find(({ status }) => status === 409)?.body.detail).toMatch(/somebody else was faster/)
    })

    it('discard them for good, and never one that another has retried', async () => {
      await jobs.redis.flushdb()
      for (let round = 0; round < 10; round++) {
        const id = await jobs.fail('notifications', { name: 'mail' })
        const asked = round % 2 ? ['retry', 'discard'] : ['discard', 'retry']
        const both = await Promise.all(asked.map((name) => ask(name, { queue: 'notifications', jobId: id })))
        expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
        const [wonBy] = asked.filter((_, index) => both[index]?.status === 200)
        expect(await jobs.redis.exists(`bull:notifications:${id}`)).toBe(wonBy === 'retry' ? 1 : 0)
        if (wonBy === 'retry') expect(await jobs.work('notifications')).toBe(id)
      }
    })

    it('would lose one that was retried, if nobody looked after that', async () => {
      const id = await jobs.fail('notifications', { name: 'mail' })
      const queue = jobs.queue('notifications')
      const job = await queue.getJob(id)
      expect(await jobs.letters.retry('notifications', id)).toBe(true)
      // As `discard` does it, but for the question whether it has failed.
      await job?.remove()
      expect(await queue.getJob(id)).toBeUndefined()
      expect(await jobs.letters.discard('notifications', id)).toBe(false)
      await queue.close()
    })
  })

  describe('as a role of the database', () => {
    const as = async (url: string, text: string): Promise<string> => {
      const client = new UtcClient(clientConfigOf('OPERATOR_DATABASE_URL', url))
      await client.connect()
      return client
        .query(text)
        .then(
          ({ rowCount }) => `${rowCount} rows`,
          (error: Error) => error.message,
        )
        .finally(() => client.end())
    }
    const refused = /permission denied|row-level security policy/

    it.each([
      ...[
        'tasks',
        'projects',
        'comments',
        'users',
        'sessions',
        'memberships',
        'api_keys',
        'invoices',
        'payments',
      ],
      ...[
        'ledger_entries',
        'audit_log',
        'notifications',
        'ended_customers',
        'operators',
        'outbox',
        'activity',
      ],
    ])('cannot read %s', async (table) => {
      expect(await as(database.urls.operator, `select 1 from ${table}`)).toMatch(refused)
    })

    it.each([
      [
        'an event',
        "insert into stripe_events (id, type, created, payload) values ('evt_x', 'x', now(), '{}')",
      ],
      ['what became of an event', 'update stripe_events set processed_at = now()'],
      ['an event away', 'delete from stripe_events'],
      ['a customer', 'update billing_customers set readings = 0'],
      ['a plan', "update organisations set plan = 'business'"],
      ['who is an operator', 'insert into operators select user_id from operators'],
      ['itself an operator', "select add_operator('a@b.test')"],
      ['its own log anew', "update operator_actions set outcome = 'done'"],
      ['its own log away', 'delete from operator_actions'],
      [
        'its log under no name',
        "insert into operator_actions (action, target, outcome) values ('x', 'x', 'done')",
      ],
      [
        'other work than a reading',
        "insert into outbox (org_id, topic, payload) select org_id, 'mail', '{}' from billing_customers limit 1",
      ],
      [
        'an organisation’s log as somebody else',
        "insert into audit_log (org_id, operation, target) select org_id, 'task.update', 'x' from billing_customers limit 1",
      ],
    ])('cannot write %s', async (_, text) => {
      expect(await as(database.urls.operator, text)).toMatch(refused)
    })

    it('can do what it is for, so that these refusals say something', async () => {
      const { operator } = database.urls
      expect(await as(operator, 'select id, payload from stripe_events limit 1')).toBe('1 rows')
      const reading =
        "insert into outbox (org_id, topic, payload) select org_id, 'billing.sync', '{}' from billing_customers limit 1"
      expect(await as(operator, reading)).toBe('1 rows')
    })

    it('is the only one that sees the log, and no other role says who is an operator', async () => {
      for (const kind of ['app', 'worker', 'auth', 'relay', 'intake'] as const) {
        const url = database.urls[kind]
        expect([kind, await as(url, 'select 1 from operator_actions')]).toEqual([
          kind,
          expect.stringMatching(refused),
        ])
        for (const text of [
          `insert into operators (user_id) values ('${staff.people.viewer.actor.userId}')`,
          'delete from operators',
          "select remove_operator('a@b.test')",
        ])
          expect([kind, await as(url, text)]).toEqual([kind, expect.stringMatching(refused)])
      }
    })
  })
})
