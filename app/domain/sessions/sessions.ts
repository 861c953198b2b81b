import { orgId, userId } from '@worklane/data/ids.ts'
import { z } from 'zod'
import { type Actor, Plan, Role } from '../actor.ts'
import { Problem } from '../errors.ts'
import { runtime } from '../runtime.ts'
import { newToken, tokenHash } from './token.ts'

const lifetimeDays = 30
const cacheSeconds = 300

export type Session = { token: string; userId: string; expires: Date }

const keyOf = (hash: string) => `session:${hash}`

const Cached = z.object({
  userId: z.string().transform(userId),
  orgId: z.string().transform(orgId),
  role: Role,
  plan: Plan,
  sessionVersion: z.number(),
  expires: z.number(),
})

const lookUp = {
  name: 'resolve_session',
  text: `select s.user_id as "userId", o.id as "orgId", m.role, o.plan, s.version as "sessionVersion",
           extract(epoch from s.expires_at)::float8 * 1000 as expires
         from sessions s
         join memberships m on m.user_id = s.user_id and m.org_id = s.active_org_id
         join organisations o on o.id = m.org_id
         where s.token_hash = $1 and s.expires_at > now()`,
}

/** Who holds this token, or null: unknown, expired, revoked, or no longer a member. Redis first, then Postgres. */
export async function resolveActor(token: string | undefined): Promise<Actor | null> {
  if (!token || token.length > 256) return null
  const { redis, auth } = runtime()
  const hash = tokenHash(token)
  // Without Redis sessions still work, at the database's price.
  const cached = await redis.get(keyOf(hash)).catch(() => null)
  if (cached !== null) return live(JSON.parse(cached))
  const { rows } = await auth.query({ ...lookUp, values: [hash] })
  if (!rows[0]) return null
  await redis.set(keyOf(hash), JSON.stringify(rows[0]), 'EX', cacheSeconds).catch(() => null)
  return live(rows[0])
}

function live(record: unknown): Actor | null {
  const { expires, ...actor } = Cached.parse(record)
  return expires > Date.now() ? actor : null
}

/** Signs a user in to the organisation that they joined first. @throws Problem when they belong to none */
export async function createSession(
  user: string,
  expires = inDays(lifetimeDays),
  token = newToken(),
): Promise<Session> {
  const { rowCount } = await runtime().auth.query(
    `insert into sessions (token_hash, user_id, active_org_id, expires_at)
     select $1, $2, org_id, $3 from memberships where user_id = $2 order by created_at, org_id limit 1`,
    [tokenHash(token), user, expires],
  )
  if (rowCount === 0) throw new Problem('forbidden', 'You do not belong to any organisation yet.')
  return { token, userId: user, expires }
}

/** The stored session of a token, for the auth library, or null. */
export async function findSession(token: string): Promise<Session | null> {
  const { rows } = await runtime().auth.query(
    'select user_id, expires_at from sessions where token_hash = $1 and expires_at > now()',
    [tokenHash(token)],
  )
  return rows[0] ? { token, userId: rows[0].user_id, expires: rows[0].expires_at } : null
}

export async function extendSession(token: string, expires: Date): Promise<void> {
  await runtime().auth.query('update sessions set expires_at = $2 where token_hash = $1', [
    tokenHash(token),
    expires,
  ])
  await forget([tokenHash(token)])
}

/** Takes effect on the next request. */
export async function revokeSession(token: string): Promise<void> {
  await runtime().auth.query('delete from sessions where token_hash = $1', [tokenHash(token)])
  await forget([tokenHash(token)])
}

/** Ends every session of a user: a changed role, a removed membership, sign out everywhere. */
export async function revokeSessionsOf(user: string): Promise<void> {
  const { rows } = await runtime().auth.query(
    'delete from sessions where user_id = $1 returning token_hash',
    [user],
  )
  await forget(rows.map((row) => row.token_hash as string))
}

/**
 * Rewrites the session to another organisation of its user.
 * @throws Problem forbidden when the user is not a member there
 */
export async function switchOrganisation(token: string, organisationId: string): Promise<void> {
  const hash = tokenHash(token)
  const { rowCount } = await runtime().auth.query(
    `update sessions s set active_org_id = m.org_id, version = s.version + 1
     from memberships m
     where s.token_hash = $1 and m.user_id = s.user_id and m.org_id = $2`,
    [hash, organisationId],
  )
  if (rowCount === 0) throw new Problem('forbidden', 'You are not a member of that organisation.')
  await forget([hash])
}

async function forget(hashes: string[]): Promise<void> {
  if (hashes.length > 0) await runtime().redis.del(hashes.map(keyOf))
}

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
