import { randomUUID } from 'node:crypto'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { acceptInvitation } from '../accounts/invitations.ts'
import type { Plan } from '../actor.ts'
import { resolveApiKey } from '../api-keys/resolve.ts'
import { listAudit } from '../audit/operations.ts'
import { execute } from '../execute.ts'
import { createInvitation, listInvitations, revokeInvitation } from '../invitations/operations.ts'
import { isRead } from '../operation.ts'
import { operationList } from '../operations.ts'
import { exportOrganisation } from '../organisations/export.ts'
import { createProject } from '../projects/operations.ts'
import { closeRuntime } from '../runtime.ts'
import { createSession, resolveActor } from '../sessions/sessions.ts'
import { newToken, tokenHash } from '../sessions/token.ts'
import { asAdministrator, createTenant, type Tenant } from '../testing/tenants.ts'
import { furnish } from '../testing/things.ts'
import { counted, isFeature, liftedBy, plans } from './plans.ts'

const free = plans.free.limits
const mostProjects = free.projects as number
const mostMembers = free.members as number

let tenant: Tenant
const owner = () => tenant.people.owner.actor
const onPlan = (plan: Plan) => ({ ...owner(), plan })

const setPlan = (plan: Plan) =>
  asAdministrator((client) =>
    client.query('update organisations set plan = $2 where id = $1', [tenant.id, plan]),
  )
const countOf = async (table: 'projects' | 'memberships' | 'invitations') =>
  (await asAdministrator((client) => client.query(`select from ${table} where org_id = $1`, [tenant.id])))
    .rowCount

const key = () =>
  `T${randomUUID()
    .replaceAll(/[^a-f0-9]/g, '')
    .slice(0, 7)
    .toUpperCase()}`
const start = () => execute(createProject, owner(), { key: key(), name: 'Another' })
const invite = (email = `${randomUUID()}@example.test`) =>
  execute(createInvitation, owner(), { email, role: 'viewer' })

beforeEach(async () => {
  tenant = await createTenant()
  await setPlan('free')
})
afterAll(closeRuntime)

