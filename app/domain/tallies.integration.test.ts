import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { execute } from './execute.ts'
import { createLabel, removeLabel } from './labels/operations.ts'
import { leaveOrganisation } from './organisations/operations.ts'
import { removeProject } from './projects/operations.ts'
import { closeRuntime } from './runtime.ts'
import { createTask, moveTask, removeTask, updateTask } from './tasks/writes.ts'
import { asAdministrator, createTenant, type Tenant } from './testing/tenants.ts'

/** What the tallies should say, counted from the tasks. */
const counted = `select measure, subject, count(*)::int as count from (
    select status::text as measure, project_id::text as subject from tasks where org_id = $1
    union all select 'open by assignee', assignee_id::text from tasks where org_id = $1 and status <> 'done' and assignee_id is not null
    union all select 'open by due day', due_on::text from tasks where org_id = $1 and status <> 'done' and due_on is not null
    union all select 'done by quarter hour', quarter_hour(done_at) from tasks where org_id = $1 and status = 'done' and done_at is not null
  ) t group by 1, 2 order by 1, 2`
const kept = 'select measure, subject, count::int from tallies where org_id = $1 and count <> 0 order by 1, 2'

describe('the tallies', () => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await createTenant()
  })
  afterAll(closeRuntime)

  const differ = () =>
    asAdministrator(async (client) => {
      const [tallied, scanned] = [
        await client.query(kept, [tenant.id]),
        await client.query(counted, [tenant.id]),
      ]
      return JSON.stringify(tallied.rows) !== JSON.stringify(scanned.rows)
    })

  it('say what a scan of the tasks says, after every kind of write, many at once', async () => {
    const { actor } = tenant.people.owner
    const member = tenant.people.member.actor
    const projectId = tenant.project
    const tasks = await Promise.all(
      Array.from({ length: 12 }, (_, turn) =>
        execute(createTask, actor, {
          projectId,
          title: `Task ${turn}`,
          dueOn: `2026-12-${String(10 + (turn % 3))}`,
          assigneeId: turn % 2 ? member.userId : null,
        }),
      ),
    )
    await Promise.all(
      tasks.map(({ id }, turn) =>
        execute(moveTask, actor, { taskId: id, status: turn % 3 === 0 ? 'done' : 'doing' }),
      ),
    )
    await Promise.all(
      tasks.map(({ id }, turn) =>
        execute(updateTask, actor, { taskId: id, dueOn: turn % 2 ? null : '2027-01-01' }),
      ),
    )
    await execute(removeTask, actor, { taskId: tasks[1]?.id ?? '' })
    const label = await execute(createLabel, actor, { name: 'gone soon' })
    await execute(removeLabel, actor, { labelId: label.id })
    expect(await differ()).toBe(false)
    // A foreign key's cascade changes tasks as well: their assignee leaves.
    await execute(leaveOrganisation, member, {})
    expect(await differ()).toBe(false)
    await execute(removeProject, actor, { projectId })
    expect(await differ()).toBe(false)
  })

  it('go with their organisation, also those of tasks that somebody was given', async () => {
    const gone = await createTenant()
    const { actor } = gone.people.owner
    const taskId = gone.task
    await execute(updateTask, actor, { taskId, assigneeId: gone.people.member.actor.userId })
    await asAdministrator(async (client) => {
      await client.query('delete from organisations where id = $1', [gone.id])
      const { rows } = await client.query('select * from tallies where org_id = $1', [gone.id])
      expect(rows).toEqual([])
    })
  })

  it('would be seen to differ if a trigger were off', async () => {
    const other = await createTenant()
    tenant = other
    await asAdministrator(async (client) => {
      await client.query('begin; alter table tasks disable trigger tally_on_update')
      await client.query("update tasks set status = 'review' where org_id = $1", [other.id])
      await client.query('alter table tasks enable trigger tally_on_update; commit')
    })
    expect(await differ()).toBe(true)
  })
})
