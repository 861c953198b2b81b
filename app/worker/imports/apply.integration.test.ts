import { randomUUID } from 'node:crypto'
import { execute } from '@worklane/domain/execute.ts'
import { checkFile } from '@worklane/domain/imports/check.ts'
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

/** How many milliseconds at most it computes before it gives the event loop back: a busy machine adds nothing to that. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let [longest, before] = [0, process.threadCpuUsage()]
  const look = () => {
    const { user, system } = process.threadCpuUsage(before)
    longest = Math.max(longest, (user + system) / 1_000)
    before = process.threadCpuUsage()
  }
  const timer = setInterval(look, 1)
  try {
    await work()
    look()
    return longest
  } finally {
    clearInterval(timer)
  }
}

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
    id: randomUUID(),
    orgId: tenant.id,
    topic: importTopic,
    payload: { importId },
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
        "ATL;'=not of ours;;;;;;\"import x from\n'@scope/pkg'\";",
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
      ['ATL-3', "'=not of ours", 'todo'],
      ['ATL-2', 'Buy paint', 'doing'],
      ['ATL-1', `First ${tenant.canary}`, 'todo'],
    ])
    const bought = items.find(({ title }) => title === 'Buy paint')
    expect(await execute(getTask, person('member'), { taskId: bought?.id ?? '' })).toMatchObject({
      priority: 'high',
      dueOn: '2026-12-24',
      description: 'Two\nlines',
      assignee: { id: things.memberId },
      labels: [{ name: tenant.canary }],
      createdBy: { id: person('member').userId },
    })
    const first = items.at(-1)?.position ?? ''
    const quoting = items.find(({ title }) => title === "'=not of ours")
    expect((quoting?.position ?? '') > first).toBe(true)
    // Of a file that is no export of ours every text stays as it is.
    expect(await execute(getTask, person('member'), { taskId: quoting?.id ?? '' })).toMatchObject({
      description: "import x from\n'@scope/pkg'",
    })
    const audited = await sql(
      "select target from audit_log where org_id = $1 and operation = 'import.apply'",
      [tenant.id],
    )
    // Each task, and that somebody said so.
    expect(audited.filter(({ target }) => target.startsWith('task '))).toHaveLength(3)
    const told = await sql("select payload from outbox where org_id = $1 and topic = 'mail'", [tenant.id])
    expect(told.map(({ payload }) => payload.data.subject)).toEqual(['Your import is done'])
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
    [1, 'has no heading', ''],
    [1, 'no line below', 'project,title\n'],
    [1, 'is no column', 'title,colour\nx,red\n'],
    [1, 'is missing', 'title\nx\n'],
    [1, 'more than once', 'project,title,title\nATL,x,y'],
    [2, 'never closed', 'project,title\nATL,"x'],
    [2, 'at most 200 characters', `project,title\nATL,${'x'.repeat(201)}\n`],
    [1, 'is no column', 'project,title,constructor\nATL,x,y'],
    [1, 'longer than the 100 characters of a heading', `project,title,${'x'.repeat(101)}\nATL,x,y`],
    [1, '101 columns, and a file may have 100', `${'id,'.repeat(99)}project,title\nATL,x`],
    [2, 'longer than the 20000 characters of a cell', `project,title,labels\nATL,x,${';'.repeat(20_001)}`],
    [5_002, '5000', many(5_001)],
  ])('refuses what is no such table: line %i %s', async (line, reason, content) => {
    const { state, problems } = await check(content)
    expect(state).toBe('refused')
    expect(problems.some((each) => each.line === line && each.reason.includes(reason))).toBe(true)
  })

  it('is refused with an answer that is small, however long its texts are', async () => {
    const long = 'x'.repeat(10_000)
    for (const content of [
      `project,title,status${'-'.repeat(500_000)}\n${'A,b,no\n'.repeat(250)}`,
      `project,title,status\n${`${long},b,done\n`.repeat(80)}`,
      `project,title,assigneeEmail\n${`ATL,b,${'a'.repeat(60)}@${'example.'.repeat(25)}test\n`.repeat(300)}`,
      `project,title,labels\n${`ATL,b,${'label;'.repeat(15)}${long}\n`.repeat(80)}`,
      `${Array.from({ length: 100 }, (_, n) => `${n}${'h'.repeat(98)}`).join(',')}\nATL,x`,
    ]) {
      const { id, state, problems } = await check(content)
      expect(state).toBe('refused')
      expect(problems.length).toBeGreaterThan(0)
      expect(JSON.stringify(problems).length).toBeLessThan(40_000)
      for (const { column, reason } of problems) {
        expect(column.length).toBeLessThanOrEqual(81)
        expect(reason.length).toBeLessThanOrEqual(200)
      }
      expect((await get(id)).problems).toEqual(problems)
    }
  })

  it.each([
    ['columns that nobody needs', `${'id,'.repeat(30_000)}project,title\n${'a\n'.repeat(5_000)}`],
    ['cells without an end', `project,title\n${','.repeat(890_000)}`],
    ['empty lines', `project,title\n${'\n'.repeat(890_000)}`],
    ['lines of one letter', `project,title\n${'a\n'.repeat(440_000)}`],
    [
      'mistakes in every cell',
      `project,title,status,priority,assigneeEmail,dueOn\n${',,a,b,c,d\n'.repeat(5_000)}`,
    ],
    ['labels that nobody has', `project,title,labels\n${`ATL,x,${'a;'.repeat(20)}\n`.repeat(5_000)}`],
    ['all that it may', `project,title,description\n${`ATL,x,${'y'.repeat(165)}\n`.repeat(5_000)}`],
  ])('keeps nobody waiting while a file is checked: %s', async (_, content) => {
    const { actor } = tenant.people.member
    await checkFile(actor, many(10))
    // Some fifty are meant, with what a first run compiles, and what collects garbage, on a slow machine; it was seconds.
    expect(await longestTurn(() => checkFile(actor, content))).toBeLessThan(500)
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
      description: "-1\n\n@all\n'@scope/pkg'",
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

  it('is not given up since workers stopped in the middle of it, however often they did', async () => {
    const { id } = await check(many(3))
    await apply(id)
    const stopped = AbortSignal.abort(new Error('the worker stops'))
    for (let deploys = 0; deploys < 7; deploys++)
      await expect(run(id, stopped)).rejects.toThrow('the worker stops')
    expect(await sql('select tries from imports where id = $1', [id])).toEqual([{ tries: 0 }])
    await run(id)
    expect(await get(id)).toMatchObject({ state: 'done', rowsDone: 3 })
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
      state: 'failed',
      error: 'Line 2: its project was removed meanwhile.',
    })
  })

  it('is of whoever applied it, and not of who had the file checked', async () => {
    const { id } = await check(many(1))
    await apply(id, person('admin'))
    await run(id)
    const { userId } = person('admin')
    const [task] = await sql("select id, created_by from tasks where org_id = $1 and title = 'Line 2'", [
      tenant.id,
    ])
    expect(task.created_by).toBe(userId)
    expect(
      await sql(
        "select actor_id from audit_log where org_id = $1 and operation = 'import.apply' and target = $2",
        [tenant.id, `task ${task.id}`],
      ),
    ).toEqual([{ actor_id: userId }])
    expect(
      await sql("select payload->>'userId' as id from outbox where org_id = $1 and topic = 'notification'", [
        tenant.id,
      ]),
    ).toEqual([{ id: userId }])
    // Who is gone by then is nobody else.
    const other = await check(many(1))
    await apply(other.id, person('admin'))
    await sql('delete from memberships where org_id = $1 and user_id = $2', [tenant.id, userId])
    await run(other.id)
    expect(await get(other.id)).toMatchObject({ state: 'failed', rowsDone: 0 })
  })

  it('of a version that did not note who applied it is of who had the file checked', async () => {
    const { id } = await check(many(1))
    await apply(id)
    await sql('update imports set applied_by = null where org_id = $1', [tenant.id])
    await run(id)
    expect(await get(id)).toMatchObject({ state: 'done', rowsDone: 1 })
  })

  it('ends where its organisation became read only meanwhile, and says so', async () => {
    const { id } = await check(many(2))
    const other = await check(many(2))
    await apply(id)
    await apply(other.id)
    const readOnly = (since: string) =>
      sql(`update organisations set read_only_at = ${since} where id = $1`, [tenant.id])
    await readOnly("now() + interval '1 day'")
    await run(id)
    expect(await get(id)).toMatchObject({ state: 'done', rowsDone: 2 })
    await readOnly("now() - interval '1 second'")
    await run(other.id)
    expect(await get(other.id)).toMatchObject({
      state: 'failed',
      rowsDone: 0,
      error: expect.stringContaining('became read only'),
    })
    expect(await imported()).toMatchObject([{ times: 1 }, { times: 1 }])
  })

  it('is told by no mail to an address that was never proved, and by a notification all the same', async () => {
    const name = 'Your account is locked, sign in at https://evil.example/login'
    for (const isProved of [false, true]) {
      await sql(`update users set email_verified = ${isProved ? 'now()' : 'null'} where id = $1`, [
        person('member').userId,
      ])
      await sql('delete from outbox where org_id = $1', [tenant.id])
      const { id } = await execute(checkImport, person('member'), { name, content: many(1) })
      await apply(id)
      await run(id)
      const told = await sql(
        "select topic, payload from outbox where org_id = $1 and topic in ('mail', 'notification') order by topic",
        [tenant.id],
      )
      expect(told.map(({ topic }) => topic)).toEqual(isProved ? ['mail', 'notification'] : ['notification'])
      expect(told.at(-1)?.payload.excerpt).toBe(`${name} is imported`)
      if (isProved) expect(told[0]?.payload.data.subject).not.toContain('evil')
    }
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