describe('what a plan counts', () => {
  it('is given to the last place, and refused with limit, use and the plan that allows more', async () => {
    while ((await countOf('projects')) !== mostProjects) await start()
    await expect(start()).rejects.toMatchObject({
      kind: 'beyondPlan',
      type: '/docs#plan-limits',
      members: { need: 'projects', plan: 'free', limit: mostProjects, used: mostProjects, liftedBy: 'team' },
      message: `Your plan Free allows ${mostProjects} projects, and you have ${mostProjects}. The plan Team allows ${plans.team.limits.projects}.`,
    })
    expect(await countOf('projects')).toBe(mostProjects)
  })

  it('is taken by exactly as many of a hundred at the same time as there are places', async () => {
    const begun = (await countOf('projects')) as number
    const results = await Promise.allSettled(Array.from({ length: 100 }, start))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(mostProjects - begun)
    const refused = results.flatMap((each) => (each.status === 'rejected' ? [each.reason.kind] : []))
    expect(new Set(refused)).toEqual(new Set(['beyondPlan']))
    expect(await countOf('projects')).toBe(mostProjects)
  })

  it('is that of the plan at the moment of the write, whatever the session remembers', async () => {
    while ((await countOf('projects')) !== mostProjects) await start()
    const another = () => execute(createProject, onPlan('business'), { key: key(), name: 'Another' })
    await expect(another()).rejects.toMatchObject({ kind: 'beyondPlan' })
    await setPlan('business')
    const withOld = () => execute(createProject, onPlan('free'), { key: key(), name: 'Another' })
    await expect(withOld()).resolves.toMatchObject({ name: 'Another' })
  })

  it('stays what it is beyond a limit, after a change to a smaller plan', async () => {
    await setPlan('team')
    for (let n = 0; n < mostProjects; n++) await start()
    await setPlan('free')
    await expect(start()).rejects.toMatchObject({ members: { used: mostProjects + 1 } })
    expect(await countOf('projects')).toBe(mostProjects + 1)
  })

  it('counts an open invitation as a member, once for each address', async () => {
    const members = (await countOf('memberships')) as number
    const invited: string[] = []
    for (let n = members; n < mostMembers; n++) invited.push((await invite()).email)
    await expect(invite()).rejects.toMatchObject({ members: { need: 'members', used: mostMembers } })
    // A new link for somebody who is invited already takes no place.
    await expect(invite(invited[0])).resolves.toMatchObject({ email: invited[0] })
    const { items } = await execute(listInvitations, owner(), { limit: 1 })
    await execute(revokeInvitation, owner(), { invitationId: items[0]?.id as string })
    await expect(invite()).resolves.toMatchObject({ role: 'viewer' })
  })

  it('lets nobody in by an invitation from before the plan became smaller', async () => {
    await setPlan('team')
    const [invitation, email] = [newToken(), `${randomUUID()}@example.test`]
    const guest = await asAdministrator(async (client) => {
      await client.query(
        `insert into invitations (org_id, invited_by, email, role, token_hash, expires_at)
         values ($1, $2, $3, 'viewer', $4, now() + interval '1 day')`,
        [tenant.id, owner().userId, email, tokenHash(invitation)],
      )
      await client.query(
        `with people as (insert into users (email, name) select gen_random_uuid() || '@example.test', 'P'
           from generate_series(1, $2) returning id)
         insert into memberships (org_id, user_id, role) select $1, id, 'viewer' from people`,
        [tenant.id, mostMembers],
      )
      const { rows } = await client.query(
        "insert into users (email, name, email_verified) values ($1, 'Guest', now()) returning id",
        [email],
      )
      return rows[0].id as string
    })
    await setPlan('free')
    const { token } = await createSession(guest)
    const before = await countOf('memberships')
    await expect(acceptInvitation(guest, invitation, token)).rejects.toMatchObject({ kind: 'beyondPlan' })
    expect(await countOf('memberships')).toBe(before)
    // Nothing of it happened: the invitation is good once there is a place, and nothing is owed.
    await setPlan('team')
    const owing = (since: string) =>
      asAdministrator((client) =>
        client.query(`update organisations set read_only_at = ${since} where id = $1`, [tenant.id]),
      )
    await owing("now() - interval '1 minute'")
    await expect(acceptInvitation(guest, invitation, token)).rejects.toMatchObject({ kind: 'readOnly' })
    await owing('null')
    await expect(acceptInvitation(guest, invitation, token)).resolves.toEqual({ organisationId: tenant.id })
  })
})

describe('a feature of a plan', () => {
  it('is refused to whoever’s plan does not have it', async () => {
    await expect(execute(listAudit, onPlan('free'), {})).rejects.toMatchObject({
      kind: 'beyondPlan',
      members: { need: 'auditLog', plan: 'free', liftedBy: 'team' },
      message: 'Your plan Free does not include the audit log. The plan Team includes it.',
    })
    await expect(execute(listAudit, onPlan('team'), {})).resolves.toMatchObject({ items: [] })
  })

  it('shows as much of the audit log as the plan says', async () => {
    await asAdministrator((client) =>
      client.query(
        `insert into audit_log (org_id, actor_id, operation, target, at)
         select $1, $2, 'task.create', 'days ago ' || days, now() - make_interval(days => days) + interval '1 hour'
         from unnest(array[0, 90, 91, 400, 401]) as days`,
        [tenant.id, owner().userId],
      ),
    )
    const seenOn = async (plan: Plan) =>
      (await execute(listAudit, onPlan(plan), {})).items.map(({ target }) => target).sort()
    expect(await seenOn('team')).toEqual(['days ago 0', 'days ago 90'])
    expect(await seenOn('business')).toEqual([
      ...['days ago 0', 'days ago 400', 'days ago 90', 'days ago 91'],
    ])
  })
})

it('the export holds as much of the audit log as can be read', async () => {
  await asAdministrator((client) =>
    client.query(
      `insert into audit_log (org_id, actor_id, operation, target, at)
       values ($1, $2, 'task.create', 'long ago', now() - interval '91 days'), ($1, $2, 'task.create', 'now', now())`,
      [tenant.id, owner().userId],
    ),
  )
  const exported = async (plan: Plan) =>
    (await execute(exportOrganisation, onPlan(plan), {})).auditLog.map(({ target }) => target).sort()
  expect(await exported('free')).toEqual([])
  expect(await exported('team')).toEqual(['now'])
  expect(await exported('business')).toEqual(['long ago', 'now'])
})

