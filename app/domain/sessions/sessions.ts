import { orgId, userId } from '@worklane/data/ids.ts'
import { z } from 'zod'
import { account, afterCommit, withinAccountTransaction } from '../accounts/transaction.ts'
import { type Actor, Plan, Role } from '../actor.ts'
import { Problem } from '../errors.ts'
import { forgotten, markSessions, sessionKey } from '../forgetting.ts'
import { accessChanged } from '../live/channel.ts'
import { runtime } from '../runtime.ts'
import { newToken, tokenHash } from './token.ts'

const lifetimeDays = 30
const cacheSeconds = 300
/** When somebody was last seen is told to the hour, so that a session seldom writes. */
const seenEveryMs = 3_600_000

export type Session = { token: string; userId: string; expires: Date }
export type StoredSession = { id: string; userId: string; expires: Date }
/** The browser behind a session, as far as it says; shown in the list of one's sessions. */
export type Device = { userAgent: string; ip: string }

const Cached = z.object({
  userId: z.string().transform(userId),
  orgId: z.string().transform(orgId),
  role: Role,
  plan: Plan,
  // An earlier version kept none.
  readOnlyAt: z.number().nullable().default(null),
  sessionVersion: z.number(),
  sessionId: z.string(),
  expires: z.number(),
})

/** The row of a token, or for a moment of the one that it had before. */
const ofToken = '(s.token_hash = $1 or (s.previous_hash = $1 and s.previous_until > now()))'

const lookUp = {
  name: 'resolve_session',
  text: `select s.user_id as "userId", o.id as "orgId", m.role, o.plan,
           extract(epoch from o.read_only_at)::float8 * 1000 as "readOnlyAt", s.version as "sessionVersion",
           s.id as "sessionId", extract(epoch from s.expires_at)::float8 * 1000 as expires,
           extract(epoch from s.last_seen_at)::float8 * 1000 as seen,
           case when s.token_hash = $1 then ${cacheSeconds}
             else ceil(extract(epoch from s.previous_until - now())) end::int as keep
         from sessions s
         join memberships m on m.user_id = s.user_id and m.org_id = s.active_org_id
         join organisations o on o.id = m.org_id
         where ${ofToken} and s.expires_at > now()`,
}

/** Whoever has the row locked is changing the session, or another request says the same: nobody waits for them. */
const markSeen = `update sessions set last_seen_at = now()
  where id = (select id from sessions where id = $1 for no key update skip locked)`

/** Who holds this token, or null: unknown, expired, revoked, or no longer a member. Redis first, then Postgres. */
export async function resolveActor(token: string | undefined, requestId = ''): Promise<Actor | null> {
  if (!token || token.length > 256) return null
  const { redis, auth } = runtime()
  const hash = tokenHash(token)
  // Without Redis sessions still work, at the database's price.
  const cached = await redis.get(sessionKey(hash)).catch(() => null)
  if (cached !== null && cached !== forgotten) return live(JSON.parse(cached), requestId)
  const { rows } = await auth.query({ ...lookUp, values: [hash] })
  if (!rows[0]) return null
  const { seen, keep, ...record } = rows[0]
  if (seen < Date.now() - seenEveryMs) await auth.query(markSeen, [record.sessionId])
  // Not over `forgotten`: what was read before a change must not be kept after it.
  await redis.set(sessionKey(hash), JSON.stringify(record), 'EX', keep, 'NX').catch(() => null)
  return live(record, requestId)
}

function live(record: unknown, requestId: string): Actor | null {
  const { expires, ...who } = Cached.parse(record)
  return expires > Date.now() ? { ...who, key: null, requestId } : null
}

/**
 * Signs a user in to the organisation that they joined first; to none when they belong to none, and then only the
 * way to one is open to them.
 * @param options.proved it begins by a proof that the address is theirs, and not by a password
 * @param options.passwordHash it begins by this password, as it was checked: it may have been taken away meanwhile
 * @param options.addressProved whether the address was proved when the account was looked up by something else, such
 *   as a linked provider: it may have started clean since, and no longer be linked
 * @throws Problem unauthenticated when the account is gone, or one of these is no longer true
 */
export async function createSession(
  user: string,
  {
    expires = inDays(lifetimeDays),
    token = newToken(),
    device = { userAgent: '', ip: '' },
    proved = false,
    passwordHash = null,
    addressProved = null,
  }: {
    expires?: Date
    token?: string
    device?: Device
    proved?: boolean
    passwordHash?: string | null
    addressProved?: boolean | null
  } = {},
): Promise<Session> {
  await withinAccountTransaction(async () => {
    const { rowCount } = await account().query(insertSession, [
      ...[tokenHash(token), user, expires, device.userAgent.slice(0, 300), device.ip.slice(0, 45)],
      ...[proved, passwordHash, addressProved],
    ])
    if (!rowCount) throw new Problem('unauthenticated', 'This account was changed meanwhile: sign in again.')
  })
  return { token, userId: user, expires }
}

