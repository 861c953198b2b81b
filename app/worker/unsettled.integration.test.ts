import { UtcClient } from '@worklane/data/utc-client.ts'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type OwnDatabase, ownDatabase } from '../data/testing/own-database.ts'
import { relayAgain, relayUnsettled } from './relay.ts'

const [busy, other] = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002']
/** So much one round asks Redis for. */
const ofARound = 10_000

describe('a job that Redis lost', () => {
  let database: OwnDatabase
  let pool: pg.Pool

  beforeAll(async () => {
    database = await ownDatabase()
    pool = new pg.Pool({ Client: UtcClient, connectionString: database.urls.relay, max: 2 })
    // Its connections end with the database.
    pool.on('error', () => {})
  })
  beforeEach(async () => {
    await database.query('delete from organisations')
    await database.query(
      `insert into organisations (id, name, slug) values ('${busy}', 'A', 'a-a'), ('${other}', 'B', 'b-b')`,
    )
  })
  afterAll(async () => {
    await pool.end()
    await database.remove()
  })

  /** Rows that were relayed at one moment, as one batch is. */
  const relayed = (orgId: string, topic: string, count: number, age: string) =>
    database.query(
      `insert into outbox (org_id, topic, payload, relayed_at)
       select '${orgId}', '${topic}', '{}', now() - interval '${age}' from generate_series(1, ${count})`,
    )
  /** Redis has everything but notifications. */
  function asking(lost = 'notification') {
    let asked = 0
    const added: string[] = []
    const walk = { after: null }
    const intake = {
      addBulk: async (jobs: { name: string }[]) => added.push(...jobs.map(({ name }) => name)),
    }
    const stateOf = async (topic: string) => {
      asked++
      return topic === lost ? 'unknown' : 'prioritized'
    }
    return {
      added,
      async round() {
        asked = 0
        await relayUnsettled(pool, () => intake, stateOf, undefined, walk)
        return asked
      },
    }
  }

  it('is found behind a thousand older ones of another organisation that wait', async () => {
    await relayed(busy, 'webhook.delivery', 1_000, '3 hours')
    await relayed(other, 'notification', 1, '2 hours')
    const { added, round } = asking()
    await round()
    expect(added).toEqual(['notification'])
  })

  it('is found behind more than one round looks at, by the next one; and after the last the first comes again', async () => {
    await relayed(busy, 'webhook.delivery', ofARound + 500, '3 hours')
    await relayed(other, 'notification', 1, '2 hours')
    const { added, round } = asking()
    expect(await round()).toBe(ofARound)
    expect(added).toEqual([])
    expect(await round()).toBe(501)
    expect(added).toEqual(['notification'])
    expect(await round()).toBe(ofARound)
  })

  it('is looked for no more than once in a round', async () => {
    await relayed(other, 'notification', 2_500, '2 hours')
    const { added, round } = asking()
    expect(await round()).toBe(2_500)
    expect(added).toHaveLength(2_500)
  })

  it('and was to read a customer is found behind a thousand others that wait', async () => {
    await database.query(
      `with made as (
         insert into organisations (name, slug) select 'C', 'c-' || n from generate_series(1, 1500) n returning id
       ), customers as (
         insert into billing_customers (org_id, stripe_id) select id, 'cus_' || id from made
       )
       insert into outbox (org_id, topic, payload, relayed_at)
       select id, 'billing.sync', '{}', now() - interval '1 minute' from made`,
    )
    const asked = new Set<string>()
    const intake = {
      addBulk: async (jobs: { data: { orgId: string } }[]) => {
        for (const { data } of jobs) asked.add(data.orgId)
      },
    }
    const walk = { after: null }
    const rounds = []
    for (let n = 0; n < 3; n++) rounds.push(await relayAgain(pool, () => intake, undefined, walk))
    expect(rounds).toEqual([1_000, 500, 1_000])
    expect(asked.size).toBe(1_500)
  })
})
