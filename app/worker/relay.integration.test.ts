import { activityTopic } from '@worklane/domain/activity/announce.ts'
import { type OutboxJob, recordActivity } from '@worklane/domain/activity/record.ts'
import { execute } from '@worklane/domain/execute.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { moveTask } from '@worklane/domain/tasks/writes.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bornAt, oldestWaiting, prune, relayOnce } from './relay.ts'

describe('the outbox relay', () => {
  const connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
  const pool = new pg.Pool({ connectionString: process.env.RELAY_DATABASE_URL, max: 2 })
  const queue = new Queue<OutboxJob>('outbox-test', { connection })
  let tenant: Tenant

  beforeAll(async () => {
    tenant = await createTenant()
  })
  afterAll(async () => {
    await queue.obliterate({ force: true })
    await queue.close()
    await Promise.allSettled([pool.end(), connection.quit(), closeRuntime()])
  })

  const move = (status: 'todo' | 'doing') =>
    execute(moveTask, tenant.people.member.actor, { taskId: tenant.task, status })

  const waiting = () =>
    asAdministrator(async (client) => {
      const { rowCount } = await client.query('select from outbox where org_id = $1 and relayed_at is null', [
        tenant.id,
      ])
      return rowCount ?? 0
    })

  /** Relays what other tests wrote into the same outbox, too. @returns how many of ours there were */
  async function relayAll(): Promise<number> {
    const ours = await waiting()
    while ((await relayOnce(pool, () => queue)) > 0 || (await waiting()) > 0);
    return ours
  }

  /** Intents against effects, as multisets. */
  const ledger = () =>
    asAdministrator(async (client) => {
      const ids = async (text: string) =>
        (await client.query(text, [tenant.id])).rows.map((row) => row.id as string).sort()
      const intents = await ids('select id from outbox where org_id = $1')
      const effects = await ids('select outbox_id as id from activity where org_id = $1')
      return { intents, effects }
    })

  /** @param least jobs that there have to be before it may be called quiet */
  async function workUntilQuiet(least = 0): Promise<void> {
    const worker = new Worker<OutboxJob>(queue.name, ({ data }) => recordActivity(data), {
      connection: connection.duplicate(),
      // What other tests wrote into the same outbox is done as well, and there may be thousands.
      concurrency: 20,
    })
    await expect
      .poll(
        async () => {
          if ((await ledger()).effects.length < least) return 'too few effects'
          const counts = await queue.getJobCounts('waiting', 'active', 'delayed')
          return Object.values(counts).reduce((a, b) => a + b, 0)
        },
        { timeout: 60_000 },
      )
      .toBe(0)
    await worker.close()
  }

  it('knows how long the oldest of what waits has waited', async () => {
    await relayAll()
    const before = Date.now()
    await move('doing')
    const { intents } = await ledger()
    const born = bornAt(intents.at(-1) ?? '')
    // Postgres' clock is another one than ours.
    expect(Math.abs(born - before)).toBeLessThan(5_000)
    expect(await oldestWaiting(pool)).toBeLessThan(60_000)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await oldestWaiting(pool)).toBeGreaterThanOrEqual(250)
  })

  it('turns each write into one effect', async () => {
    await move('doing')
    await move('todo')
    expect(await relayAll()).toBe(2)
    await workUntilQuiet()
    const { intents, effects } = await ledger()
    expect(intents).toHaveLength(2)
    expect(effects).toEqual(intents)
  })

  it('has nothing left to do after that', async () => {
    expect(await relayAll()).toBe(0)
  })

  it('neither loses nor doubles what was enqueued before a crash and enqueued again after it', async () => {
    await move('doing')
    const crashing = {
      async connect() {
        const client = await pool.connect()
        const send = client.query.bind(client) as (...query: unknown[]) => Promise<pg.QueryResult>
        client.query = ((...query: unknown[]) => {
          if (query[0] === 'commit') throw new Error('crashed before it could say that it has them')
          return send(...query)
        }) as typeof client.query
        const release = client.release.bind(client)
        client.release = () => {
          Reflect.deleteProperty(client, 'query')
          Reflect.deleteProperty(client, 'release')
          release()
        }
        return client
      },
    } as unknown as pg.Pool
    await expect(relayOnce(crashing, () => queue)).rejects.toThrow('crashed')
    expect(await relayAll()).toBe(1)
    await workUntilQuiet()
    const { intents, effects } = await ledger()
    expect(intents).toHaveLength(3)
    expect(effects).toEqual(intents)
  })

  it('has one effect however often a job runs', async () => {
    const { rows } = await asAdministrator((client) =>
      client.query('select id, org_id as "orgId", topic, payload from outbox where org_id = $1 limit 1', [
        tenant.id,
      ]),
    )
    const job = rows[0] as OutboxJob
    expect(job.topic).toBe(activityTopic)
    await Promise.all([recordActivity(job), recordActivity(job), recordActivity(job)])
    const { intents, effects } = await ledger()
    expect(effects).toEqual(intents)
  })

  it('would be seen doubling an effect, or losing one', async () => {
    await asAdministrator((client) =>
      client.query(
        `insert into activity (org_id, outbox_id, task_id, task_key, task_title, kind)
         values ($1, gen_random_uuid(), $2, 'ATL-1', 'x', 'moved')`,
        [tenant.id, tenant.task],
      ),
    )
    const doubled = await ledger()
    expect(doubled.effects).not.toEqual(doubled.intents)
    await asAdministrator((client) => client.query('delete from activity where org_id = $1', [tenant.id]))
    const lost = await ledger()
    expect(lost.effects).not.toEqual(lost.intents)
  })

  it('is shared by several relays and workers, with one effect each', async () => {
    tenant = await createTenant()
    for (let turn = 0; turn < 30; turn++) await move(turn % 2 === 0 ? 'doing' : 'todo')
    const shares: number[] = []
    const relay = async () => {
      let share = 0
      while ((await waiting()) > 0) share += await relayOnce(pool, () => queue, 5)
      shares.push(share)
    }
    await Promise.all([relay(), relay(), workUntilQuiet(30), workUntilQuiet(30)])
    const { intents, effects } = await ledger()
    expect(intents).toHaveLength(30)
    expect(effects).toEqual(intents)
    expect(Math.min(...shares)).toBeGreaterThan(0)
  })

  it('takes of each organisation its share, however many rows one of them has', async () => {
    await relayAll()
    const [many, few] = [await createTenant(), await createTenant()]
    const write = (organisation: string, count: number) =>
      asAdministrator((client) =>
        client.query(
          "insert into outbox (org_id, topic, payload) select $1, 'test', '{}' from generate_series(1, $2::int)",
          [organisation, count],
        ),
      )
    const left = (organisation: string) =>
      asAdministrator(async (client) => {
        const { rows } = await client.query(
          'select count(*)::int as left from outbox where org_id = $1 and relayed_at is null',
          [organisation],
        )
        return rows[0].left as number
      })
    await write(many.id, 500)
    await write(few.id, 3)
    await relayOnce(pool, () => queue, 20)
    expect(await left(few.id)).toBe(0)
    expect(await left(many.id)).toBeGreaterThan(400)
    await relayAll()
  })

  it('has a turn for each of more organisations than a batch has rows', async () => {
    await relayAll()
    const tenants = await Promise.all(Array.from({ length: 5 }, () => createTenant()))
    const ids = tenants.map(({ id }) => id)
    const turn = { after: '00000000-0000-0000-0000-000000000000' }
    await asAdministrator((client) =>
      client.query(
        "insert into outbox (org_id, topic, payload) select unnest($1::uuid[]), 'test', '{}' from generate_series(1, 10)",
        [ids],
      ),
    )
    for (let n = 0; n < 3; n++) await relayOnce(pool, () => queue, 2, turn)
    const { rows } = await asAdministrator((client) =>
      client.query('select distinct org_id from outbox where org_id = any($1) and relayed_at is not null', [
        ids,
      ]),
    )
    expect(rows).toHaveLength(5)
    await relayAll()
  })

  it('prunes what was relayed long ago, and only that', async () => {
    await asAdministrator((client) =>
      client.query(
        `update outbox set relayed_at = now() - interval '8 days'
         where (org_id, id) = (select org_id, id from outbox where org_id = $1 order by id limit 1)`,
        [tenant.id],
      ),
    )
    expect(await prune(pool)).toBeGreaterThanOrEqual(1)
    expect((await ledger()).intents).toHaveLength(29)
  })
})