describe('the plans', () => {
  it('allow more from one to the next, and never less', () => {
    const [small, middle, large] = [plans.free, plans.team, plans.business]
    for (const [less, more] of [
      [small, middle],
      [middle, large],
    ] as const) {
      for (const each of counted)
        expect(more.limits[each] ?? Number.POSITIVE_INFINITY).toBeGreaterThan(less.limits[each] as number)
      expect(more.auditDays).toBeGreaterThan(less.auditDays)
      expect(more.seat?.month).toBeGreaterThan(less.seat?.month ?? 0)
    }
  })

  it('name the smallest one that lifts a limit, or none', () => {
    expect(liftedBy('free', 'projects')).toBe('team')
    expect(liftedBy('team', 'members')).toBe('business')
    expect(liftedBy('business', 'projects')).toBeNull()
    expect(liftedBy('team', 'auditLog')).toBeNull()
  })

  // Order of locks: the organisation first (see turn.ts).
  it('are asked by no write that holds the person before the organisation', () => {
    const risky = operationList.filter(
      ({ needs, locks, writes, needsProof }) =>
        needs !== undefined &&
        !isFeature(needs) &&
        (writes === 'account' || needsProof) &&
        locks !== 'organisation',
    )
    expect(risky.map(({ name }) => name)).toEqual([])
  })
})

describe('an organisation that owes', () => {
  const owing = (daysAgo: number) => ({ ...owner(), readOnlyAt: Date.now() - daysAgo * 86_400_000 })
  const begin = (daysAgo: number) => execute(createProject, owing(daysAgo), { key: key(), name: 'Another' })

  it('goes on as before until its time is over, and can only read from then on', async () => {
    await expect(begin(-1)).resolves.toMatchObject({ name: 'Another' })
    await expect(begin(0)).rejects.toMatchObject({ kind: 'readOnly', type: '/docs#read-only' })
    await expect(execute(listInvitations, owing(3), {})).resolves.toMatchObject({ items: [] })
    await expect(execute(exportOrganisation, owing(3), {})).resolves.toHaveProperty('projects')
  })

  it('can still pay, leave, and take access from somebody', () => {
    const writes = operationList.filter((each) => !isRead(each))
    const allowed = writes.filter(({ evenReadOnly }) => evenReadOnly).map(({ name }) => name)
    expect(allowed.sort()).toEqual([
      ...['apiKey.revoke', 'avatar.complete', 'avatar.remove', 'avatar.upload', 'billing.cancel'],
      ...['billing.checkout', 'billing.portal', 'billing.resume', 'billing.sync', 'export.cancel'],
      ...['export.create', 'invitation.revoke'],
      ...['me.remove', 'me.setPassword', 'me.update', 'member.remove', 'notification.read'],
      ...['notification.readAll', 'notification.updatePreferences', 'organisation.create'],
      ...['organisation.leave', 'organisation.remove', 'organisation.transfer'],
      ...['session.revoke', 'session.revokeOthers', 'webhook.remove'],
    ])
  })

  it('is told so by a session and by a key, from the next request after it has changed', async () => {
    const { token } = tenant.people.owner
    const { key: secret } = await furnish(tenant, 'owner')
    const at = new Date('2026-01-02T03:04:05.678Z')
    const until = (readOnlyAt: Date | null) =>
      asAdministrator((client) =>
        client.query('update organisations set read_only_at = $2 where id = $1', [tenant.id, readOnlyAt]),
      )
    await until(at)
    const { token: fresh } = await createSession(owner().userId)
    expect((await resolveActor(fresh))?.readOnlyAt).toBe(at.getTime())
    expect((await resolveApiKey(secret, ''))?.readOnlyAt).toBe(at.getTime())
    // What is kept of sessions is to be forgotten, by the database's own word.
    const { rows } = await asAdministrator((client) =>
      client.query('select keys from cache_outbox where $1 = any(keys)', [`session:${tokenHash(token)}`]),
    )
    expect(rows.length).toBeGreaterThan(0)
  })
})
