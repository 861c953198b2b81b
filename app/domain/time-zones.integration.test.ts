import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAudit } from './audit/operations.ts'
import { dayIn, timeIn } from './calendar.ts'
import { createComment, listComments } from './comments/operations.ts'
import { getDashboard } from './dashboard/operations.ts'
import { execute } from './execute.ts'
import { getOrganisation, updateOrganisation } from './organisations/operations.ts'
import { getReport } from './reports/operations.ts'
import { closeRuntime } from './runtime.ts'
import { listSessions } from './sessions/operations.ts'
import { findTasks } from './tasks/reads.ts'
import { createTask, updateTask } from './tasks/writes.ts'
import { asAdministrator, createTenant, type Tenant } from './testing/tenants.ts'

const hour = 3_600_000
const day = 24 * hour

/** When a day begins in a zone, looked for without any arithmetic of zones: the first quarter of an hour of that day. */
function beginningOf(zone: string, date: string): Date {
  for (let at = Date.parse(date) - 15 * hour; ; at += hour / 4)
    if (dayIn(zone, new Date(at)) === date) return new Date(at)
}

const daysLater = (date: string, days: number) =>
  new Date(Date.parse(date) + days * day).toISOString().slice(0, 10)

afterAll(closeRuntime)

// The process and the database of these tests are each in a zone of their own (vitest.config.ts, services.ts).
describe('in a process and a database of other zones', () => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await createTenant()
  })

  it('the database is set to one, and so is the process', async () => {
    expect(new Date().getTimezoneOffset()).toBe(-330)
    const { rows } = await asAdministrator((client) =>
      client.query(`select count(distinct setconfig)::int as zones, min(setconfig::text) as zone
        from pg_db_role_setting where setdatabase <> 0 and setrole::regrole::text like 'worklane%'`),
    )
    expect(rows).toEqual([{ zones: 1, zone: '{TimeZone=America/St_Johns}' }])
  })

  it('what is written now is read as of now, by whichever way', async () => {
    const { actor } = tenant.people.owner
    const before = Date.now() - 1_000
    const task = await execute(createTask, actor, { projectId: tenant.project, title: 'Now' })
    const changed = await execute(updateTask, actor, { taskId: task.id, dueOn: '2026-12-24' })
    const comment = await execute(createComment, actor, { taskId: task.id, body: 'Now' })
    const { items: entries } = await execute(listAudit, actor, { limit: 10 })
    const { items: sessions } = await execute(listSessions, actor, {})
    const stored = await asAdministrator(async (client) => {
      const { rows } = await client.query(
        'select created_at, updated_at, due_on::text from tasks where id = $1',
        [task.id],
      )
      return rows[0]
    })
    expect(changed.dueOn).toBe('2026-12-24')
    expect(stored.due_on).toBe('2026-12-24')
    const times = [
      ...[task.createdAt, task.updatedAt, changed.updatedAt, comment.createdAt],
      ...[stored.created_at, stored.updated_at],
      ...entries.map(({ at }) => at),
      ...sessions.map(({ lastSeenAt }) => lastSeenAt),
    ].map((at) => new Date(at).getTime())
    expect(times.length).toBeGreaterThan(8)
    for (const at of times) {
      expect(at).toBeGreaterThan(before - 60_000)
      expect(at).toBeLessThan(Date.now() + 1_000)
    }
    expect(new Date(task.createdAt).getTime()).toBe(stored.created_at.getTime())
    expect(sessions.every(({ expiresAt }) => Date.parse(expiresAt) > before + 29 * day)).toBe(true)
  })

  it('a page begins where the one before it ended', async () => {
    const { actor } = tenant.people.owner
    for (let n = 0; n < 5; n++)
      await execute(createComment, actor, { taskId: tenant.task, body: `Comment ${n}` })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await execute(listComments, actor, { taskId: tenant.task, limit: 2, cursor })
      seen.push(...page.items.map(({ body }) => body))
      cursor = page.nextCursor ?? undefined
    } while (cursor)
    expect(seen).toEqual(['Comment 4', 'Comment 3', 'Comment 2', 'Comment 1', 'Comment 0'])
    const first = await execute(findTasks, actor, { limit: 1 })
    const second = await execute(findTasks, actor, { limit: 1, cursor: first.nextCursor ?? undefined })
    expect(second.items[0]?.id).not.toBe(first.items[0]?.id)
    expect(second.items).toHaveLength(1)
  })
})

