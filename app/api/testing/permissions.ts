import { mayAct, Role } from '@worklane/domain/actor.ts'
import { newKey, prefixOf } from '@worklane/domain/api-keys/secret.ts'
import { type AnyOperation, isRead } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { capabilityOf, scopeOf } from '@worklane/domain/permission.ts'
import { createSession, revokeSession } from '@worklane/domain/sessions/sessions.ts'
import { tokenHash } from '@worklane/domain/sessions/token.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, sampleInput, type Things } from '@worklane/domain/testing/things.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { capabilities } from '../../domain/api-keys/scopes.ts'
import { type App, asKey, asSession, restAsk, send, trpcAsk } from './asks.ts'

/** What a role may do, and what stands against it in a tenant like ours. */
const hindered: Record<string, Partial<Record<Role, number>>> = {
  // The owner of an organisation with other members stays until it is somebody else's.
  'organisation.leave': { owner: 409 },
  'me.remove': { owner: 409 },
  // There is no Stripe here.
  'billing.checkout': { admin: 409, owner: 409 },
  'billing.portal': { admin: 409, owner: 409 },
  'billing.preview': { admin: 409, owner: 409 },
  'billing.change': { admin: 409, owner: 409 },
  'billing.undoChange': { admin: 409, owner: 409 },
  'billing.cancel': { admin: 409, owner: 409 },
  'billing.resume': { admin: 409, owner: 409 },
}

const doors = [restAsk, trpcAsk]

/**
 * Every operation × every role × (own tenant, ids of another one, nobody, an ended session, an expired key), through
 * both doors. @param start gives what answers
 */
export function keepsThePermissions(start: () => Promise<App>): void {
  let api: App
  let shared: Tenant
  let things: Things
  let theirs: Things
  let theirCanary: string

  beforeAll(async () => {
    api = await start()
    shared = await createTenant()
    things = await furnish(shared)
    const foreign = await createTenant()
    theirs = await furnish(foreign)
    theirCanary = foreign.canary
  })
  const each = operationList.map((asked) => [asked.name, asked] as const)

  describe.each(Role.options)('as %s', (role) => {
    it.each(each)('%s', async (_, asked) => {
      if (!mayAct({ role }, asked.allow)) {
        for (const door of doors) {
          const { status } = await send(
            api,
            asSession(door(asked, sampleInput(asked, things)), shared.people[role].token),
          )
          expect(status).toBe(403)
        }
        return
      }
      // A house of its own for each: some operations leave nothing standing.
      const own = await createTenant()
      const { token } = own.people[role]
      const input = sampleInput(asked, await furnish(own, role))
      await expectNothingForeign(asked, input, token)
      const { status, text } = await send(api, asSession(restAsk(asked, input), token))
      const wanted = hindered[asked.name]?.[role] ?? (asked.name.endsWith('.create') ? 201 : 200)
      expect([status, status === wanted ? '' : text]).toEqual([wanted, ''])
    })
  })

  /** The same with ids of another tenant. */
  async function expectNothingForeign(asked: AnyOperation, input: Record<string, unknown>, token: string) {
    const foreign = { ...input }
    const ids = Object.keys(input).filter((field) => field.endsWith('Id') && field in theirs)
    if (ids.length === 0) return
    for (const field of ids) foreign[field] = theirs[field as keyof Things]
    const { status, text } = await send(api, asSession(restAsk(asked, foreign), token))
    expect([404, 400].includes(status) || text === '{"items":[],"nextCursor":null}').toBe(true)
    expect(text).not.toContain(theirCanary)
  }

  describe.each(each)('%s', (_, asked) => {
    it('wants a session that is good', async () => {
      const ended = await createSession(shared.people.owner.actor.userId)
      await revokeSession(ended.token)
      for (const door of doors) {
        const ask = door(asked, sampleInput(asked, things))
        for (const nobody of [
          ask,
          asSession(ask, ended.token),
          asSession(ask, 'made-up'),
          asKey(ask, things.expiredKey),
        ]) {
          expect((await send(api, nobody)).status).toBe(401)
        }
      }
    })

    it('wants the scope of an API key, and a person where it says so', async () => {
      const own = await createTenant()
      const { key, ...rest } = await furnish(own)
      const input = sampleInput(asked, { key, ...rest })
      const others = capabilities
        .filter((name) => name !== capabilityOf(asked))
        .map((name) => `${name}:write`)
      const without = await keyOf(own, [...others, isRead(asked) ? '*:write' : '*:read'])
      expect((await send(api, asKey(restAsk(asked, input), without))).status).toBe(403)
      const only = await keyOf(own, [scopeOf(asked)])
      const { status } = await send(api, asKey(restAsk(asked, input), only))
      if (asked.peopleOnly) expect(status).toBe(403)
      else expect(status).toBeLessThan(300)
    })
  })

  it('has a scope for every operation that a key may do', () => {
    const needed = new Set(operationList.filter(({ peopleOnly }) => !peopleOnly).map(capabilityOf))
    expect([...needed].sort()).toEqual([...capabilities].sort())
  })

  it('lets a key do no more than its maker may, from the moment that the role changes', async () => {
    const own = await createTenant()
    const { key, projectId } = await furnish(own, 'admin')
    const asked = operationList.find(({ name }) => name === 'project.remove') as AnyOperation
    await asAdministrator((client) =>
      client.query("update memberships set role = 'member' where org_id = $1 and user_id = $2", [
        own.id,
        own.people.admin.actor.userId,
      ]),
    )
    expect((await send(api, asKey(restAsk(asked, { projectId }), key))).status).toBe(403)
  })

  it('ends a key with the membership of its maker', async () => {
    const own = await createTenant()
    const { key } = await furnish(own, 'admin')
    const me = { path: '/v1/me', init: { headers: {} } }
    expect((await send(api, asKey(me, key))).status).toBe(200)
    const { token } = own.people.owner
    const asked = operationList.find(({ name }) => name === 'member.remove') as AnyOperation
    const memberId = own.people.admin.actor.userId
    expect((await send(api, asSession(restAsk(asked, { memberId }), token))).status).toBe(200)
    expect((await send(api, asKey(me, key))).status).toBe(401)
    expect((await send(api, asSession(me, own.people.admin.token))).status).toBe(401)
  })
}

async function keyOf(tenant: Tenant, scopes: string[]): Promise<string> {
  const key = newKey()
  await asAdministrator((client) =>
    client.query(
      `insert into api_keys (org_id, name, prefix, key_hash, scopes, created_by, expires_at)
       values ($1, 'test', $2, $3, $4, $5, now() + interval '1 day')`,
      [tenant.id, prefixOf(key), tokenHash(key), scopes, tenant.people.owner.actor.userId],
    ),
  )
  return key
}
