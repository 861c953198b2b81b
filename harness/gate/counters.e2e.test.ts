import { calls } from '@headroom/loadtests/journeys/calls.ts'
import { type Counters, judgeCounters, lesser } from '@headroom/perf-budgets/gate/counters.ts'
import { gate } from '@headroom/perf-budgets/slo.ts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stack, startStack } from '../stack/stack.ts'
import { countersOf } from './counters.ts'
import { effectsOfWrites } from './operations.ts'
import { deployed, type Side } from './sides.ts'
import { openStatements } from './statements.ts'

/** Tenants enough for three rounds that have none in common. */
const population = { seed: 1, organisations: 24, users: 360 }

describe('what a gate counts of Worklane', () => {
  let stack: Stack
  let side: Side
  let counted: Counters

  beforeAll(async () => {
    stack = await startStack({ population, env: { RATE_LIMIT_SCALE: '20' } })
    side = {
      ...deployed('head', stack.origin, stack.sessionSecret),
      databaseUrl: stack.env.DATABASE_URL,
      webUrl: stack.addresses.web,
    }
    counted = await countersOf(side, population)
  })
  afterAll(() => stack?.stop())

  it('is queries and bytes of every page and every read', () => {
    const { queries = {}, bytes = {} } = counted
    expect(Object.keys(queries).length).toBeGreaterThan(40)
    expect(Object.keys(queries)).toEqual(expect.arrayContaining(Object.keys(bytes)))
    expect(queries['page /dashboard']).toBeGreaterThan(0)
    // A page is rendered once: what is not cached, the list of one's organisations, is asked for once.
    expect(queries['page /search']).toBe(1)
    // Nobody's page asks nothing of the database.
    expect(queries['page /pricing']).toBe(0)
    expect(Math.min(...Object.values(bytes))).toBeGreaterThan(0)
  })

  it('is queries of every operation by both doors, and of what the workers do after writes', () => {
    const { queries = {} } = counted
    for (const { operation, rest } of calls) {
      // A tenant of the population has none of these to read but on the tour, after its writes.
      if (['webhook.get', 'webhook.deliveries', 'export.get', 'import.get', 'file.link'].includes(operation))
        continue
      // Who has no subscription is refused it: it is counted by the other door.
      if (operation !== 'billing.preview') expect(queries, rest).toHaveProperty([rest])
      expect(queries, operation).toHaveProperty([`trpc ${operation}`])
    }
    const write = 'POST /v1/projects/:projectId/tasks'
    expect(queries[write]).toBeGreaterThan(3)
    expect(queries['trpc task.create']).toBe(queries[write])
    expect(queries[effectsOfWrites]).toBeGreaterThan(0)
  })

  it('is the scripts of pages, and what the busiest of them allocate', () => {
    const { script = {}, allocated = {} } = counted
    expect(script['page /dashboard']).toBeGreaterThan(100_000)
    expect(script['page /dashboard']).toBeLessThan(300_000)
    expect(Object.keys(allocated)).toHaveLength(3)
    for (const bytes of Object.values(allocated)) expect(bytes).toBeGreaterThan(10_000)
  })

  it('waits for what the workers have to do, and does not take what failed for done', async () => {
    const statements = await openStatements(stack.env.DATABASE_URL ?? '')
    const client = new pg.Client({ connectionString: stack.env.DATABASE_URL })
    await client.connect()
    try {
      await statements.untilIdle()
      await client.query(`insert into outbox (org_id, topic, payload, relayed_at)
        select id, 'task.activity', '{}', now() from organisations limit 1`)
      await expect(statements.untilIdle(1_500)).rejects.toThrow('the workers were not done within 1.5 s')
      await client.query("delete from outbox where payload = '{}'")
      await statements.untilIdle()
    } finally {
      await Promise.all([client.end(), statements.end()])
    }
  })

  it('is less of a deployment of somebody’s', async () => {
    const foreign = { ...side, databaseUrl: undefined, webUrl: undefined }
    const once = await countersOf(foreign, population)
    expect([once.queries, once.allocated]).toEqual([undefined, undefined])
    // The same questions have the same answers, in however many pieces they come.
    const again = await countersOf(foreign, population)
    expect(judgeCounters(once, again, gate.counters).findings).toEqual([])
    expect(again.bytes?.['page /tasks']).toBe(once.bytes?.['page /tasks'])
  })

  it('tells of an N+1 query on every route that asks so, and on no other', async () => {
    stack.env.WORKLANE_FAULTS = 'repeat=board.get:5,repeat=task.update:5,repeat=effects:2'
    for (const part of ['web', 'api', 'worker']) await stack.restart(part)
    // The API has the page's answer from the cache.
    const repeating = [
      ...['page /projects/[projectId]', 'PATCH /v1/tasks/:taskId', 'trpc task.update', effectsOfWrites],
    ]
    const worse = ({ queries = {} }: Counters) =>
      judgeCounters({ queries: counted.queries ?? {} }, { queries }, gate.counters)
        .findings.filter(({ call }) => call === 'worse')
        .map(({ route }) => route)
    // Owners of other tenants: what the first ones asked is in the cache. What rose by chance is counted once more, as
    // the gate does.
    let head = await countersOf(side, population, 1)
    if (worse(head).length > repeating.length) head = lesser(head, await countersOf(side, population, 2))
    expect(worse(head)).toEqual(repeating)
  })

  it('is nothing where the session is refused', async () => {
    await expect(countersOf({ ...side, sessionSecret: 'another' }, population)).rejects.toThrow(
      /answered (30\d|401)/,
    )
  })

  it('is nothing when pages were refused behind a good status', async () => {
    stack.env.RATE_LIMIT_SCALE = '0.05'
    await stack.restart('web')
    await expect(countersOf(side, population)).rejects.toThrow(/\d+ pages failed behind a good status/)
  })
})
