import { orgId, userId } from '@worklane/data/ids.ts'
import { z } from 'zod'
import { account } from '../accounts/transaction.ts'
import { type Actor, Plan, Role } from '../actor.ts'
import { Problem } from '../errors.ts'
import { runtime } from '../runtime.ts'
import { newToken, tokenHash } from './token.ts'

const lifetimeDays = 30
const cacheSeconds = 300
/** When somebody was last seen is told to the hour, so that a session seldom writes. */
const seenEveryMs = 3_600_000

export type Session = { token: string; userId: string; expires: Date }
/** The browser behind a session, as far as it says; shown in the list of one's sessions. */
export type Device = { userAgent: string; ip: string }

const keyOf = (hash: string) => `session:${hash}`

const Cached = z.object({
  userId: z.string().transform(userId),
  orgId: z.string().transform(orgId),
  role: Role,
  plan: Plan,
  sessionVersion: z.number(),
  sessionId: z.string(),
  expires: z.number(),
})

const lookUp = {
  name: 'resolve_session',
  text: `select s.user_id as "userId", o.id as "orgId", m.role, o.plan, s.version as "sessionVersion",
           s.id as "sessionId", extract(epoch from s.expires_at)::float8 * 1000 as expires,
           extract(epoch from s.last_seen_at)::float8 * 1000 as seen
         from sessions s
         join memberships m on m.user_id = s.user_id and m.org_id = s.active_org_id
         join organisations o on o.id = m.org_id
         where s.token_hash = $1 and s.expires_at > now()`,
}

/** Who holds this token, or null: unknown, expired, revoked, or no longer a member. Redis first, then Postgres. */
export async function resolveActor(token: string | undefined, requestId = ''): Promise<Actor | null> {
  if (!token || token.length > 256) return null
  const { redis, auth } = runtime()
  const hash = tokenHash(token)
  // Without Redis sessions still work, at the database's price.
  const cached = await redis.get(keyOf(hash)).catch(() => null)
  if (cached !== null) return live(JSON.parse(cached), requestId)
  const { rows } = await auth.query({ ...lookUp, values: [hash] })
  if (!rows[0]) return null
  const { seen, ...record } = rows[0]
  if (seen < Date.now() - seenEveryMs) {
    await auth.query('update sessions set last_seen_at = now() where token_hash = $1', [hash])
  }
  await redis.set(keyOf(hash), JSON.stringify(record), 'EX', cacheSeconds).catch(() => null)
  return live(record, requestId)
}

function live(record: unknown, requestId: string): Actor | null {
  const { expires, ...who } = Cached.parse(record)
  return expires > Date.now() ? { ...who, key: null, requestId } : null
}

/**
 * Signs a user in to the organisation that they joined first; to none when they belong to none, and then only the
 * way to one is open to them.
 */
export async function createSession(
  user: string,
  {
    expires = inDays(lifetimeDays),
    token = newToken(),
    device = { userAgent: '', ip: '' },
  }: { expires?: Date; token?: string; device?: Device } = {},
): Promise<Session> {
  await account().query(
    `insert into sessions (token_hash, user_id, active_org_id, expires_at, user_agent, ip)
     values ($1, $2, (select org_id from memberships where user_id = $2 order by created_at, org_id limit 1), $3, $4, $5)`,
    [tokenHash(token), user, expires, device.userAgent.slice(0, 300), device.ip.slice(0, 45)],
  )
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
  await forgetHashes([tokenHash(token)])
}

/** Takes effect on the next request. */
export async function revokeSession(token: string): Promise<void> {
  await runtime().auth.query('delete from sessions where token_hash = $1', [tokenHash(token)])
  await forgetHashes([tokenHash(token)])
}

/**
 * Rewrites the session to another organisation of its user, under a new token: what was valid for one tenant is
 * not valid for the next.
 * @returns the session with its new token
 * @throws Problem forbidden when the user is not a member there
 */
export async function switchOrganisation(token: string, organisationId: string): Promise<Session> {
  const old = tokenHash(token)
  const fresh = newToken()
  const { rows } = await runtime().auth.query(
    `update sessions s set active_org_id = m.org_id, version = s.version + 1, token_hash = $3
     from memberships m
     where s.token_hash = $1 and s.expires_at > now() and m.user_id = s.user_id and m.org_id = $2
     returning s.user_id, s.expires_at`,
    [old, organisationId, tokenHash(fresh)],
  )
  if (!rows[0]) throw new Problem('forbidden', 'You are not a member of that organisation.')
  await forgetHashes([old])
  return { token: fresh, userId: rows[0].user_id, expires: rows[0].expires_at }
}

/**
 * Makes the next request of every session of these users look again: a changed role, a removed membership.
 * Sessions in an organisation that its user has left go on in the one that they joined first, if any.
 */
export async function refreshSessionsOf(users: string[]): Promise<void> {
  const { rows } = await runtime().auth.query(
    `with moved as (
       update sessions s set active_org_id =
         (select m.org_id from memberships m where m.user_id = s.user_id order by m.created_at, m.org_id limit 1)
       where s.user_id = any($1) and not exists
         (select from memberships m where m.user_id = s.user_id and m.org_id = s.active_org_id))
     select token_hash from sessions where user_id = any($1)`,
    [users],
  )
  await forgetHashes(rows.map((row) => row.token_hash as string))
}

/** Drops what Redis knows of the sessions. @throws when it cannot: a revoked session must not live on there */
export async function forgetHashes(hashes: string[]): Promise<void> {
  if (hashes.length > 0) await runtime().redis.del(hashes.map(keyOf))
}

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
