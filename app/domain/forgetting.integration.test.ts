import { randomUUID } from 'node:crypto'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Effects } from './effects.ts'
import { execute, perform } from './execute.ts'
import { removeMe } from './me/remove.ts'
import { listMembers, removeMember, setRole } from './members/operations.ts'
import type { AnyOperation } from './operation.ts'
import { closeRuntime, runtime } from './runtime.ts'
import { revokeOneSession } from './sessions/operations.ts'
import { createSession, resolveActor } from './sessions/sessions.ts'
import { tokenHash } from './sessions/token.ts'
import { asAdministrator, createTenant, type Tenant } from './testing/tenants.ts'

const kept = (token: string) => runtime().redis.get(`session:${tokenHash(token)}`)

/** What a process does that dies right after the commit. */
function dyingAfterCommit() {
  return vi.spyOn(Effects.prototype, 'afterCommit').mockRejectedValue(new Error('the process died'))
}

describe('what a write wants forgotten', () => {
  let tenant: Tenant
  beforeEach(async () => {
    vi.restoreAllMocks()
    tenant = await createTenant()
  })
  afterAll(closeRuntime)

  const rows = async (like: string): Promise<string[][]> =>
    asAdministrator(async (client) =>
      (
        await client.query(
          'select keys from cache_outbox where exists (select from unnest(keys) k where k like $1)',
          [`%${like}%`],
        )
      ).rows.map(({ keys }) => keys),
    )

  it('is marked in the cache before the commit of a revocation, and written down with it', async () => {
    const { actor } = tenant.people.member
    const { token } = await createSession(actor.userId)
    const sessionId = (await resolveActor(token))?.sessionId ?? ''
    expect(await kept(token)).toContain(sessionId)
    const { redis } = runtime()
    const set = redis.set.bind(redis) as (...args: unknown[]) => Promise<'OK'>
    const committed: boolean[] = []
    vi.spyOn(redis, 'set').mockImplementation((async (...args: unknown[]) => {
      const left = await asAdministrator((client) =>
        client.query('select from sessions where id = $1', [sessionId]),
      )
      committed.push(left.rowCount === 0)
      // A process that died at the commit says nothing after it.
      return left.rowCount === 0 ? 'OK' : set(...args)
    }) as never)
    await execute(revokeOneSession, actor, { sessionId })
    vi.restoreAllMocks()
    expect(committed).toEqual([false, true])
    expect(await resolveActor(token)).toBeNull()
    expect(await rows(tokenHash(token))).not.toEqual([])
  })

  it.each([
    ['removed', removeMember, {}],
    ['given another role', setRole, { role: 'viewer' }],
  ])('covers the sessions of a member who is %s', async (_, asked, input) => {
    const { actor, token } = tenant.people.member
    await resolveActor(token)
    dyingAfterCommit()
    const call = perform(asked as unknown as AnyOperation, tenant.people.admin.actor, {
      memberId: actor.userId,
      ...input,
    })
    await expect(call).rejects.toThrow('the process died')
    expect((await resolveActor(token))?.role).not.toBe('member')
    expect(await rows(tokenHash(token))).not.toEqual([])
  })

  it('is written down, for sessions, whoever ends them and however', async () => {
    const endings = [
      ['delete from sessions where user_id = $1', tenant.people.viewer],
      ['delete from users where id = $1', tenant.people.member],
      ['delete from memberships where user_id = $1', tenant.people.manager],
      ['update sessions set expires_at = now() where user_id = $1', tenant.people.admin],
    ] as const
    for (const [text, { actor, token }] of endings) {
      await asAdministrator((client) => client.query(text, [actor.userId]))
      expect(await rows(tokenHash(token)), text).not.toEqual([])
    }
    await asAdministrator((client) => client.query('delete from organisations where id = $1', [tenant.id]))
    expect(await rows(tokenHash(tenant.people.owner.token))).not.toEqual([])
  })

  it('does not keep a revocation from happening while the cache is away', async () => {
    const { actor } = tenant.people.member
    const { token } = await createSession(actor.userId)
    const sessionId = (await resolveActor(token))?.sessionId ?? ''
    const away = vi.spyOn(runtime().redis, 'set').mockRejectedValue(new Error('Redis is away'))
    const idempotencyKey = randomUUID()
    const revoke = () =>
      perform(revokeOneSession as unknown as AnyOperation, actor, { sessionId }, { idempotencyKey })
    expect(await revoke()).toEqual({ id: sessionId })
    expect(await revoke()).toEqual({ id: sessionId })
    away.mockRestore()
    expect(await rows(tokenHash(token))).not.toEqual([])
  })

  it('covers the lists of every organisation of who removes their account', async () => {
    const other = await createTenant()
    const { actor } = tenant.people.member
    await asAdministrator((client) =>
      client.query("insert into memberships (org_id, user_id, role) values ($1, $2, 'viewer')", [
        other.id,
        actor.userId,
      ]),
    )
    const listed = async ({ people }: Tenant) =>
      (await execute(listMembers, people.owner.actor, {})).items.some(({ id }) => id === actor.userId)
    expect([await listed(tenant), await listed(other)]).toEqual([true, true])
    const [{ email }] = await asAdministrator(
      async (client) => (await client.query('select email from users where id = $1', [actor.userId])).rows,
    )
    await execute(removeMe, actor, { confirm: email })
    expect([await listed(tenant), await listed(other)]).toEqual([false, false])
  })

  it('takes along what a removed or demoted member invited to', async () => {
    const { admin, owner } = tenant.people
    const invite = (role: string) =>
      asAdministrator((client) =>
        client.query(
          `insert into invitations (org_id, invited_by, email, role, token_hash, expires_at)
           values ($1, $2, gen_random_uuid() || '@example.test', $3, gen_random_uuid(), now() + interval '1 day')`,
          [tenant.id, admin.actor.userId, role],
        ),
      )
    const left = () =>
      asAdministrator(
        async (client) =>
          (await client.query('select role from invitations where org_id = $1', [tenant.id])).rowCount,
      )
    await invite('admin')
    await execute(setRole, owner.actor, { memberId: admin.actor.userId, role: 'manager' })
    expect(await left()).toBe(0)
    await execute(setRole, owner.actor, { memberId: admin.actor.userId, role: 'admin' })
    await invite('viewer')
    await execute(removeMember, owner.actor, { memberId: admin.actor.userId })
    expect(await left()).toBe(0)
  })
})
