import { randomUUID } from 'node:crypto'
import { UtcClient } from '@worklane/data/utc-client.ts'
import { frequencyOfNewMembers } from '@worklane/domain/digests/frequency.ts'
import { getPreferences, updatePreferences } from '@worklane/domain/digests/operations.ts'
import { subscriptionOf, unsubscribe } from '@worklane/domain/digests/unsubscribe.ts'
import { execute } from '@worklane/domain/execute.ts'
import { updateOrganisation } from '@worklane/domain/organisations/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type OwnDatabase, ownDatabase } from '../../data/testing/own-database.ts'
import { type MailServer, startMailServer } from '../mail/testing/mail-server.ts'
import { NotNow } from '../queue.ts'
import { sendDigest } from './digest.ts'
import { planDigests } from './plan.ts'

type Job = { id: string; orgId: string; topic: string; payload: { userId: string; period: string } }

describe('the mail about what somebody has not read', () => {
  const inherited = { ...process.env }
  let database: OwnDatabase
  let pool: pg.Pool
  let server: MailServer
  let tenant: Tenant

  beforeAll(async () => {
    // Of its own: what is due in another test's is nobody's business here.
    ;[database, server] = await Promise.all([ownDatabase(), startMailServer()])
    const { worker, auth, relay } = database.urls
    Object.assign(process.env, {
      ...{ DATABASE_URL: database.adminUrl, APP_DATABASE_URL: worker, AUTH_DATABASE_URL: auth },
      SMTP_URL: server.url,
    })
    pool = new pg.Pool({ Client: UtcClient, connectionString: relay, max: 8 })
  })
  afterAll(async () => {
    await pool.end()
    await closeRuntime()
    await server.close()
    await database.remove()
    for (const name of Object.keys(process.env)) if (!(name in inherited)) delete process.env[name]
    Object.assign(process.env, inherited)
  })
  beforeEach(async () => {
    await database.query('update digests set due_at = null, every = $$off$$; delete from outbox')
    server.received.length = 0
    tenant = await createTenant()
  })

  const sql = async <Row = Record<string, unknown>>(text: string): Promise<Row[]> =>
    (await database.query(text)).rows as Row[]
  const owner = () => tenant.people.owner.actor
  const choose = (digest: 'off' | 'daily' | 'weekly', actor = owner()) =>
    execute(updatePreferences, actor, { digest })
  /** Something to read. @param ago as Postgres has it */
  const tell = (excerpt: string, ago = '1 minute', more: { read?: boolean; kind?: string } = {}) =>
    sql(`insert into notifications (org_id, user_id, outbox_id, kind, actor_id, task_id, excerpt, created_at, read_at)
      values ('${tenant.id}', '${owner().userId}', '${randomUUID()}', '${more.kind ?? 'mentioned'}',
        '${tenant.people.member.actor.userId}', '${tenant.task}', '${excerpt}', now() - interval '${ago}',
        ${more.read ? 'now()' : 'null'})`)
  const makeDue = () =>
    sql(
      `update digests set due_at = now() - interval '1 minute' where org_id = '${tenant.id}' and every <> 'off'`,
    )
  const jobs = () =>
    sql<Job>(`select id, org_id as "orgId", topic, payload from outbox where topic = 'digest' order by id`)
  const onlyJob = async (): Promise<Job> => {
    const [job, ...others] = await jobs()
    if (!job || others.length > 0)
      throw new Error(`one job was to be there, not ${others.length + (job ? 1 : 0)}`)
    return job
  }
  const texts = () => server.received.map(({ mail }) => mail.text ?? '')

  describe('is due', () => {
    const mornings = async (every: string, zone: string, since: string) =>
      (
        await sql<{ at: Date | null }>(`select next_digest('${every}', '${zone}', '${since}') as at`)
      )[0]?.at?.toISOString() ?? null

    it.each([
      ['daily', 'Europe/Berlin', '2026-03-27T05:00:00Z', '2026-03-27T07:00:00.000Z'],
      // The clocks go forward on the 29th.
      ['daily', 'Europe/Berlin', '2026-03-28T07:00:00Z', '2026-03-29T06:00:00.000Z'],
      ['weekly', 'Europe/Berlin', '2026-03-27T05:00:00Z', '2026-03-30T06:00:00.000Z'],
      ['weekly', 'America/St_Johns', '2026-03-30T10:29:00Z', '2026-03-30T10:30:00.000Z'],
      ['weekly', 'America/St_Johns', '2026-03-30T10:30:00Z', '2026-04-06T10:30:00.000Z'],
      // Where it is tomorrow already.
      ['daily', 'Pacific/Auckland', '2026-03-27T20:00:00Z', '2026-03-28T19:00:00.000Z'],
      ['off', 'UTC', '2026-03-27T05:00:00Z', null],
    ])('%s in %s, after %s, at %s', async (every, zone, since, at) => {
      expect(await mornings(every, zone, since)).toBe(at)
    })

    it('in the zone of the organisation, also where it moves', async () => {
      await execute(updateOrganisation, owner(), { timeZone: 'Asia/Tokyo' })
      const { nextDigestAt } = await choose('daily')
      expect(nextDigestAt).toMatch(/T23:00:00\.000Z$/)
      await execute(updateOrganisation, owner(), { timeZone: 'America/New_York' })
      expect((await execute(getPreferences, owner(), {})).nextDigestAt).toMatch(/T1[23]:00:00\.000Z$/)
    })

    it('never for who has not chosen it', async () => {
      expect(await execute(getPreferences, owner(), {})).toEqual({ digest: 'off', nextDigestAt: null })
      await choose('weekly')
      expect(await choose('off')).toEqual({ digest: 'off', nextDigestAt: null })
      expect(frequencyOfNewMembers).toBe('weekly')
    })
  })

  it('is made once for a period, by many workers at once, and moved on to the next morning', async () => {
    const everybody = Object.values(tenant.people).map(({ actor }) => actor)
    for (const actor of everybody) await choose('daily', actor)
    await makeDue()
    const made = await Promise.all(Array.from({ length: 6 }, () => planDigests(pool, { most: 2 })))
    expect(made.reduce((sum, count) => sum + count, 0)).toBe(everybody.length)
    expect(new Set((await jobs()).map(({ payload }) => payload.userId)).size).toBe(everybody.length)
    // A clock that is set back, or a row that is written again: the period has had its mail.
    await makeDue()
    expect(await planDigests(pool)).toBe(0)
    expect(await jobs()).toHaveLength(everybody.length)
    const [{ late } = { late: 1 }] = await sql(
      `select count(*)::int as late from digests where due_at <= now()`,
    )
    expect(late).toBe(0)
  })

  it('tells what is unread, links to it, and can be ended from it', async () => {
    await choose('weekly')
    await tell('Look at this')
    await tell('Seen already', '2 minutes', { read: true })
    await makeDue()
    await planDigests(pool)
    await sendDigest(await onlyJob())
    const [{ mail } = { mail: null }] = server.received
    expect(mail?.subject).toMatch(/^1 unread notification in Tenant /)
    expect(mail?.text).toContain('mentioned you: Look at this')
    expect(mail?.text).toContain(`/tasks/${tenant.task}`)
    expect(mail?.text).not.toContain('Seen already')
    const token = /\/unsubscribe\/([0-9a-f-]{36})/.exec(mail?.text ?? '')?.[1] ?? ''
    expect(await subscriptionOf(token)).toMatchObject({ every: 'weekly' })
    for (let n = 0; n < 2; n++) expect(await unsubscribe(token)).toBe(true)
    expect(await execute(getPreferences, owner(), {})).toEqual({ digest: 'off', nextDigestAt: null })
  })

  it('is sent once, however often its job runs, and at the same time', async () => {
    await choose('daily')
    await tell('Look')
    await makeDue()
    await planDigests(pool)
    const job = await onlyJob()
    const runs = await Promise.allSettled(Array.from({ length: 5 }, () => sendDigest(job)))
    expect(runs.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0)
    await sendDigest(job)
    expect(server.received).toHaveLength(1)
  })

  it('is sent by another worker where one died in the middle', async () => {
    await choose('daily')
    await tell('Look')
    await makeDue()
    await planDigests(pool)
    const job = await onlyJob()
    await sql(`update digest_mails set claimed_at = now() where org_id = '${tenant.id}'`)
    await expect(sendDigest(job)).rejects.toThrow(NotNow)
    await sql(
      `update digest_mails set claimed_at = now() - interval '10 minutes' where org_id = '${tenant.id}'`,
    )
    await sendDigest(job)
    expect(server.received).toHaveLength(1)
  })

  it('is tried again where the mail server refuses it, and the next one tells what it would have told', async () => {
    await choose('daily')
    await tell('Look')
    await makeDue()
    await planDigests(pool)
    server.refuse('away')
    const job = await onlyJob()
    for (let n = 0; n < 2; n++) await expect(sendDigest(job)).rejects.toThrow('away')
    server.refuse(null)
    // Its job is given up; the next day comes.
    await sql(`update digest_mails set period = period - 1, made_at = made_at - interval '20 hours' where org_id = '${tenant.id}';
      delete from outbox`)
    await makeDue()
    await planDigests(pool)
    await sendDigest(await onlyJob())
    expect(texts()).toEqual([expect.stringContaining('Look')])
  })

  it('tells nothing twice', async () => {
    await choose('weekly')
    await tell('The first', '30 minutes')
    await makeDue()
    await planDigests(pool)
    await sendDigest(await onlyJob())
    await sql(`update digest_mails set period = period - 7, made_at = made_at - interval '20 minutes' where org_id = '${tenant.id}';
      delete from outbox`)
    await tell('The second')
    await makeDue()
    await planDigests(pool)
    await sendDigest(await onlyJob())
    expect(texts()[1]).toContain('The second')
    expect(texts()[1]).not.toContain('The first')
  })

  it('stays away where there is nothing new, and from who left, unsubscribed, or has not proved their address', async () => {
    await choose('daily')
    await makeDue()
    await planDigests(pool)
    const job = await onlyJob()
    await sendDigest(job)
    // The same job once more, with something to tell now: this period has had its turn.
    await tell('Late')
    await sendDigest(job)
    const again = async (change: string) => {
      await sql(
        `update digest_mails set settled_at = null, claimed_at = null where org_id = '${tenant.id}'; ${change}`,
      )
      await sendDigest(job)
    }
    await sql(
      `update notifications set created_at = created_at - interval '1 hour' where org_id = '${tenant.id}'`,
    )
    await again(`update users set email_verified = null where id = '${owner().userId}'`)
    await again(`update users set email_verified = now() where id = '${owner().userId}';
      update digests set every = 'off', due_at = null where org_id = '${tenant.id}'`)
    await again(`update memberships set role = 'owner'
        where org_id = '${tenant.id}' and user_id = '${tenant.people.admin.actor.userId}';
      delete from memberships where org_id = '${tenant.id}' and user_id = '${owner().userId}'`)
    expect(server.received).toEqual([])
  })

  it('names no more than it shows of a hundred, and says so', async () => {
    await choose('daily')
    for (let n = 0; n < 102; n++) await tell(`Note ${n}`, `${n + 1} seconds`)
    await makeDue()
    await planDigests(pool)
    await sendDigest(await onlyJob())
    expect(server.received[0]?.mail.subject).toMatch(/^100 or more unread notifications/)
    expect(texts()[0]?.match(/Note \d+/g)).toHaveLength(10)
  })

  it('goes by what the organisation’s own rows say, and a token of nobody ends nothing', async () => {
    const other = await createTenant()
    await choose('weekly')
    await choose('weekly', other.people.owner.actor)
    const [row] = await sql<{ token: string }>(
      `select unsubscribe_token as token from digests where org_id = '${tenant.id}'`,
    )
    for (const token of ['', 'made-up', randomUUID(), `${row?.token}x`]) {
      expect(await subscriptionOf(token)).toBeNull()
      expect(await unsubscribe(token)).toBe(false)
    }
    expect(await unsubscribe(row?.token ?? '')).toBe(true)
    expect(await execute(getPreferences, other.people.owner.actor, {})).toMatchObject({ digest: 'weekly' })
    expect((await execute(getPreferences, owner(), {})).digest).toBe('off')
  })

  it('is known for two months', async () => {
    await choose('daily')
    await makeDue()
    await planDigests(pool)
    await sql(`update digest_mails set made_at = now() - interval '61 days' where org_id = '${tenant.id}'`)
    await planDigests(pool)
    expect(await sql(`select 1 from digest_mails where org_id = '${tenant.id}'`)).toEqual([])
  })
})
