import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { execute } from '../execute.ts'
import { getBoard } from '../projects/board.ts'
import { closeRuntime } from '../runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '../testing/tenants.ts'
import { createTask, moveTask } from './writes.ts'

const drops = 500
const atOnce = 50

describe('the order of a column', () => {
  let tenant: Tenant
  const scale = process.env.RATE_LIMIT_SCALE
  beforeAll(async () => {
    // One person drops more in a minute here than any hand does.
    process.env.RATE_LIMIT_SCALE = '20'
    tenant = await createTenant()
  })
  afterAll(async () => {
    await closeRuntime()
    if (scale === undefined) delete process.env.RATE_LIMIT_SCALE
    else process.env.RATE_LIMIT_SCALE = scale
  })

  /** So many tasks in the first column. */
  const many = (count: number) =>
    asAdministrator(async (client) => {
      const { rows } = await client.query<{ id: string }>(
        `insert into tasks (org_id, project_id, number, title, position)
         select $1, $2, n, 'Task ' || n, 'd' || lpad(n::text, 4, '0')
         from (select coalesce(max(number), 0) as last from tasks where project_id = $2) m, generate_series(last + 1, last + $3) n
         returning id`,
        [tenant.id, tenant.project, count],
      )
      await client.query(
        `update projects set next_number = (select max(number) + 1 from tasks where project_id = $1) where id = $1`,
        [tenant.project],
      )
      return rows.map(({ id }) => id)
    })
  const make = async (title: string, status: 'todo' | 'doing' | 'review' | 'done') =>
    (await execute(createTask, tenant.people.member.actor, { projectId: tenant.project, title, status })).id
  const move = (taskId: string, status: 'todo' | 'doing' | 'review' | 'done', before: string | null) =>
    execute(moveTask, tenant.people.member.actor, { taskId, status, before })
  /** All of a column, as the database orders them. */
  const column = (status: string) =>
    asAdministrator(
      async (client) =>
        (
          await client.query<{ id: string; position: string }>(
            'select id, position from tasks where project_id = $1 and status = $2::task_status order by position',
            [tenant.project, status],
          )
        ).rows,
    )

  it(`holds over ${drops} drops before one task, with keys that stay short and differ`, async () => {
    const [first, last] = [await make('first', 'review'), await make('last', 'review')]
    const dropped = await many(drops)
    for (const id of dropped) await move(id, 'review', last)
    const rows = await column('review')
    expect(rows.map(({ id }) => id)).toEqual([first, ...dropped, last])
    expect(Math.max(...rows.map(({ position }) => position.length))).toBeLessThanOrEqual(64)
    expect(new Set(rows.map(({ position }) => position)).size).toBe(rows.length)
    const board = await execute(getBoard, tenant.people.viewer.actor, { projectId: tenant.project })
    expect(board.columns.find(({ status }) => status === 'review')?.tasks.map(({ id }) => id)).toEqual(
      rows.slice(0, 15).map(({ id }) => id),
    )
  }, 120_000)

  it(`gives ${atOnce} that are dropped at one place at the same time a place each`, async () => {
    const [first, last] = [await make('first', 'done'), await make('last', 'done')]
    const ids = await many(atOnce)
    const moved = await Promise.all(ids.map((id) => move(id, 'done', last)))
    const rows = await column('done')
    expect([rows[0]?.id, rows.at(-1)?.id]).toEqual([first, last])
    expect(rows.map(({ id }) => id).sort()).toEqual([first, last, ...ids].sort())
    // What each heard is where it stands.
    expect(new Map(moved.map(({ id, position }) => [id, position]))).toEqual(
      new Map(rows.slice(1, -1).map(({ id, position }) => [id, position])),
    )
  })

  it('takes a task to its own place, to the top, and to the end again', async () => {
    const [a, b, c] = [await make('a', 'doing'), await make('b', 'doing'), await make('c', 'doing')]
    const order = async () =>
      (await column('doing')).map(({ id }) => ({ [a]: 'a', [b]: 'b', [c]: 'c' })[id]).join('')
    await move(b, 'doing', c)
    expect(await order()).toBe('abc')
    await move(c, 'doing', a)
    expect(await order()).toBe('cab')
    await move(c, 'doing', null)
    await move(c, 'doing', c)
    expect(await order()).toBe('abc')
  })

  it('is kept by the database too: of a column no two have one position', async () => {
    const [one, other] = [await make('one', 'todo'), await make('other', 'todo')]
    await expect(
      asAdministrator((client) =>
        client.query('update tasks set position = (select position from tasks where id = $1) where id = $2', [
          one,
          other,
        ]),
      ),
    ).rejects.toThrow(/tasks_by_column/)
  })

  it('is read from its index, not sorted', async () => {
    const plan = await asAdministrator(async (client) => {
      await client.query('set enable_seqscan = off; set enable_sort = off; set enable_bitmapscan = off')
      const { rows } = await client.query(
        `explain (costs off) select * from tasks where org_id = $1 and project_id = $2 and status = 'todo'
         order by position limit 15`,
        [tenant.id, tenant.project],
      )
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    })
    expect(plan).toContain('Index Scan using tasks_by_column')
    expect(plan).not.toContain('Sort')
  })
})
