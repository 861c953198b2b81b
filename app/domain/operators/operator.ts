import { type UserId, userId } from '@worklane/data/ids.ts'
import { runtime } from '../runtime.ts'
import { tokenHash } from '../sessions/token.ts'

/**
 * Somebody who runs Worklane: looked up by the server from a session, never from an API key, and in no organisation. An
 * `Actor` is none, nor the other way around: neither has what the other needs.
 */
export type Operator = {
  readonly isOperator: true
  userId: UserId
  email: string
  sessionId: string
  /** Ties log lines and the entries of the audit logs to one request. */
  requestId: string
}

const lookUp = {
  name: 'resolve_operator',
  text: `select u.id as "userId", u.email, s.id as "sessionId"
    from sessions s join users u on u.id = s.user_id join operators o on o.user_id = u.id
    where (s.token_hash = $1 or (s.previous_hash = $1 and s.previous_until > now()))
      and s.expires_at > now() and u.email_verified is not null`,
}

/** Whether this process has what operators need; without it nobody is one. */
const hasOperators = (): boolean => runtime().env.OPERATOR_DATABASE_URL !== undefined

/**
 * The operator whose session this is, or null. As of API keys nothing is kept of it: they are few, and who is revoked,
 * signs out or loses the proof of their address is out on the next request.
 */
export async function resolveOperator(
  token: string | undefined,
  requestId: string,
): Promise<Operator | null> {
  if (!token || token.length > 256 || !hasOperators()) return null
  const { rows } = await runtime().auth.query<{ userId: string; email: string; sessionId: string }>({
    ...lookUp,
    values: [tokenHash(token)],
  })
  const [row] = rows
  if (!row) return null
  return { isOperator: true, ...row, userId: userId(row.userId), requestId }
}
