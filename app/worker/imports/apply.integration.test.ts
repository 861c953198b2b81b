import { randomUUID } from 'node:crypto'
import { execute } from '@worklane/domain/execute.ts'
import { applyImport, checkImport, getImport, listImports } from '@worklane/domain/imports/operations.ts'
import { importTopic } from '@worklane/domain/imports/shapes.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { getTask, listTasks } from '@worklane/domain/tasks/reads.ts'
import { createTask, updateTask } from '@worklane/domain/tasks/writes.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, type Things } from '@worklane/domain/testing/things.ts'
import { Happened } from '@worklane/domain/webhooks/events.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runExport } from '../exports/run.ts'
import { runImport } from './apply.ts'

const never = new AbortController().signal

describe('an import', () => {
  let tenant: Tenant
  let things: Things

  beforeAll(() => {
    process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL
  })
  beforeEach(async () => {
    tenant = await createTenant()
    things = await furnish(tenant)
  })
  afterAll(closeRuntime)

  const person = (role: keyof Tenant['people']) => tenant.people[role].actor
  const sql = async (query: string, values: unknown[] = []) =>
    (await asAdministrator((client) => client.query(query, values))).rows
  const check = (content: string, by = person('member')) =>
    execute(checkImport, by, { name: 'tasks.csv', content })
  const apply = (importId: string, by = person('member')) => execute(applyImport, by, { importId })
  const get = (importId: string, by = person('member')) => execute(getImport, by, { importId })
  const job = (importId: string) => ({
    ...{ id: randomUUID(), orgId: tenant.id, topic: importTopic, payload: { importId } },
  })
  const run = (id: string, signal = never) => runImport(job(id), signal)
  const many = (count: number) =>
    `project,title\n${Array.from({ length: count }, (_, n) => `ATL,Line ${n + 2}`).join('\n')}\n`
  const imported = () =>
    sql(
      "select title, count(*)::int as times from tasks where org_id = $1 and title like 'Line %' group by 1",
      [tenant.id],
    )

  it('adds what the file says, at the end of each column, and tells who asked', async () => {
    const [{ email }] = await sql('select email from users where id = $1', [things.memberId])
    const { id, state, rowsTotal } = await check(
      [
        'Project;Title;Status;Priority;Assignee e-mail;Labels;Due date;Description;Created at',
        `atl;Buy paint;doing;high;${email.toUpperCase()};${tenant.canary};2026-12-24;"Two\nlines";yesterday`,
        "ATL;'=not a formula;;;;;;;",
        'ATL;Done long ago;done;;;;;;',
      ]
        .join('\r\n')
        .replace('Assignee e-mail', 'Assignee_Email'),
    )
    expect([state, rowsTotal]).toEqual(['checked', 3])
    expect(await apply(id)).toMatchObject({ state: 'waiting' })
    await run(id)
    expect(await get(id)).toMatchObject({ state: 'done', rowsDone: 3 })
    const { items } = await execute(listTasks, person('member'), { projectId: tenant.project })
    expect(items.map(({ key, title, status }) => [key, title, status])).toEqual([
      ['ATL-4', 'Done long ago', 'done'],
      ['ATL-3', '=not a formula', 'todo'],
      ['ATL-2', 'Buy paint', 'doing'],
      ['ATL-1', `First ${tenant.canary}`, 'todo'],
    ])
    const bought = items.find(({ title }) => title === 'Buy paint')
    expect(await execute(getTask, person('member'), { taskId: bought?.id ?? '' })).toMatchObject({
      ...{ priority: 'high', dueOn: '2026-12-24', description: 'Two\nlines' },
      ...{ assignee: { id: things.memberId }, labels: [{ name: tenant.canary }] },
      createdBy: { id: person('member').userId },
    })
    const first = items.at(-1)?.position ?? ''
    expect((items.find(({ title }) => title === '=not a formula')?.position ?? '') > first).toBe(true)
    const audited = await sql(
      "select target from audit_log where org_id = $1 and operation = 'import.apply'",
      [tenant.id],
    )
    // Each task, and that somebody said so.
    expect(audited.filter(({ target }) => target.startsWith('task '))).toHaveLength(3)
    const told = await sql("select payload from outbox where org_id = $1 and topic = 'mail'", [tenant.id])
    expect(told.map(({ payload }) => payload.data.subject)).toEqual(['tasks.csv is imported'])
    // The board goes on from there.
    expect(
      await execute(createTask, person('member'), { projectId: tenant.project, title: 'Next' }),
    ).toMatchObject({ key: 'ATL-5' })
  })

  it('says of every bad line where it is, in which column, and why; and adds nothing', async () => {
    const content = [
      'project,title,status,labels,assigneeEmail,dueOn',
      'ATL,Fine,,,,',
      'ATL,,later,,,',
      '',
      'NONE,Somewhere,,"one; two",nobody@example.test,2026-02-31',
      'ATL,One cell,too,many,for,this,heading',
    ].join('\n')
    const file = await check(content)
    expect(file).toMatchObject({ state: 'refused', rowsTotal: 0, problemsTotal: 4 })
    expect(file.problems.map(({ line, column }) => [line, column])).toEqual([
      [3, 'title'],
      [3, 'status'],
      [5, 'dueOn'],
      [6, ''],
    ])
    expect(file.problems[1]?.reason).toBe('must be one of todo, doing, review, done')
    const names = await check(
      content.replace('2026-02-31', '').replace('later', 'todo').replace('ATL,,', 'ATL,x,'),
    )
    expect(names.problems.map(({ line, column, reason }) => [line, column, reason])).toEqual([
      [5, 'project', 'NONE is the key of no project'],
      [5, 'assigneeEmail', 'nobody@example.test is no member'],
      [5, 'labels', 'there is no label “one”'],
      [5, 'labels', 'there is no label “two”'],
      [6, '', expect.stringContaining('7 cells')],
    ])
    await expect(apply(file.id)).rejects.toMatchObject({ kind: 'conflict' })
    expect(await sql('select from tasks where org_id = $1', [tenant.id])).toHaveLength(1)
  })

  it.each([
    ['', 1, 'has no heading'],
    ['project,title\n', 1, 'no line below'],
    ['title,colour\nx,red\n', 1, 'is no column'],
    ['title\nx\n', 1, 'is missing'],
    ['project,title,title\nATL,x,y', 1, 'more than once'],
    ['project,title\nATL,"x', 2, 'never closed'],
    [`project,title\nATL,${'x'.repeat(201)}\n`, 2, 'at most 200 characters'],
    [many(5_001), 5_002, '5000'],
  ])('refuses what is no such table: %j at line %i %s', async (content, line, reason) => {
    const { state, problems } = await check(content)
    expect(state).toBe('refused')
    expect(problems.some((each) => each.line === line && each.reason.includes(reason))).toBe(true)
  })

  it('tells webhooks of each task, where somebody wants to hear of it', async () => {
    await sql("update webhook_endpoints set events = array['task.removed'] where org_id = $1", [tenant.id])
    const { id } = await check(many(2))
    const other = await check(many(2))
    await apply(id)
    await run(id)
    await sql(
      `insert into webhook_endpoints (org_id, url, events, secret)
       values ($1, 'https://hooks.example.test', array['task.created'], 'whsec_test')`,
      [tenant.id],
    )
    await apply(other.id)
    await run(other.id)
    const events = await sql("select payload from outbox where org_id = $1 and topic = 'webhook.event'", [
      tenant.id,
    ])
    expect(events.map(({ payload }) => Happened.parse(payload))).toMatchObject([
      { type: 'task.created', data: { task: { key: 'ATL-4' }, actorId: person('member').userId } },
      { type: 'task.created', data: { task: { key: 'ATL-5' } } },
    ])
  })

  it('takes back what an export gave', async () => {
    await execute(updateTask, person('member'), {
      taskId: tenant.task,
      title: `'=a "title", with; all\\of it`,
      description: '-1\n\n@all',
      assigneeId: things.memberId,
      dueOn: '2026-12-24',
    })
    const { createExport, linkExport } = await import('@worklane/domain/exports/operations.ts')
    const { id } = await execute(createExport, person('member'), { kind: 'tasks' })
    await runExport({ id: randomUUID(), orgId: tenant.id, topic: '', payload: { exportId: id } }, never)
    const { url } = await execute(linkExport, person('member'), { exportId: id })
    const file = await check(await (await fetch(url)).text())
    expect(file).toMatchObject({ state: 'checked', rowsTotal: 1 })
    await apply(file.id)
    await run(file.id)
    const [one, two] = await sql(
      `select title, description, status, priority, assignee_id, due_on::text from tasks
       where org_id = $1 order by number`,
      [tenant.id],
    )
    expect(two).toEqual(one)
  })

  it('adds each line once, however often it breaks off and whoever else goes on with it', async () => {
    const { id } = await check(many(400))
    await apply(id)
    await apply(id)
    expect(
      await sql("select from outbox where org_id = $1 and topic = 'import.run'", [tenant.id]),
    ).toHaveLength(1)
    const stop = new AbortController()
    const going = run(id, stop.signal)
    going.catch(() => {})
    await expect.poll(async () => (await get(id)).rowsDone, { timeout: 30_000 }).toBeGreaterThan(0)
    stop.abort(new Error('the worker stops'))
    await Promise.allSettled([going, run(id), run(id)])
    await run(id)
    expect(await get(id)).toMatchObject({ state: 'done', rowsDone: 400 })
    const added = await imported()
    expect(added).toHaveLength(400)
    expect(added.every(({ times }) => times === 1)).toBe(true)
    const [{ places, numbers }] = await sql(
      'select count(distinct position)::int as places, count(distinct number)::int as numbers from tasks where org_id = $1',
      [tenant.id],
    )
    expect([places, numbers]).toEqual([401, 401])
  })

  it('ends, with what it added, where its project is gone or who asked may no more', async () => {
    const { id } = await check(many(3))
    await apply(id)
    await sql("update memberships set role = 'viewer' where org_id = $1 and user_id = $2", [
      tenant.id,
      person('member').userId,
    ])
    await run(id)
    expect(await get(id, person('admin'))).toMatchObject({
      state: 'failed',
      rowsDone: 0,
      error: expect.stringContaining('may add no tasks'),
    })
    const other = await check(many(3), person('manager'))
    await apply(other.id, person('manager'))
    await sql('delete from projects where org_id = $1', [tenant.id])
    await run(other.id)
    expect(await get(other.id, person('manager'))).toMatchObject({
      ...{ state: 'failed', error: 'Line 2: its project was removed meanwhile.' },
    })
  })

  it('is nobody else’s but for admins, and of another organisation nothing is found', async () => {
    const { id } = await check(many(1))
    await expect(get(id, person('manager'))).rejects.toMatchObject({ kind: 'notFound' })
    expect((await get(id, person('admin'))).name).toBe('tasks.csv')
    const stranger = (await createTenant()).people.owner.actor
    for (const asked of [getImport, applyImport])
      await expect(execute(asked, stranger, { importId: id })).rejects.toMatchObject({ kind: 'notFound' })
    expect((await execute(listImports, stranger, {})).items).toEqual([])
    await expect(check(many(1), person('viewer'))).rejects.toMatchObject({ kind: 'forbidden' })
    // Names of another organisation's are names of nothing.
    const theirs = await execute(checkImport, stranger, {
      name: 'x',
      content: `project,title,labels\nATL,x,${tenant.canary}\n`,
    })
    expect(theirs.problems).toMatchObject([{ column: 'labels' }])
  })
})
