import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listActivity } from './activity/operations.ts'
import { listComments } from './comments/operations.ts'
import { execute, perform } from './execute.ts'
import { operations } from './operations.ts'
import { nameCursorOf } from './paging.ts'
import { listProjects } from './projects/operations.ts'
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

  it.each(['label.list', 'project.list', 'filter.list', 'organisation.list'] as const)(
    '%s goes on where it was when the last row seen is renamed or removed meanwhile',
    async (list) => {
      const named = await fourOfEach()
      const { actor } = named.people.owner
      const page = (cursor?: string) =>
        perform(operations[list], actor, { limit: 2, cursor }) as Promise<{
          items: { id: string; name: string }[]
          nextCursor: string
        }>
      const namesOf = async (cursor: string) => (await page(cursor)).items.map(({ name }) => name)
      const { items, nextCursor } = await page()
      expect(items.map(({ name }) => name)).toEqual(['Aa, 1%', 'Bä_2'])
      const [table] = tables[list]
      const change = (text: string) =>
        asAdministrator((client) => client.query(`${text} where id = $1`, [items[1]?.id]))
      await change(`update ${table} set name = 'Zz'`)
      expect(await namesOf(nextCursor)).toEqual(['Cc', 'Dd'])
      await change(`delete from ${table}`)
      expect(await namesOf(nextCursor)).toEqual(['Cc', 'Dd'])
    },
  )

  it('refuses a cursor that no page gave', async () => {
    const { actor } = tenant.people.viewer
    await expect(execute(listActivity, actor, { taskId: tenant.task, cursor: 'later' })).rejects.toThrow(
      /cursor: must be/,
    )
    await expect(execute(listTasks, actor, { projectId: tenant.project, cursor: 'later' })).rejects.toThrow(
      /cursor: must be/,
    )
    // Postgres keeps no NUL, and so no name has one.
    const cursor = nameCursorOf({ id: tenant.project, name: 'A\0B' })
    await expect(execute(listProjects, actor, { cursor })).rejects.toThrow(/cursor: must be/)
  })
})

const names = ['Aa, 1%', 'Bä_2', 'Cc', 'Dd']

/** Where each list's rows are, and what a row has beside its name. */
const tables = {
  'label.list': ['labels', 'org_id', '$1'],
  'project.list': ['projects', 'org_id, key', `$1, 'K' || n`],
  'filter.list': ['saved_filters', 'org_id, user_id, query', `$1, $3, '{}'`],
  'organisation.list': ['organisations', 'slug', '$1::text || n'],
} as const

/** A tenant with these four of everything, which stand first. */
async function fourOfEach(): Promise<Tenant> {
  const tenant = await createTenant()
  const { userId } = tenant.people.owner.actor
  await asAdministrator(async (client) => {
    for (const [table, columns, values] of Object.values(tables)) {
      if (table === 'projects') await client.query('delete from projects where org_id = $1', [tenant.id])
      await client.query(
        `insert into ${table} (name, ${columns})
         select name, ${values} from unnest($2::text[]) with ordinality as f (name, n) where $3::uuid is not null`,
        [tenant.id, names, userId],
      )
    }
    await client.query(
      `insert into memberships (org_id, user_id, role) select id, $2, 'owner' from organisations where slug like $1::text || '%'`,
      [tenant.id, userId],
    )
  })
  return tenant
}