/** Waits for whoever changes the account: what they end must not begin again after it. */
const insertSession = `insert into sessions (token_hash, user_id, active_org_id, expires_at, user_agent, ip, proved_at)
  select $1, u.id, (select org_id from memberships where user_id = u.id order by created_at, org_id limit 1),
    $3, $4, $5, case when $6::boolean and u.email_verified is not null then now() end
  from users u where u.id = $2 and ($7::text is null or u.password_hash = $7)
    and ($8::boolean is null or (u.email_verified is not null) = $8) for share of u`

/** The stored session of a token, or null; within the account transaction that runs, if one does. */
export async function findSession(token: string): Promise<StoredSession | null> {
  const { rows } = await account().query<StoredSession>(
    `select s.id, s.user_id as "userId", s.expires_at as expires from sessions s
     where ${ofToken} and s.expires_at > now()`,
    [tokenHash(token)],
  )
  return rows[0] ?? null
}

export async function extendSession(token: string, expires: Date): Promise<void> {
  await change(`update sessions s set expires_at = $2 where ${ofToken} returning token_hash, previous_hash`, [
    tokenHash(token),
    expires,
  ])
}

/** Takes effect on the next request. */
export async function revokeSession(token: string): Promise<void> {
  await change(`delete from sessions s where ${ofToken} returning token_hash, previous_hash`, [
    tokenHash(token),
  ])
}

/** Ends one session of a user. @returns whether there was one */
export async function endSession(userId: string, sessionId: string): Promise<boolean> {
  const ended = await change(
    'delete from sessions where user_id = $1 and id = $2 returning token_hash, previous_hash',
    [userId, sessionId],
  )
  return ended.length > 0
}

/** Ends all sessions of a user, but one where it is named. @returns how many it were */
export async function endSessionsOf(userId: string, kept: string | null = null): Promise<number> {
  const ended = await change(
    'delete from sessions where user_id = $1 and id is distinct from $2 returning token_hash, previous_hash',
    [userId, kept],
  )
  return ended.length
}

/** Requests that were sent with the old token arrive within this time. */
const graceSeconds = 60

/**
 * Gives a session that is in use a new token and another thirty days. The old token is good for a moment more.
 * @returns null when it is no session's, or another request came first
 */
export async function rotateSession(token: string): Promise<Session | null> {
  const [old, fresh, expires] = [tokenHash(token), newToken(), inDays(lifetimeDays)]
  const [row] = await change<Hashes & { user_id: string }>(
    `update sessions set token_hash = $2, expires_at = $3, previous_hash = $1,
       previous_until = now() + make_interval(secs => $4)
     where token_hash = $1 and expires_at > now() returning user_id, previous_hash as token_hash, null as previous_hash`,
    [old, tokenHash(fresh), expires, graceSeconds],
  )
  return row ? { token: fresh, userId: row.user_id, expires } : null
}

/**
 * Rewrites the session to another organisation of its user, under a new token: what was valid for one tenant is
 * not valid for the next.
 * @returns the session with its new token
 * @throws Problem forbidden when the user is not a member there
 */
export async function switchOrganisation(token: string, organisationId: string): Promise<Session> {
  if (!z.uuid().safeParse(organisationId).success) throw notAMember()
  const old = tokenHash(token)
  const fresh = newToken()
  const [row] = await change<Hashes & { user_id: string; expires_at: Date }>(
    `with found as (select s.id, s.token_hash, s.previous_hash from sessions s
       where ${ofToken} and s.expires_at > now() for update)
     update sessions s set active_org_id = m.org_id, version = s.version + 1, token_hash = $3,
       previous_hash = null, previous_until = null
     from found, memberships m
     where s.id = found.id and m.user_id = s.user_id and m.org_id = $2
     returning s.user_id, s.expires_at, found.token_hash, found.previous_hash`,
    [old, organisationId, tokenHash(fresh)],
  )
  if (!row) throw notAMember()
  return { token: fresh, userId: row.user_id, expires: row.expires_at }
}

const notAMember = () => new Problem('forbidden', 'You are not a member of that organisation.')

/**
 * Makes the next request of every session of these users look again: a changed role, a removed membership. Meant
 * for both sides of the commit. The database's triggers see to the rest: sessions of an ended membership go on in
 * the organisation that their user joined first, and the relay repeats this if it does not happen.
 */
export async function refreshSessionsOf(users: string[]): Promise<void> {
  const { rows } = await account().query<Hashes>(
    'select token_hash, previous_hash from sessions where user_id = any($1)',
    [users],
  )
  await forgetSessions(rows)
  // Their API keys may have lost what they stood on as well.
  await accessChanged(users.map((user) => ({ user })))
}

/** What Redis may know a session by. */
type Hashes = { token_hash: string; previous_hash: string | null }

/**
 * The only way to end or change sessions (a test scans for others). Redis is told before the commit, so that a crash
 * after it leaves no session alive there, and again after it.
 */
async function change<Row extends Hashes>(text: string, values: unknown[]): Promise<Row[]> {
  return withinAccountTransaction(async () => {
    const { rows } = await account().query<Row>(text, values)
    await forgetSessions(rows)
    afterCommit(() => forgetSessions(rows))
    return rows
  })
}

async function forgetSessions(sessions: Hashes[]): Promise<void> {
  const hashes = sessions.flatMap((each) => [each.token_hash, each.previous_hash ?? []].flat())
  await markSessions(hashes)
  await accessChanged(hashes.map((session) => ({ session })))
}

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
