import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listActivity } from './activity/operations.ts'
import { listComments } from './comments/operations.ts'
import { execute } from './execute.ts'
import { closeRuntime } from './runtime.ts'
import { findTasks, listTasks } from './tasks/reads.ts'
import { asAdministrator, createTenant, type Tenant } from './testing/tenants.ts'

describe('paging', () => {
  let tenant: Tenant

  beforeAll(async () => {
    tenant = await createTenant()
    await asAdministrator(async (client) => {
      await client.query(
        `insert into tasks (org_id, project_id, number, title, position)
         select $1, $2, n, 'Task ' || n, 'd' || lpad(n::text, 4, '0') from generate_series(2, 25) n`,
        [tenant.id, tenant.project],
      )
      // All in the same millisecond, as a fast import makes them.
      await client.query(
        `insert into activity (org_id, outbox_id, task_id, task_key, task_title, kind, at)
         select $1, gen_random_uuid(), $2, 'ATL-1', 'x', 'updated', '2026-11-23T12:00:00.123Z' from generate_series(1, 23)`,
        [tenant.id, tenant.task],
      )
    })
  })
  afterAll(closeRuntime)

  /** Every id that the pages show, in their order. */
  async function allIds(
    page: (cursor?: string) => Promise<{ items: { id: string }[]; nextCursor: string | null }>,
  ) {
    const ids: string[] = []
    for (let cursor: string | undefined; ; ) {
      const { items, nextCursor } = await page(cursor)
      ids.push(...items.map(({ id }) => id))
      if (nextCursor === null) return ids
      cursor = nextCursor
    }
  }

  it('shows every task once', async () => {
    const { actor } = tenant.people.viewer
    const ids = await allIds((cursor) =>
      execute(listTasks, actor, { projectId: tenant.project, cursor, limit: 4 }),
    )
    expect(ids).toHaveLength(25)
    expect(new Set(ids).size).toBe(25)
  })

  it('shows every entry of the activity once, even those of one moment', async () => {
    const { actor } = tenant.people.viewer
    const ids = await allIds((cursor) =>
      execute(listActivity, actor, { taskId: tenant.task, cursor, limit: 4 }),
    )
    expect(ids).toHaveLength(23)
    expect(new Set(ids).size).toBe(23)
  })

  it('shows every comment and task once, however close their times', async () => {
    const { actor } = tenant.people.viewer
    await asAdministrator(async (client) => {
      await client.query(
        `insert into comments (org_id, task_id, body, created_at)
         select $1, $2, 'Comment ' || n, now() - n * interval '100 microseconds' from generate_series(1, 23) n`,
        [tenant.id, tenant.task],
      )
      await client.query(
        `update tasks set updated_at = now() - number * interval '100 microseconds' where org_id = $1`,
        [tenant.id],
      )
    })
    const taskId = tenant.task
    const comments = await allIds((cursor) => execute(listComments, actor, { taskId, cursor, limit: 4 }))
    const tasks = await allIds((cursor) => execute(findTasks, actor, { cursor, limit: 4 }))
    expect([comments.length, new Set(comments).size]).toEqual([23, 23])
    expect([tasks.length, new Set(tasks).size]).toEqual([25, 25])
  })

  it('refuses a cursor that no page gave', async () => {
    const { actor } = tenant.people.viewer
    await expect(execute(listActivity, actor, { taskId: tenant.task, cursor: 'later' })).rejects.toThrow(
      /cursor: must be/,
    )
    await expect(execute(listTasks, actor, { projectId: tenant.project, cursor: 'later' })).rejects.toThrow(
      /cursor: must be/,
    )
  })
})
