import { randomUUID } from 'node:crypto'
import { exportPrefix } from '@worklane/data/blob-keys.ts'
import type { Actor } from '@worklane/domain/actor.ts'
import { separated } from '@worklane/domain/csv/lists.ts'
import { csvLines } from '@worklane/domain/csv/read.ts'
import { execute } from '@worklane/domain/execute.ts'
import {
  cancelExport,
  createExport,
  getExport,
  linkExport,
  listExports,
} from '@worklane/domain/exports/operations.ts'
import type { ExportFilters, ExportFormat, ExportKind } from '@worklane/domain/exports/shapes.ts'
import { exportTopic } from '@worklane/domain/exports/store.ts'
import { blobs, originalKey } from '@worklane/domain/files/store.ts'
import { removeOrganisation } from '@worklane/domain/organisations/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { updateTask } from '@worklane/domain/tasks/writes.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish } from '@worklane/domain/testing/things.ts'
import { unzipped } from '@worklane/domain/testing/unzipped.ts'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runExport } from './run.ts'
import { emptyExports, sweepJobs } from './sweep.ts'

const never = new AbortController().signal

describe('an export', () => {
  const pool = new pg.Pool({ connectionString: process.env.RELAY_DATABASE_URL, max: 2 })
  let tenant: Tenant

  beforeAll(() => {
    // What a request may do a worker may, and says besides what came of a job.
    process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL
  })
  beforeEach(async () => {
    tenant = await createTenant()
  })
  afterAll(async () => {
    await Promise.allSettled([pool.end(), closeRuntime()])
  })

  const person = (role: keyof Tenant['people']) => tenant.people[role].actor
  const sql = async (query: string, values: unknown[] = []) =>
    (await asAdministrator((client) => client.query(query, values))).rows
  const ask = (kind: ExportKind, by: Actor, format?: ExportFormat, filters: ExportFilters = {}) =>
    execute(createExport, by, { kind, format, filters })
  const job = (exportId: string) => ({
    ...{ id: randomUUID(), orgId: tenant.id, topic: exportTopic, payload: { exportId } },
  })
  const run = (id: string, signal = never) => runExport(job(id), signal)
  const get = (exportId: string, by: Actor) => execute(getExport, by, { exportId })
  const linkOf = (exportId: string, by: Actor) => execute(linkExport, by, { exportId })

  async function made(kind: ExportKind, by: Actor, format?: ExportFormat, filters?: ExportFilters) {
    const { id } = await ask(kind, by, format, filters)
    await run(id)
    const { url } = await linkOf(id, by)
    const answer = await fetch(url)
    expect(answer.status).toBe(200)
    return { id, answer, content: Buffer.from(await answer.arrayBuffer()) }
  }
  /** Every object below an export. */
  async function objectsOf(id: string): Promise<string[]> {
    const found: string[] = []
    const prefix = exportPrefix(person('owner').orgId, id)
    const store = await blobs()
    for await (const { key } of store.objects()) if (key.startsWith(prefix)) found.push(key)
    for await (const { key } of store.openUploads()) if (key.startsWith(prefix)) found.push(`open ${key}`)
    return found
  }
  const addTasks = (count: number) =>
    sql(
      `insert into tasks (org_id, project_id, number, title, description, position)
       select $1, $2, 100 + n, 'Task ' || n || ' ' || $4, repeat(md5(n::text), 50), 'b' || lpad(n::text, 9, '0')
       from generate_series(1, $3::int) n`,
      [tenant.id, tenant.project, count, tenant.canary],
    )

  describe('of tasks', () => {
    it('is a table of what the filters let through, which begins with the mark that Excel looks for', async () => {
      await addTasks(1_200)
      const labelled = await furnish(tenant)
      await execute(updateTask, person('member'), {
        taskId: tenant.task,
        title: '=HYPERLINK("http://evil.test")',
        dueOn: '2026-12-24',
        assigneeId: labelled.memberId,
      })
      const { id, answer, content } = await made('tasks', person('viewer'))
      expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
      expect(answer.headers.get('content-disposition')).toContain('worklane-tasks-')
      expect([...content.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
      const [heading, ...rows] = (await csvLines(content.toString())).map(({ cells }) => cells)
      expect(rows).toHaveLength(1_201)
      expect(new Set(rows.map((row) => row.at(-1))).size).toBe(1_201)
      const first = rows.find((row) => row[0] === 'ATL-1') ?? []
      const cell = (name: string) => first[heading?.indexOf(name) ?? -1] ?? ''
      // No spreadsheet runs it.
      expect(cell('title')).toBe(`'=HYPERLINK("http://evil.test")`)
      expect(cell('dueOn')).toBe('2026-12-24')
      expect(separated(cell('labels'))).toEqual([tenant.canary])
      expect(cell('assigneeEmail')).toContain('@example.test')
      expect(await get(id, person('viewer'))).toMatchObject({
        ...{ state: 'ready', rowsDone: 1_201, rowsTotal: 1_201, bytes: content.length },
      })
      const narrowed = await made('tasks', person('viewer'), 'json', { labelId: labelled.labelId })
      expect(JSON.parse(narrowed.content.toString())).toMatchObject([
        {
          key: 'ATL-1',
          title: '=HYPERLINK("http://evil.test")',
          labels: [tenant.canary],
          dueOn: '2026-12-24',
        },
      ])
    })

    it('of nobody is an empty list, and still a whole file', async () => {
      const { content } = await made('tasks', person('member'), 'json', { assigneeId: 'me' })
      expect(JSON.parse(content.toString())).toEqual([])
    })
  })

  it('of projects and of the audit log holds what the pages show', async () => {
    const things = await furnish(tenant, 'admin')
    const projects = await made('projects', person('viewer'), 'json')
    expect(JSON.parse(projects.content.toString())).toMatchObject([{ id: tenant.project, key: 'ATL' }])
    const audit = await made('audit', person('admin'), 'json', { operation: 'test' })
    expect(JSON.parse(audit.content.toString())).toMatchObject([
      { operation: 'test', target: tenant.canary, actorId: person('admin').userId },
    ])
    const old = await made('audit', person('admin'), 'json', { to: '2020-01-01', actorId: things.memberId })
    expect(JSON.parse(old.content.toString())).toEqual([])
  })

  it('of the organisation is a ZIP of every table, twice, and of the files themselves', async () => {
    const { fileId } = await furnish(tenant)
    const bytes = Buffer.alloc(300_000, 'a plan ')
    const store = await blobs()
    await store.put(originalKey({ orgId: person('owner').orgId }, fileId), bytes, 'image/png')
    const { content, id } = await made('organisation', person('admin'))
    const entries = await unzipped(content)
    expect([...entries.keys()].filter((name) => name.startsWith('csv/'))).toHaveLength(10)
    const json = (name: string) => JSON.parse(String(entries.get(`json/${name}.json`)))
    expect(json('organisation')).toMatchObject([{ id: tenant.id, plan: 'team' }])
    expect(json('members')).toHaveLength(5)
    expect(json('comments')).toMatchObject([{ body: `Seen ${tenant.canary}`, taskId: tenant.task }])
    const [file] = json('files')
    expect(file).toMatchObject({ id: fileId, path: `files/${fileId}/${tenant.canary}.png` })
    expect(entries.get(file.path)?.equals(bytes)).toBe(true)
    expect(String(entries.get('csv/labels.csv'))).toContain(tenant.canary)
    const all = String([...entries.values()])
    expect(all).not.toContain('key_hash')
    const { rowsDone, rowsTotal } = await get(id, person('admin'))
    expect(rowsDone).toBe(rowsTotal)
    expect(await objectsOf(id)).toHaveLength(1)
  })

  it('of files says which were removed while it was made', async () => {
    const { fileId } = await furnish(tenant)
    const { content } = await made('organisation', person('owner'))
    expect(String((await unzipped(content)).get('files/missing.txt'))).toContain(fileId)
  })

  it('tells who asked, once, by mail and notification', async () => {
    const { id } = await made('tasks', person('member'))
    await run(id)
    const told = await sql("select topic, payload from outbox where org_id = $1 and topic <> 'export.run'", [
      tenant.id,
    ])
    expect(told.map(({ topic }) => topic).sort()).toEqual(['mail', 'notification'])
    const mail = told.find(({ topic }) => topic === 'mail')?.payload
    expect(mail).toMatchObject({ template: 'notice', data: { subject: 'Your export of tasks is ready' } })
    // The page makes the link, for who may have it.
    expect(mail.data.link).toMatch(/\/settings\/exports$/)
  })

  describe('is nobody else’s', () => {
    it('but what admins see, who see all', async () => {
      const { id } = await made('tasks', person('member'))
      await expect(get(id, person('viewer'))).rejects.toMatchObject({ kind: 'notFound' })
      await expect(linkOf(id, person('manager'))).rejects.toMatchObject({ kind: 'notFound' })
      expect((await get(id, person('admin'))).createdBy?.id).toBe(person('member').userId)
      const listed = async (by: Actor) => (await execute(listExports, by, {})).items.map((each) => each.id)
      expect(await listed(person('viewer'))).toEqual([])
      expect(await listed(person('owner'))).toEqual([id])
    })

    it('and of another organisation nothing is found, by whatever way', async () => {
      const { id } = await made('tasks', person('owner'))
      const stranger = (await createTenant()).people.owner.actor
      for (const ask of [
        () => get(id, stranger),
        () => linkOf(id, stranger),
        () => execute(cancelExport, stranger, { exportId: id }),
      ])
        await expect(ask()).rejects.toMatchObject({ kind: 'notFound' })
      expect((await execute(listExports, stranger, {})).items).toEqual([])
      const { url } = await linkOf(id, person('owner'))
      // A signature is for one key: of that of another organisation it is none.
      expect((await fetch(url.replace(tenant.id, stranger.orgId))).status).toBe(403)
    })

    it('and not any more that of who lost the role for it', async () => {
      const { id } = await made('audit', person('admin'))
      const demoted = { ...person('admin'), role: 'manager' as const }
      await expect(linkOf(id, demoted)).rejects.toMatchObject({ kind: 'notFound' })
    })

    it('and fails where whoever asked has left before it was made', async () => {
      const { id } = await ask('organisation', person('admin'))
      await sql("update memberships set role = 'member' where org_id = $1 and user_id = $2", [
        tenant.id,
        person('admin').userId,
      ])
      await run(id)
      const { state, error } = await get(id, person('owner'))
      expect([state, error]).toEqual(['failed', expect.stringContaining('the role admin')])
    })
  })

  describe('is refused', () => {
    it('to whose role is not enough, and to API keys where it is everything', async () => {
      for (const kind of ['audit', 'organisation'] as const)
        await expect(ask(kind, person('manager'))).rejects.toMatchObject({ kind: 'forbidden' })
      const byKey = { ...person('owner'), key: { id: randomUUID(), scopes: ['*:write'] } }
      await expect(ask('organisation', byKey)).rejects.toMatchObject({ kind: 'forbidden' })
    })

    it('in a format or by a filter that it has not, by the name of the field', async () => {
      await expect(ask('tasks', person('member'), 'zip')).rejects.toMatchObject({
        fields: [{ path: 'format', message: 'must be csv or json for an export of tasks' }],
      })
      await expect(ask('projects', person('member'), 'csv', { status: 'todo' })).rejects.toMatchObject({
        fields: [{ path: 'filters.status' }],
      })
    })

    it('beyond the plan, as it is asked for and as it is made', async () => {
      await addTasks(10_001)
      const free = { ...person('owner'), plan: 'free' as const }
      await expect(ask('tasks', free)).rejects.toMatchObject({
        kind: 'beyondPlan',
        members: { need: 'exportRows', limit: 10_000, used: 10_002 },
      })
      await expect(ask('audit', free)).rejects.toMatchObject({ members: { need: 'auditLog' } })
      const { id } = await ask('tasks', person('owner'))
      await sql("update organisations set plan = 'free' where id = $1", [tenant.id])
      await run(id)
      const { state, error } = await get(id, person('owner'))
      expect([state, error]).toEqual(['failed', expect.stringContaining('10,000')])
    })

    it('while five of the same person are being made', async () => {
      const asked = await Promise.allSettled(
        Array.from({ length: 8 }, () => ask('projects', person('member'))),
      )
      expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
      await expect(ask('projects', person('manager'))).resolves.toMatchObject({ state: 'waiting' })
    })
  })

  describe('that is broken off', () => {
    it('by a worker that stops begins anew, and leaves one object', async () => {
      // So many that it is still at it a second later, when it first says how far it is.
      await addTasks(50_000)
      const { id } = await ask('tasks', person('member'))
      for (let n = 0; n < 3; n++) {
        const stop = new AbortController()
        const going = run(id, stop.signal)
        going.catch(() => {})
        await expect
          .poll(async () => (await get(id, person('member'))).rowsDone, { timeout: 30_000 })
          .toBeGreaterThan(0)
        stop.abort(new Error('the worker stops'))
        await expect(going).rejects.toThrow('the worker stops')
      }
      await run(id)
      expect(await get(id, person('member'))).toMatchObject({ state: 'ready', rowsDone: 50_001 })
      expect(await objectsOf(id)).toHaveLength(1)
    })

    it('by a worker that died is left alone while it may live, and then made by another', async () => {
      const { id } = await ask('tasks', person('member'))
      // As one left it that was killed right after it had written half of a file.
      const dead = randomUUID()
      const store = await blobs()
      await store.beginParts(`${exportPrefix(person('owner').orgId, id)}${dead}` as never, 'text/csv')
      await sql("update exports set state = 'running', run = $2, seen_at = now(), tries = 1 where id = $1", [
        id,
        dead,
      ])
      await expect(run(id)).rejects.toThrow('not now')
      await sql("update exports set seen_at = now() - interval '1 minute' where id = $1", [id])
      await run(id)
      expect((await get(id, person('member'))).state).toBe('ready')
      expect(await objectsOf(id)).toHaveLength(1)
    })

    it('by a worker that was taken for dead takes nothing from the try after it', async () => {
      const { id } = await ask('tasks', person('member'))
      const store = await blobs()
      const { removeBelow } = store
      // The first one hangs as it is about to remove what others left, and the second has its turn meanwhile.
      store.removeBelow = async (...what) => {
        store.removeBelow = removeBelow
        await sql("update exports set seen_at = now() - interval '1 minute' where id = $1", [id])
        await run(id)
        await removeBelow(...what)
      }
      await run(id)
      expect((await get(id, person('member'))).state).toBe('ready')
      const { url } = await linkOf(id, person('member'))
      expect((await fetch(url)).status).toBe(200)
      expect(await objectsOf(id)).toHaveLength(1)
    })

    it('by who cancels it stops within seconds, and leaves nothing', async () => {
      await addTasks(20_000)
      const { id } = await ask('tasks', person('member'))
      const going = run(id)
      await expect
        .poll(async () => (await get(id, person('member'))).state, { timeout: 30_000 })
        .toBe('running')
      await execute(cancelExport, person('member'), { exportId: id })
      await going
      await emptyExports(pool, { open: blobs })
      expect((await get(id, person('member'))).state).toBe('cancelled')
      expect(await objectsOf(id)).toEqual([])
      await expect(linkOf(id, person('member'))).rejects.toMatchObject({ kind: 'conflict' })
    })

    it('again and again is given up, and who asked hears of it', async () => {
      const { id } = await ask('tasks', person('member'))
      // Tasks that the database refuses to look for stand for a fault that stays.
      await sql('update exports set tries = 5, filters = \'{"status": "no status"}\' where id = $1', [id])
      await expect(run(id)).rejects.toThrow()
      expect(await get(id, person('owner'))).toMatchObject({ state: 'failed' })
      const [told] = await sql("select payload from outbox where org_id = $1 and topic = 'mail'", [tenant.id])
      expect(told.payload.data.subject).toBe('Your export of tasks failed')
    })
  })

  describe('ends', () => {
    it('after seven days: its link is refused and its file removed, and nothing of others', async () => {
      const { id } = await made('tasks', person('member'))
      const other = await made('projects', person('member'))
      await sql("update exports set expires_at = now() - interval '1 minute' where id = $1", [id])
      expect((await get(id, person('member'))).state).toBe('expired')
      await expect(linkOf(id, person('member'))).rejects.toMatchObject({
        kind: 'conflict',
        message: expect.stringContaining('expired'),
      })
      await emptyExports(pool, { open: blobs })
      expect(await objectsOf(id)).toEqual([])
      expect(await objectsOf(other.id)).toHaveLength(1)
    })

    it('when twenty newer ones are kept', async () => {
      const { id } = await made('projects', person('member'))
      await sql(
        `insert into exports (org_id, kind, format, state, created_by, run, finished_at, expires_at)
         select $1, 'projects', 'csv', 'ready', $2, uuidv7(), now() + interval '1 minute', now() + interval '1 day'
         from generate_series(1, 19)`,
        [tenant.id, person('member').userId],
      )
      const last = await made('projects', person('member'))
      expect((await get(id, person('member'))).state).toBe('expired')
      expect((await get(last.id, person('member'))).state).toBe('ready')
    })

    it('with its organisation', async () => {
      const { id } = await made('organisation', person('owner'))
      const [{ slug }] = await sql('select slug from organisations where id = $1', [tenant.id])
      await execute(removeOrganisation, person('owner'), { confirm: slug })
      await emptyExports(pool, { open: blobs })
      expect(await objectsOf(id)).toEqual([])
    })
  })

  it('whose job is lost is asked for once more', async () => {
    const { id } = await ask('tasks', person('member'))
    const waiting = async () =>
      (await sql("select from outbox where org_id = $1 and topic = 'export.run'", [tenant.id])).length
    await sweepJobs(pool)
    expect(await waiting()).toBe(1)
    await sql("update exports set created_at = now() - interval '3 hours' where id = $1", [id])
    await sweepJobs(pool)
    expect(await waiting()).toBe(2)
  })
})
