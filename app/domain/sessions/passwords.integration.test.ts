import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { execute } from '../execute.ts'
import { setPassword } from '../me/operations.ts'
import { closeRuntime, runtime } from '../runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '../testing/tenants.ts'
import { type Caller, limitLinks, linksAllowed, whoTries, wrongPasswordsAllowed } from './attempts.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { createSession, resolveActor } from './sessions.ts'

const checks = vi.hoisted(() => ({ made: [] as string[] }))
// The real one, with what it was asked written down.
vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof import('@node-rs/argon2')>()
  const verify: typeof real.verify = (known, ...rest) => {
    checks.made.push(String(known).split('$').slice(0, 4).join('$'))
    return real.verify(known, ...rest)
  }
  return { ...real, verify }
})

const password = 'the right password'
let nextAddress = 0
const stranger = (): Caller => ({ address: `198.51.100.${++nextAddress}`, deviceOf: () => null })
const known = (userId: string, id: string, address: string): Caller => ({
  address,
  deviceOf: (asked) => (asked.id === userId ? id : null),
})
const kindOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    ({ kind }) => kind,
  )

describe('a password', () => {
  let tenant: Tenant
  const emails: Record<string, string> = {}

  beforeAll(async () => {
    tenant = await createTenant()
    const hash = await hashPassword(password)
    await asAdministrator(async (client) => {
      for (const role of ['owner', 'admin', 'manager', 'member'] as const) {
        const { rows } = await client.query(
          'update users set password_hash = $2 where id = $1 returning email',
          [tenant.people[role].actor.userId, role === 'manager' ? null : hash],
        )
        emails[role] = rows[0].email
      }
    })
  })
  afterAll(closeRuntime)
  const email = (role: string) => emails[role] as string

  it('is checked by the same work, whether its account exists, has a password, or not', async () => {
    const asked = vi.spyOn(runtime().auth, 'query')
    const workOf = async (address: string) => {
      asked.mockClear()
      checks.made.length = 0
      expect(await verifyPassword(address, 'a wrong password', stranger())).toBeNull()
      return { statements: asked.mock.calls.map(([text]) => text), checks: [...checks.made] }
    }
    await workOf(email('owner'))
    const right = await workOf(email('owner'))
    expect(right.checks).toEqual(['$argon2id$v=19$m=19456,t=2,p=1'])
    expect(await workOf(email('manager'))).toEqual(right)
    expect(await workOf(`nobody.${randomUUID()}@example.test`)).toEqual(right)
    asked.mockRestore()
  })

  it('is checked no more for who guessed ten times, known account or not, and for nobody else', async () => {
    for (const account of [email('admin'), `nobody.${randomUUID()}@example.test`]) {
      const guesser = stranger()
      for (let n = 0; n < wrongPasswordsAllowed; n++) {
        expect(await kindOf(verifyPassword(account, `guess ${n}`, guesser))).toBe('done')
      }
      expect(await kindOf(verifyPassword(account, password, guesser))).toBe('tooMany')
    }
    // The owner, from elsewhere.
    expect((await verifyPassword(email('admin'), password, stranger()))?.email).toBe(email('admin'))
  })

  it('of thirty accounts is checked in a minute for one network', async () => {
    const guesser = stranger()
    const guess = () => kindOf(verifyPassword(`nobody.${randomUUID()}@example.test`, 'wrong', guesser))
    let checked = 0
    while ((await guess()) === 'done' && checked < 60) checked++
    // The window slides: where the minute of the clock ends meanwhile, each two seconds let one more through.
    expect(checked).toBeGreaterThanOrEqual(30)
    expect(checked).toBeLessThan(40)
  })

  it('of many at once is checked ten times', async () => {
    const guesser = stranger()
    const guesses = Array.from({ length: 25 }, (_, n) =>
      kindOf(verifyPassword(email('member'), `guess ${n}`, guesser)),
    )
    expect((await Promise.all(guesses)).filter((kind) => kind === 'done')).toHaveLength(wrongPasswordsAllowed)
  })

  it('is taken from a device that the account knows, though its network is slowed down', async () => {
    const { userId } = tenant.people.owner.actor
    const { address } = stranger()
    const guesser: Caller = { address, deviceOf: () => null }
    for (let n = 0; n <= wrongPasswordsAllowed; n++)
      await kindOf(verifyPassword(email('owner'), 'wrong', guesser))
    expect(await kindOf(verifyPassword(email('owner'), password, guesser))).toBe('tooMany')
    const own = known(userId, randomUUID(), address)
    expect((await verifyPassword(email('owner'), password, own))?.id).toBe(userId)
    // Such a device may not guess for ever either.
    for (let n = 0; n < wrongPasswordsAllowed; n++) await verifyPassword(email('owner'), 'wrong', own)
    expect(await kindOf(verifyPassword(email('owner'), password, own))).toBe('tooMany')
  })

  it('that was right begins the count anew', async () => {
    const person = stranger()
    for (let turn = 0; turn < 2; turn++) {
      for (let n = 1; n < wrongPasswordsAllowed; n++) await verifyPassword(email('admin'), 'wrong', person)
      expect((await verifyPassword(email('admin'), password, person))?.email).toBe(email('admin'))
    }
  })

  it('that is given to change it is counted by the session, and stays counted though nothing was changed', async () => {
    const { userId } = tenant.people.member.actor
    const actorOf = async () => {
      const { token } = await createSession(userId)
      const actor = await resolveActor(token)
      if (!actor) throw new Error('no session')
      return actor
    }
    const thief = await actorOf()
    const change = (actor: typeof thief, current: string) =>
      kindOf(execute(setPassword, actor, { current, next: password }))
    for (let n = 0; n < wrongPasswordsAllowed; n++) expect(await change(thief, `guess ${n}`)).toBe('invalid')
    expect(await change(thief, password)).toBe('tooMany')
    expect(await change(await actorOf(), password)).toBe('done')
  })
})

describe('a password that was changed', () => {
  afterAll(closeRuntime)

  it('is changed, though what comes after the commit fails', async () => {
    const { people } = await createTenant()
    const { auth } = runtime()
    const query = auth.query.bind(auth) as (...args: unknown[]) => Promise<unknown>
    const spied = vi
      .spyOn(auth, 'query')
      .mockImplementation(((...args: unknown[]) =>
        String(args[0]).startsWith('delete from attempts')
          ? Promise.reject(new Error('the database is gone'))
          : query(...args)) as never)
    expect(await kindOf(execute(setPassword, people.owner.actor, { next: password }))).toBe('done')
    spied.mockRestore()
  })
})

describe('a link to sign in', () => {
  it('is sent to an address so often for one caller, and so often for all', async () => {
    const to = `${randomUUID()}@example.test`
    const who = () => whoTries(stranger(), null)
    const one = who()
    for (let n = 0; n < linksAllowed.toOneCaller; n++) expect(await kindOf(limitLinks(to, one))).toBe('done')
    expect(await kindOf(limitLinks(to.toUpperCase(), one))).toBe('tooMany')
    for (let n = linksAllowed.toOneCaller; n < linksAllowed.toAll; n++) await limitLinks(to, who())
    expect(await kindOf(limitLinks(to, who()))).toBe('tooMany')
    // The owner's own device still gets one.
    const user = randomUUID()
    expect(
      await kindOf(limitLinks(to, whoTries(known(user, 'device', ''), { id: user, emailVerified: null }))),
    ).toBe('done')
  })
})
