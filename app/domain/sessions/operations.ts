import { z } from 'zod'
import { record } from '../effects.ts'
import { notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { listSize, pageOf, pageOfItems, TimeCursor, timeAndId, timeCursorOf } from '../paging.ts'
import { runtime } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { endSession, endSessionsOf } from './sessions.ts'

const SessionInfo = z
  .object({
    id: Id,
    current: z.boolean(),
    userAgent: z.string(),
    ip: z.string(),
    createdAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'SessionInfo' })

export const listSessions = operation({
  name: 'session.list',
  rest: 'GET /v1/sessions',
  summary: 'Where you are signed in, seen last first',
  allow: 'viewer',
  peopleOnly: true,
  input: z.strictObject({ cursor: TimeCursor, limit: listSize }),
  output: pageOfItems(SessionInfo),
  async run({ userId, sessionId }, { cursor, limit }) {
    const { at, id } = cursor ? timeAndId(cursor) : { at: null, id: null }
    // A cursor knows milliseconds.
    const { rows } = await runtime().auth.query(
      `select id, user_agent, ip, created_at, seen, expires_at
       from (select *, date_trunc('milliseconds', last_seen_at) as seen from sessions) s
       where user_id = $1 and expires_at > now() and ($2::timestamptz is null or (seen, id) < ($2, $3::uuid))
       order by seen desc, id desc limit $4`,
      [userId, at, id, limit + 1],
    )
    return pageOf(
      rows,
      limit,
      (row) => ({
        id: row.id,
        current: row.id === sessionId,
        userAgent: row.user_agent,
        ip: row.ip,
        createdAt: row.created_at.toISOString(),
        lastSeenAt: row.seen.toISOString(),
        expiresAt: row.expires_at.toISOString(),
      }),
      (row) => timeCursorOf(row.seen, row.id),
    )
  },
})

export const revokeOneSession = operation({
  name: 'session.revoke',
  rest: 'DELETE /v1/sessions/:sessionId',
  summary: 'Ends one of your sessions; its next request is refused',
  allow: 'viewer',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'account',
  input: z.strictObject({ sessionId: Id }),
  output: z.object({ id: Id }),
  async run({ userId }, { sessionId }) {
    if (!(await endSession(userId, sessionId))) throw notFound('session')
    record(`session ${sessionId}`, null, null)
    return { id: sessionId }
  },
})

export const revokeOtherSessions = operation({
  name: 'session.revokeOthers',
  rest: 'POST /v1/sessions/revoke-others',
  summary: 'Signs you out everywhere else',
  allow: 'viewer',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'account',
  input: z.strictObject({}),
  output: z.object({ revoked: z.number().int() }),
  run: ({ userId, sessionId }) => endOtherSessions(userId, sessionId),
})

/** Ends all sessions of a user but one, as part of the write that runs. */
export async function endOtherSessions(userId: string, kept: string | null): Promise<{ revoked: number }> {
  const revoked = await endSessionsOf(userId, kept)
  record(`user ${userId}`, { otherSessions: revoked }, { otherSessions: 0 })
  return { revoked }
}
