import { z } from 'zod'
import { account } from '../accounts/transaction.ts'
import { Plan, Role } from '../actor.ts'
import { afterwards, forgetIn, record } from '../effects.ts'
import { invalidField, notFound, Problem } from '../errors.ts'
import { operation, secretField } from '../operation.ts'
import { logoOf, personOf } from '../pictures/links.ts'
import { tenantDb } from '../runtime.ts'
import { forgetOwnPasswords, limitOwnPassword } from '../sessions/attempts.ts'
import { endOtherSessions } from '../sessions/operations.ts'
import { hashPassword, NewPassword, verifyHash } from '../sessions/passwords.ts'
import { personTags, tags } from '../tags.ts'
import { Id } from '../tasks/shapes.ts'
import { line } from '../text.ts'

export const Me = z
  .object({
    user: z.object({ id: Id, name: z.string(), email: z.string(), avatar: z.url().nullable() }),
    organisation: z.object({
      id: Id,
      name: z.string(),
      slug: z.string(),
      canary: z.string(),
      logo: z.url().nullable(),
    }),
    role: Role,
    plan: Plan,
  })
  .meta({ id: 'Me' })
export type Me = z.infer<typeof Me>

export const getMe = operation({
  name: 'me.get',
  rest: 'GET /v1/me',
  summary: 'Who you are, and in which organisation',
  allow: 'viewer',
  input: z.strictObject({}),
  output: Me,
  cache: {
    tags: ({ userId }) => [tags.person(userId), tags.organisation, tags.members],
    shared: false,
    seconds: 300,
  },
  async run(actor) {
    const rows = await tenantDb(actor).read(
      (db) => db.$queryRaw<Pick<Me, 'user' | 'organisation'>[]>`
        select jsonb_build_object('id', u.id, 'name', u.name, 'email', u.email,
                 'avatar', u.avatar) as user,
               jsonb_build_object('id', o.id, 'name', o.name, 'slug', o.slug, 'canary', o.canary,
                 'logo', o.logo) as organisation
        from organisations o, users u
        where o.id = (select current_org_id()) and u.id = ${actor.userId}::uuid`,
    )
    const row = rows[0]
    if (!row) throw notFound('user')
    const organisation = { ...row.organisation, logo: logoOf(actor.orgId, row.organisation.logo) }
    return { user: personOf(row.user), organisation, role: actor.role, plan: actor.plan }
  },
})

export const updateMe = operation({
  name: 'me.update',
  rest: 'PATCH /v1/me',
  summary: 'Changes your name',
  allow: 'viewer',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'account',
  input: z.strictObject({ name: line(120) }),
  output: z.object({ id: Id, name: z.string(), email: z.string() }),
  async run({ userId }, { name }) {
    const { rows } = await account().query(
      'update users set name = $2 where id = $1 returning id, name, email',
      [userId, name],
    )
    if (!rows[0]) throw notFound('user')
    record(`user ${userId}`, null, { name: 'changed' })
    const organisations = await organisationsOf(userId)
    // The name stands on tasks and lists of every organisation that they belong to.
    for (const id of organisations) forgetIn(id, ...personTags(userId))
    return rows[0]
  },
})

const organisationsOf = async (userId: string): Promise<string[]> => {
  const { rows } = await account().query('select org_id from memberships where user_id = $1', [userId])
  return rows.map((row) => row.org_id)
}

export const setPassword = operation({
  name: 'me.setPassword',
  rest: 'POST /v1/me/password',
  summary: 'Sets your password; your other sessions end',
  allow: 'viewer',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'account',
  // A wrong password is counted as at the sign-in, by the session: the owner's other ones go on.
  beforehand: limitOwnPassword,
  input: z.strictObject({
    current: z.string().max(200).meta(secretField).optional(),
    next: NewPassword.meta(secretField),
  }),
  output: z.strictObject({}),
  async run(actor, { current, next }) {
    const { userId, sessionId } = actor
    // Locked: of two changes at once the second one is asked for the first one's password.
    const { rows } = await account().query(
      'select password_hash, email from users where id = $1 for no key update',
      [userId],
    )
    const [user] = rows
    if (!user) throw notFound('user')
    if (!user.password_hash) await requireFreshProof(sessionId)
    if (user.password_hash && !(await verifyHash(user.password_hash, current ?? ''))) {
      throw invalidField('current', 'is not your password')
    }
    if (next.toLowerCase() === user.email.toLowerCase())
      throw invalidField('next', 'must not be your e-mail address')
    await account().query('update users set password_hash = $2 where id = $1', [
      userId,
      await hashPassword(next),
    ])
    record(`user ${userId}`, null, { password: 'changed' })
    afterwards(() => forgetOwnPasswords(actor))
    await endOtherSessions(userId, sessionId)
    return {}
  },
})

/** How long after it a proof of the address is good for setting a first password. */
const freshMinutes = 15

/** Who sets a first password without having proved the address might keep the account of somebody else. @throws Problem */
async function requireFreshProof(sessionId: string | null): Promise<void> {
  const { rowCount } = await account().query(
    'select from sessions where id = $1 and proved_at > now() - make_interval(mins => $2)',
    [sessionId, freshMinutes],
  )
  if (rowCount) return
  throw new Problem(
    'forbidden',
    `A first password needs a fresh proof of your address: sign in by a link, then set it within ${freshMinutes} minutes.`,
  )
}
