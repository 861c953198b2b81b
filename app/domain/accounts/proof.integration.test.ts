import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createApiKey } from '../api-keys/operations.ts'
import { resolveApiKey } from '../api-keys/resolve.ts'
import { execute } from '../execute.ts'
import { createInvitation } from '../invitations/operations.ts'
import { setPassword } from '../me/operations.ts'
import { closeRuntime, runtime } from '../runtime.ts'
import { accounts } from '../sessions/accounts.ts'
import { verifyPassword } from '../sessions/passwords.ts'
import {
  createSession,
  findSession,
  resolveActor,
  revokeSession,
  rotateSession,
} from '../sessions/sessions.ts'
import { newToken, tokenHash } from '../sessions/token.ts'
import { asAdministrator, createTenant } from '../testing/tenants.ts'
import { furnish } from '../testing/things.ts'
import { acceptInvitation } from './invitations.ts'
import { proveAddress } from './proof.ts'
import { linkProvider, provedByProvider } from './provider.ts'
import { signUp } from './sign-up.ts'
import { accountTransaction } from './transaction.ts'

const password = 'the password of a stranger'

/** Somebody signs up with an address that may not be theirs, and stays signed in. */
async function stranger() {
  const email = `victim.${randomUUID()}@example.test`
  const { userId } = await signUp({ name: 'Victim', email, password, organisation: 'Victim Corp' })
  const { token } = await createSession(userId)
  const actor = await resolveActor(token)
  if (!actor) throw new Error('the stranger is not signed in')
  return { email, userId, token, actor }
}

type Stranger = Awaited<ReturnType<typeof stranger>>

const rowsOf = (text: string, values: unknown[]) =>
  asAdministrator(async (client) => (await client.query(text, values)).rows)

/** Of a network that no other test guesses from. */
const caller = { address: `2001:db8:${randomUUID().slice(0, 4)}::1`, deviceOf: () => null }

