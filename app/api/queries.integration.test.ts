import { type AnyOperation, isRead, operation } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime, runtime, work } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, sampleInput, type Things } from '@worklane/domain/testing/things.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { perform } from '../domain/execute.ts'

/** As many as a page shows, and many more. */
const few = 10
const many = 300

/** Fills every list that an operation could read. */
async function fill(tenant: Tenant, rows: number): Promise<void> {
  await asAdministrator(async (client) => {
    const statements = [
      `insert into tasks (org_id, project_id, number, title, position, assignee_id, due_on)
       select $1, '${tenant.project}', n + 1000, 'First of ' || n, n, '${tenant.people.owner.actor.userId}', current_date
       from generate_series(1, ${rows}) n`,
      `insert into labels (org_id, name) select $1, 'Label ' || n from generate_series(1, ${rows}) n`,
      `insert into task_labels (org_id, task_id, label_id)
       select t.org_id, t.id, l.id from tasks t cross join lateral
         (select id from labels l where l.org_id = t.org_id order by name limit 3) l
       where t.org_id = $1 on conflict do nothing`,
      `insert into comments (org_id, task_id, author_id, body)
       select $1, '${tenant.task}', '${tenant.people.owner.actor.userId}', 'First ' || n from generate_series(1, ${rows}) n`,
      `insert into projects (org_id, key, name) select $1, 'P' || n, 'Project ' || n from generate_series(1, ${rows}) n`,
      `insert into notifications (org_id, user_id, outbox_id, kind, task_id)
       select $1, '${tenant.people.owner.actor.userId}', gen_random_uuid(), 'commented', '${tenant.task}' from generate_series(1, ${rows}) n`,
      `insert into audit_log (org_id, operation, target) select $1, 'test', n::text from generate_series(1, ${rows}) n`,
      `insert into activity (org_id, outbox_id, task_id, task_key, task_title, kind)
       select $1, gen_random_uuid(), '${tenant.task}', 'ATL-1', 'x', 'updated' from generate_series(1, ${rows}) n`,
    ]
    for (const statement of statements) await client.query(statement.replaceAll('$1', `'${tenant.id}'::uuid`))
  })
}

describe('the queries of an operation', () => {
  const houses: { tenant: Tenant; things: Things }[] = []
  let accountQueries = 0

  beforeAll(async () => {
    for (const rows of [few, many]) {
      const tenant = await createTenant()
      const things = await furnish(tenant)
      await fill(tenant, rows)
      houses.push({ tenant, things })
    }
    const { auth } = runtime()
    const query = auth.query.bind(auth) as (...args: unknown[]) => unknown
    auth.query = ((...args: unknown[]) => {
      accountQueries++
      return query(...args)
    }) as typeof auth.query
  })
  afterAll(closeRuntime)

  /** Round trips to Postgres for one call, its answer not kept before. */
  async function roundTrips(
    asked: AnyOperation,
    { tenant, things }: (typeof houses)[number],
  ): Promise<number> {
    const { cache: _, ...uncached } = asked
    const { pool } = runtime().database
    const before = pool.roundTrips + accountQueries
    await perform(uncached as AnyOperation, tenant.people.owner.actor, sampleInput(asked, things))
    return pool.roundTrips + accountQueries - before
  }

  const both = async (asked: AnyOperation): Promise<[number, number]> => {
    const counts: number[] = []
    for (const house of houses) counts.push(await roundTrips(asked, house))
    return counts as [number, number]
  }

  /** What ends the house is asked last, by a test of its own. */
  const lasting = operationList.filter(
    ({ name }) =>
      !/^(me\.remove|me\.export|organisation\.(remove|leave|transfer|export)|session\.revoke|project\.remove|task\.remove|comment\.remove|label\.remove|member\.remove)/.test(
        name,
      ),
  )

  it.each(lasting.map((each) => [each.name, each] as const))(
    '%s: as many for many rows as for few',
    async (_, asked) => {
      const [small, large] = await both(asked)
      expect(large).toBe(small)
      if (isRead(asked)) expect(large).toBeLessThanOrEqual(4)
    },
  )

  it('would be seen to grow in an operation that asks again for every row', async () => {
    const naive = operation({
      name: 'task.find',
      rest: 'GET /v1/tasks',
      summary: 'A query for a list, and one more for each of its rows',
      allow: 'viewer',
      input: z.strictObject({}),
      output: z.unknown(),
      run: (actor) =>
        work(actor).read(async (db) => {
          const tasks = await db.task.findMany({ select: { id: true }, take: 50 })
          for (const { id } of tasks) await db.comment.count({ where: { taskId: id } })
          return tasks
        }),
    }) as unknown as AnyOperation
    const [small, large] = await both(naive)
    expect(large).toBeGreaterThan(small)
  })
})
