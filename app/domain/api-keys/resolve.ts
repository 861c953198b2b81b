import { orgId, userId } from '@worklane/data/ids.ts'
import { type Actor, Plan, Role } from '../actor.ts'
import { runtime } from '../runtime.ts'
import { tokenHash } from '../sessions/token.ts'
import { looksLikeKey } from './secret.ts'

const lookUp = {
  name: 'resolve_api_key',
  text: `select k.id, k.org_id, k.created_by, k.scopes, m.role, o.plan,
           extract(epoch from o.read_only_at)::float8 * 1000 as read_only_at,
           k.last_used_at is null or k.last_used_at < now() - interval '1 minute' as stale
         from api_keys k
         join memberships m on m.org_id = k.org_id and m.user_id = k.created_by
         join organisations o on o.id = k.org_id
         where k.key_hash = $1 and k.expires_at > now()`,
}

/** Whoever has the row locked takes the key away, or another request says the same: nobody waits for them. */
const markUsed = `update api_keys set last_used_at = now() where (org_id, id) =
  (select org_id, id from api_keys where org_id = $1 and id = $2 for no key update skip locked)`

/**
 * Who an API key acts for, or null: unknown, expired, revoked, or its creator is no member any more. Always read
 * from the database: by its hash, in one statement, so that revoking needs no cache to forget it.
 */
export async function resolveApiKey(key: string, requestId: string): Promise<Actor | null> {
  if (!looksLikeKey(key)) return null
  const { auth } = runtime()
  const { rows } = await auth.query({ ...lookUp, values: [tokenHash(key)] })
  const [row] = rows
  if (!row) return null
  // When it was used last is told to the minute; a busy key does not write at every request.
  if (row.stale) {
    await auth.query(markUsed, [row.org_id, row.id])
  }
  return {
    userId: userId(row.created_by),
    orgId: orgId(row.org_id),
    role: Role.parse(row.role),
    plan: Plan.parse(row.plan),
    readOnlyAt: row.read_only_at,
    sessionVersion: 0,
    sessionId: null,
    key: { id: row.id, scopes: row.scopes },
    requestId,
  }
}