describe('the days of an organisation', () => {
  const inZone = async (timeZone: string) => {
    const tenant = await createTenant()
    const { actor } = tenant.people.owner
    await execute(updateOrganisation, actor, { timeZone })
    return { tenant, actor }
  }
  /** Tasks that were done at these moments. */
  const done = (tenant: Tenant, moments: Date[]) =>
    asAdministrator((client) =>
      client.query(
        `insert into tasks (org_id, project_id, number, title, position, status, done_at)
         select $1, $2, n + 1, 'Done', 'd' || lpad(n::text, 4, '0'), 'done', at from unnest($3::timestamptz[]) with ordinality as m (at, n)`,
        [tenant.id, tenant.project, moments],
      ),
    )

  // Most years' weeks hold both changes of the clocks; in Kolkata, half an hour off, they never change.
  it.each([
    ['Europe/Berlin', [167, 168, 169]],
    ['America/New_York', [167, 168, 169]],
    ['Australia/Lord_Howe', [167.5, 168, 168.5]],
    ['Asia/Kolkata', [168]],
    ['Asia/Kathmandu', [168]],
    ['UTC', [168]],
  ])('begin its weeks at midnight in %s, on both sides of a change of clocks', async (zone, lengths) => {
    const { tenant, actor } = await inZone(zone)
    const { throughput: empty } = await execute(getReport, actor, { weeks: 52 })
    expect(empty).toHaveLength(52)
    const weeks = empty.map(({ week }) => ({
      week,
      from: beginningOf(zone, week),
      to: beginningOf(zone, daysLater(week, 7)),
    }))
    // This one is not over, and the clocks' next change may be in it.
    const whole = weeks.slice(0, -1)
    const hours = whole.map(({ from, to }) => (to.getTime() - from.getTime()) / hour)
    expect(lengths).toEqual(expect.arrayContaining(hours))
    // One of the year's two changes may be in the week that is left out.
    expect(new Set(hours).size).toBeGreaterThanOrEqual(Math.min(2, lengths.length))
    expect(weeks.every(({ week }) => new Date(week).getUTCDay() === 1)).toBe(true)
    // As many in a week as its place says, half of them at its first and half at its last moment.
    const moments = whole.flatMap(({ from, to }, place) =>
      Array.from({ length: place % 5 }, (_, n) => (n % 2 ? from : new Date(to.getTime() - 1))),
    )
    await done(tenant, moments)
    // Another question than the one whose answer is kept.
    const { throughput } = await execute(getReport, actor, { weeks: 51 })
    const expected = whole.map(({ week }, place) => ({ week, done: place % 5 })).slice(1)
    expect(throughput.slice(0, -1)).toEqual(expected)
  })

  it('begin at their own time: what is due today in the far west is overdue in the far east', async () => {
    const west = 'Etc/GMT+12'
    const [{ tenant, actor }, now] = [await inZone(west), new Date()]
    const dueOn = dayIn(west, now)
    const { id } = await execute(createTask, actor, { projectId: tenant.project, title: 'Due', dueOn })
    const state = async () => {
      const { counts } = await execute(getDashboard, actor, {})
      const found = await Promise.all(
        (['overdue', 'week'] as const).map((due) => execute(findTasks, actor, { due })),
      )
      return {
        ...{ overdue: counts.overdue, dueSoon: counts.dueSoon },
        found: found.map(({ items }) => items.some((task) => task.id === id)),
      }
    }
    expect(await state()).toEqual({ overdue: 0, dueSoon: 1, found: [false, true] })
    await execute(updateOrganisation, actor, { timeZone: 'Pacific/Kiritimati' })
    expect(await state()).toEqual({ overdue: 1, dueSoon: 0, found: [true, false] })
  })

  it('decide what was done in the last seven days', async () => {
    const zone = 'Asia/Kolkata'
    const { tenant, actor } = await inZone(zone)
    const begins = beginningOf(zone, daysLater(dayIn(zone, new Date()), -6))
    await done(tenant, [new Date(begins.getTime() - 1), begins, new Date(begins.getTime() + 1)])
    expect((await execute(getReport, actor, {})).counts.doneThisWeek).toBe(2)
  })

  it('bound what is looked for in the audit log', async () => {
    const zone = 'Pacific/Kiritimati'
    const { tenant, actor } = await inZone(zone)
    // As far back as the plan lets one read.
    const today = daysLater(dayIn(zone, new Date()), -30)
    const midnight = beginningOf(zone, today)
    await asAdministrator((client) =>
      client.query(
        `insert into audit_log (org_id, operation, target, at)
         select $1, 'test', at::text, at from unnest($2::timestamptz[]) at`,
        [tenant.id, [-1, 0, day - 1, day].map((ms) => new Date(midnight.getTime() + ms))],
      ),
    )
    const { items } = await execute(listAudit, actor, { operation: 'test', from: today, to: today })
    expect(items.map(({ at }) => timeIn(zone, new Date(at))).sort()).toEqual([
      `${today} 00:00`,
      `${today} 23:59`,
    ])
  })

  it('are set by a name that both JavaScript and Postgres know, in the spelling of Postgres', async () => {
    const { actor } = await inZone('asia/kolkata')
    expect(await execute(getOrganisation, actor, {})).toMatchObject({ timeZone: 'Asia/Kolkata' })
    for (const timeZone of [
      'Mars/Olympus',
      '+05:30',
      'localtime',
      'posix/UTC',
      '',
      'UTC; drop',
      'EST5EDT4',
      'a\0b',
    ])
      await expect(execute(updateOrganisation, actor, { timeZone })).rejects.toMatchObject({
        fields: [{ path: 'timeZone', message: expect.stringContaining('IANA') }],
      })
    expect(await execute(updateOrganisation, actor, { name: 'Renamed' })).toMatchObject({
      name: 'Renamed',
      timeZone: 'Asia/Kolkata',
    })
    const { items } = await execute(listAudit, actor, { operation: 'organisation.update' })
    expect(items.at(-1)).toMatchObject({ before: { timeZone: 'UTC' }, after: { timeZone: 'Asia/Kolkata' } })
    // Past the operation the table refuses it as well.
    await expect(
      asAdministrator((client) => client.query("update organisations set time_zone = 'Mars/Olympus'")),
    ).rejects.toThrow(/not recognized/)
  })

  it('are those of a zone for every one of its clocks', () => {
    expect(timeIn('Asia/Kolkata', new Date('2026-11-29T18:29:59Z'))).toBe('2026-11-29 23:59')
    expect(timeIn('Asia/Kolkata', new Date('2026-11-29T18:30:00Z'))).toBe('2026-11-30 00:00')
    expect(timeIn('Europe/Berlin', new Date('2026-03-29T01:00:00Z'))).toBe('2026-03-29 03:00')
    expect(dayIn('America/New_York', new Date('2026-11-01T03:59:59Z'))).toBe('2026-10-31')
  })
})
