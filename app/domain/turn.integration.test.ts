import { randomUUID } from 'node:crypto'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from './actor.ts'
import { createApiKey } from './api-keys/operations.ts'
import { execute } from './execute.ts'
import { createInvitation } from './invitations/operations.ts'
import { setPassword, updateMe } from './me/operations.ts'
import { removeMe } from './me/remove.ts'
import { setRole } from './members/operations.ts'
import { createOrganisation } from './organisations/operations.ts'
import { closeRuntime } from './runtime.ts'
import { revokeOtherSessions } from './sessions/operations.ts'
import { createSession, resolveActor } from './sessions/sessions.ts'
import { asAdministrator, createTenant, type Tenant } from './testing/tenants.ts'
import { furnish } from './testing/things.ts'

describe('a write whose session ends while it waits', () => {
  let tenant: Tenant
  beforeEach(async () => {
    tenant = await createTenant()
  })
  afterAll(closeRuntime)

  /** Ends a credential, and commits that when the write has been waiting for a while. */
  async function whileWaiting<T>(
    actor: Actor,
    end: [string, string],
    write: () => Promise<T>,
  ): Promise<unknown> {
    return asAdministrator(async (client) => {
      await client.query('begin')
      await client.query('select from organisations where id = $1 for no key update', [actor.orgId])
      await client.query('select from users where id = $1 for update', [actor.userId])
      await client.query(end[0], [end[1]])
      const answer = write().catch((error: unknown) => error)
      await new Promise((resolve) => setTimeout(resolve, 150))
      await client.query('commit')
      return answer
    })
  }

  const writes: [string, (actor: Actor, tenant: Tenant) => Promise<unknown>][] = [
    [
      'inviting',
      (actor) => execute(createInvitation, actor, { email: `${randomUUID()}@example.test`, role: 'viewer' }),
    ],
    [
      'making a key',
      (actor) => execute(createApiKey, actor, { name: 'k', scopes: ['task:read'], expiresInDays: 1 }),
    ],
    [
      'giving a role',
      (actor, { people }) => execute(setRole, actor, { memberId: people.member.actor.userId, role: 'admin' }),
    ],
    ['changing a name', (actor) => execute(updateMe, actor, { name: 'Another' })],
    ['setting a password', (actor) => execute(setPassword, actor, { next: 'a password of a stranger' })],
    ['founding an organisation', (actor) => execute(createOrganisation, actor, { name: 'Another' })],
    ['ending other sessions', (actor) => execute(revokeOtherSessions, actor, {})],
    ['removing the account', (actor) => execute(removeMe, actor, { confirm: 'whatever' })],
  ]
  it.each(writes)('does not happen: %s', async (_, write) => {
    const { actor } = tenant.people.owner
    const end: [string, string] = ['delete from sessions where id = $1', actor.sessionId as string]
    expect(await whileWaiting(actor, end, () => write(actor, tenant))).toMatchObject({
      kind: 'unauthenticated',
    })
    expect(await write(actor, tenant).catch((error: unknown) => error)).toMatchObject({
      kind: 'unauthenticated',
    })
  })

  it('is told of an API key as well', async () => {
    await furnish(tenant, 'owner')
    const { userId } = tenant.people.owner.actor
    await asAdministrator(async (client) => {
      const { rows } = await client.query(
        'select id from api_keys where org_id = $1 and expires_at > now()',
        [tenant.id],
      )
      const state = async () =>
        (await client.query('select credential_state($1, null, $2) as state', [userId, rows[0].id])).rows[0]
          .state
      expect(await state()).toBe('proved')
      await client.query('update api_keys set expires_at = now() where id = $1', [rows[0].id])
      expect(await state()).toBe('gone')
      await client.query('delete from api_keys where id = $1', [rows[0].id])
      expect(await state()).toBe('gone')
    })
  })
})

describe('a session that others are changing', () => {
  afterAll(closeRuntime)

  it('is resolved without waiting for them', async () => {
    const tenant = await createTenant()
    const { token } = await createSession(tenant.people.owner.actor.userId)
    await asAdministrator(async (client) => {
      await client.query("update sessions set last_seen_at = now() - interval '2 hours' where user_id = $1", [
        tenant.people.owner.actor.userId,
      ])
      await client.query('begin')
      await client.query('select from sessions where user_id = $1 for update', [
        tenant.people.owner.actor.userId,
      ])
      const began = Date.now()
      expect(await resolveActor(token)).not.toBeNull()
      expect(Date.now() - began).toBeLessThan(1_000)
      await client.query('rollback')
    })
  })
})