describe('the first proof of an address', () => {
  let before: Stranger
  beforeEach(async () => {
    before = await stranger()
  })
  afterAll(closeRuntime)

  it('ends the sessions of before it, in the cache as well, and the password', async () => {
    expect(await runtime().redis.get(`session:${tokenHash(before.token)}`)).toContain(before.userId)
    expect(await proveAddress(before.userId)).toBe(true)
    expect(await resolveActor(before.token)).toBeNull()
    expect(await findSession(before.token)).toBeNull()
    expect(await verifyPassword(before.email, password, caller)).toBeNull()
  })

  it('ends keys, invitations, linked accounts and links that wait in the mail', async () => {
    const { userId, email, actor } = before
    await asAdministrator(async (client) => {
      const values = [actor.orgId, userId]
      await client.query(
        `insert into api_keys (org_id, created_by, name, prefix, key_hash, scopes, expires_at)
         values ($1, $2, 'ci', 'wl_', gen_random_uuid(), '{*:read}', now() + interval '1 day')`,
        values,
      )
      await client.query(
        `insert into invitations (org_id, invited_by, email, role, token_hash, expires_at)
         values ($1, $2, 'accomplice@example.test', 'admin', gen_random_uuid(), now() + interval '1 day')`,
        values,
      )
      await client.query(
        "insert into accounts (provider, provider_account_id, user_id, type) values ('github', gen_random_uuid(), $1, 'oauth')",
        [userId],
      )
    })
    await accounts.saveVerification({
      identifier: email,
      token: randomUUID(),
      expires: new Date(Date.now() + 60_000),
    })
    await proveAddress(userId)
    const left = await rowsOf(
      `select (select count(*)::int from api_keys where created_by = $1) as keys,
         (select count(*)::int from invitations where invited_by = $1) as invitations,
         (select count(*)::int from accounts where user_id = $1) as accounts,
         (select count(*)::int from verification_tokens where identifier = $2) as links`,
      [userId, email],
    )
    expect(left).toEqual([{ keys: 0, invitations: 0, accounts: 0, links: 0 }])
  })

  it('leaves the organisation to its owner, without whom the stranger let in', async () => {
    const accomplice = await stranger()
    await asAdministrator((client) =>
      client.query("insert into memberships (org_id, user_id, role) values ($1, $2, 'admin')", [
        before.actor.orgId,
        accomplice.userId,
      ]),
    )
    await proveAddress(before.userId)
    expect(
      await rowsOf('select user_id, role from memberships where org_id = $1', [before.actor.orgId]),
    ).toEqual([{ user_id: before.userId, role: 'owner' }])
  })

  it('is the only one that takes anything', async () => {
    await proveAddress(before.userId)
    const { token } = await createSession(before.userId, { proved: true })
    expect(await proveAddress(before.userId)).toBe(false)
    expect(await resolveActor(token)).not.toBeNull()
  })

  it('takes nothing but other sessions where the browser that brings it is signed in to the account', async () => {
    const { userId, actor, token, email } = before
    const elsewhere = await createSession(userId)
    const colleague = await stranger()
    await asAdministrator(async (client) => {
      await client.query("insert into memberships (org_id, user_id, role) values ($1, $2, 'admin')", [
        actor.orgId,
        colleague.userId,
      ])
    })
    expect(await proveAddress(userId, token)).toBe(true)
    expect((await resolveActor(token))?.sessionId).toBe(actor.sessionId)
    expect(await resolveActor(elsewhere.token)).toBeNull()
    expect(await verifyPassword(email, password, caller)).toMatchObject({ id: userId })
    expect(await rowsOf('select from memberships where org_id = $1', [actor.orgId])).toHaveLength(2)
  })

  it('takes a session for the same whose token was changed a moment ago', async () => {
    const rotated = await rotateSession(before.token)
    if (!rotated) throw new Error('the session has ended')
    await proveAddress(before.userId, before.token)
    expect(await resolveActor(rotated.token)).not.toBeNull()
    expect(await verifyPassword(before.email, password, caller)).toMatchObject({ id: before.userId })
  })

  it.each([
    ['has ended', ({ token }: Stranger) => revokeSession(token).then(() => token)],
    ['is of another account', async () => (await stranger()).token],
    ['is made up', async () => newToken()],
  ])('starts a clean account where the session of the browser %s', async (_, tokenOf) => {
    await proveAddress(before.userId, await tokenOf(before))
    expect(await resolveActor(before.token)).toBeNull()
    expect(await verifyPassword(before.email, password, caller)).toBeNull()
  })

  it('is also made by accepting an invitation', async () => {
    const tenant = await createTenant()
    const invite = async () => {
      const invitation = newToken()
      await asAdministrator((client) =>
        client.query(
          `insert into invitations (org_id, invited_by, email, role, token_hash, expires_at)
           values ($1, $2, $3, 'member', $4, now() + interval '1 day')`,
          [tenant.id, tenant.people.owner.actor.userId, before.email, tokenHash(invitation)],
        ),
      )
      return invitation
    }
    const elsewhere = await createSession(before.userId)
    const joined = await acceptInvitation(before.userId, await invite(), before.token)
    expect(joined).toEqual({ organisationId: tenant.id })
    expect(await resolveActor(before.token)).not.toBeNull()
    expect(await resolveActor(elsewhere.token)).toBeNull()
    expect((await accounts.byId(before.userId))?.emailVerified).not.toBeNull()
  })

  it('is needed to let others in', async () => {
    const { actor, userId, token } = before
    const email = `${randomUUID()}@example.test`
    const key = { name: 'ci', scopes: ['task:read'], expiresInDays: 1 } as const
    await expect(execute(createInvitation, actor, { email, role: 'admin' })).rejects.toThrow(
      /proof of your e-mail/,
    )
    await expect(execute(createApiKey, actor, { ...key, scopes: [...key.scopes] })).rejects.toThrow(
      /proof of your e-mail/,
    )
    await proveAddress(userId, token)
    expect(await execute(createInvitation, actor, { email, role: 'admin' })).toMatchObject({ email })
    expect(await execute(createApiKey, actor, { ...key, scopes: [...key.scopes] })).toMatchObject({
      name: 'ci',
    })
  })

  it('is also made by a provider that has checked the address, and only for an account that waits for one', async () => {
    const google = { provider: 'google', type: 'oidc', name: 'Victim', email: before.email.toUpperCase() }
    await provedByProvider({ ...google, providerAccountId: before.userId })
    expect(await resolveActor(before.token)).toBeNull()
    expect((await accounts.byProvider('google', before.userId))?.id).toBe(before.userId)
    await provedByProvider({ ...google, providerAccountId: 'another' })
    expect(await accounts.byProvider('google', 'another')).toBeNull()
  })

  it('makes no account beside the one that links a provider with another address', async () => {
    const email = `${randomUUID()}@example.test`
    const google = {
      provider: 'google',
      type: 'oidc',
      name: 'Second',
      email,
      providerAccountId: randomUUID(),
    }
    await provedByProvider(google, before.token)
    expect(await accounts.byEmail(email)).toBeNull()
  })

  it('makes an account for who has none, proved and linked', async () => {
    const email = `${randomUUID()}@example.test`
    const id = randomUUID()
    await provedByProvider({ provider: 'google', type: 'oidc', name: 'New', email, providerAccountId: id })
    expect(await accounts.byProvider('google', id)).toMatchObject({ email, emailVerified: expect.any(Date) })
  })
})

