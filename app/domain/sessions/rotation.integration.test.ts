import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { closeRuntime, runtime } from '../runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '../testing/tenants.ts'
import { createSession, resolveActor, revokeSession, rotateSession, switchOrganisation } from './sessions.ts'
import { tokenHash } from './token.ts'

describe('a session that gets a new token', () => {
  let tenant: Tenant
  let old: string
  let fresh: string
  beforeEach(async () => {
    tenant = await createTenant()
    old = (await createSession(tenant.people.owner.actor.userId)).token
    // Redis knows it, as it does of a session in use.
    await resolveActor(old)
    fresh = (await rotateSession(old))?.token ?? ''
  })
  afterAll(closeRuntime)

  it('is the same session, by the new token and for a moment by the old one', async () => {
    const [before, after] = [await resolveActor(old), await resolveActor(fresh)]
    expect(after?.sessionId).toMatch(/^[0-9a-f-]{36}$/)
    expect(before?.sessionId).toBe(after?.sessionId)
    // The old one stays in Redis no longer than it is good.
    expect(await runtime().redis.ttl(`session:${tokenHash(old)}`)).toBeLessThanOrEqual(60)
    expect(await runtime().redis.ttl(`session:${tokenHash(fresh)}`)).toBeGreaterThan(60)
  })

  it('is nobody’s by the old token once the moment is over', async () => {
    await asAdministrator((client) =>
      client.query('update sessions set previous_until = now() where previous_hash = $1', [tokenHash(old)]),
    )
    expect(await resolveActor(old)).toBeNull()
    expect(await resolveActor(fresh)).not.toBeNull()
  })

  it('gets one, however many requests come with the old one at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => rotateSession(fresh)))
    expect(answers.filter((answer) => answer !== null)).toHaveLength(1)
    expect(await rotateSession('made-up')).toBeNull()
  })

  it('is not kept by a request that read it before it was revoked', async () => {
    const { token } = await createSession(tenant.people.owner.actor.userId)
    const { auth } = runtime()
    const query = auth.query.bind(auth)
    // The request has its row from Postgres, and somebody else is quicker than its word to Redis.
    const slow = vi.spyOn(auth, 'query').mockImplementationOnce((async (statement: never) => {
      const found = await query(statement)
      await revokeSession(token)
      return found
    }) as never)
    expect(await resolveActor(token)).not.toBeNull()
    expect(slow).toHaveBeenCalled()
    slow.mockRestore()
    expect(await resolveActor(token)).toBeNull()
  })

  it.each(['old', 'fresh'])('ends by both tokens when it is revoked by the %s one', async (which) => {
    await Promise.all([resolveActor(old), resolveActor(fresh)])
    await revokeSession(which === 'old' ? old : fresh)
    expect([await resolveActor(old), await resolveActor(fresh)]).toEqual([null, null])
  })

  it('is not to be had by either once it has moved to another organisation', async () => {
    await Promise.all([resolveActor(old), resolveActor(fresh)])
    const { token } = await switchOrganisation(old, tenant.id)
    expect([await resolveActor(old), await resolveActor(fresh)]).toEqual([null, null])
    expect(await resolveActor(token)).not.toBeNull()
  })

  it.each(['abc', '', '\u0000', '0197c3d2-0000-7000-8000-000000000000'])(
    'moves to no organisation that is none: %j',
    async (organisation) => {
      await expect(switchOrganisation(fresh, organisation)).rejects.toMatchObject({ kind: 'forbidden' })
      expect(await resolveActor(fresh)).not.toBeNull()
    },
  )
})