describe('a first password', () => {
  afterAll(closeRuntime)
  const next = 'a password of their own'

  it('needs a fresh proof of the address', async () => {
    const { userId } = await stranger()
    await proveAddress(userId)
    const attempt = async (options: { proved?: boolean }, minutesAgo = 0) => {
      const { token } = await createSession(userId, options)
      await asAdministrator((client) =>
        client.query(
          'update sessions set proved_at = proved_at - make_interval(mins => $2) where token_hash = $1',
          [tokenHash(token), minutesAgo],
        ),
      )
      return execute(setPassword, await resolveActor(token), { next })
    }
    await expect(attempt({})).rejects.toMatchObject({ kind: 'forbidden' })
    await expect(attempt({ proved: true }, 16)).rejects.toThrow(/sign in by a link/)
    await expect(attempt({ proved: true }, 14)).resolves.toEqual({})
  })
})

describe('a first proof of the address beside a write of the stranger', () => {
  afterAll(closeRuntime)

  it('leaves no password of theirs', async () => {
    for (let round = 0; round < 10; round++) {
      const { actor, email, userId } = await stranger()
      const next = 'another one of theirs'
      await Promise.allSettled([
        execute(setPassword, actor, { current: password, next }),
        setTimeout(round * 5).then(() => proveAddress(userId)),
      ])
      expect(await rowsOf('select password_hash from users where id = $1', [userId])).toEqual([
        { password_hash: null },
      ])
      expect(await verifyPassword(email, next, caller)).toBeNull()
    }
  })

  /** What they try before the proof has ended, once it holds the account; in no transaction of the proof's. */
  async function besideProof(userId: string, attempt: () => Promise<unknown>): Promise<unknown> {
    const held = Promise.withResolvers<void>()
    const attempted = held.promise.then(attempt).catch((error: unknown) => error)
    await accountTransaction(null, async () => {
      await proveAddress(userId)
      held.resolve()
      await setTimeout(200)
    })
    return attempted
  }
  const github = (userId: string) => {
    const providerAccountId = randomUUID()
    return { provider: 'github', type: 'oauth', providerAccountId, userId }
  }

  it('leaves no session of theirs that began after the password was checked', async () => {
    const { email, userId } = await stranger()
    const checked = await verifyPassword(email, password, caller)
    if (!checked) throw new Error('the password is not theirs')
    // While the proof is under way, and after it.
    const begin = () => createSession(userId, checked)
    expect(await besideProof(userId, begin)).toMatchObject({ kind: 'unauthenticated' })
    await expect(begin()).rejects.toMatchObject({ kind: 'unauthenticated' })
  })

  it('leaves no session of theirs that began by a linked provider', async () => {
    const { userId, token } = await stranger()
    await linkProvider(github(userId), { addressProved: false, token })
    const begin = () => createSession(userId, { proved: true, addressProved: false })
    await expect(begin()).resolves.toMatchObject({ userId })
    expect(await besideProof(userId, begin)).toMatchObject({ kind: 'unauthenticated' })
    await expect(begin()).rejects.toMatchObject({ kind: 'unauthenticated' })
    expect(await rowsOf('select from sessions where user_id = $1', [userId])).toEqual([])
  })

  it.each([
    ['in their session', ({ token }: Stranger) => token],
    ['without one, for an account that was just made', () => undefined],
  ])('leaves no provider that they link %s', async (_, tokenOf) => {
    const before = await stranger()
    const { userId } = before
    const link = () => linkProvider(github(userId), { addressProved: false, token: tokenOf(before) })
    await expect(link()).resolves.toBeUndefined()
    expect(await besideProof(userId, link)).toMatchObject({ kind: 'unauthenticated' })
    await expect(link()).rejects.toMatchObject({ kind: 'unauthenticated' })
    expect(await rowsOf('select from accounts where user_id = $1', [userId])).toEqual([])
  })

  it('links nothing for a session that has ended', async () => {
    const { userId, token } = await stranger()
    await revokeSession(token)
    await expect(linkProvider(github(userId), { addressProved: false, token })).rejects.toMatchObject({
      kind: 'unauthenticated',
    })
  })
})

describe('an API key of an account whose address is proved', () => {
  afterAll(closeRuntime)
  it('is good no more when it was made before', async () => {
    const tenant = await createTenant()
    const { key } = await furnish(tenant, 'owner')
    expect(await resolveApiKey(key, '')).not.toBeNull()
    const { userId } = tenant.people.owner.actor
    await asAdministrator((client) =>
      client.query('update users set email_verified = null where id = $1', [userId]),
    )
    await proveAddress(userId)
    expect(await resolveApiKey(key, '')).toBeNull()
  })
})
