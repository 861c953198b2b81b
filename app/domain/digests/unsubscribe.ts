import { z } from 'zod'
import { runtime } from '../runtime.ts'
import type { Frequency } from './frequency.ts'

/** Whose mails a link ends. */
export type Subscription = { organisation: string; every: Frequency }

const Token = z.uuid()

/** What the link of a mail is about, or null where it is made up, or its member has left. */
export async function subscriptionOf(token: string): Promise<Subscription | null> {
  const parsed = Token.safeParse(token)
  if (!parsed.success) return null
  const { rows } = await runtime().auth.query<Subscription>({
    name: 'digest_subscription',
    text: `select o.name as organisation, d.every from digests d join organisations o on o.id = d.org_id
      where d.unsubscribe_token = $1`,
    values: [parsed.data],
  })
  return rows[0] ?? null
}

/** Ends the mails; once more changes nothing. @returns false where the token is nobody's */
export async function unsubscribe(token: string): Promise<boolean> {
  const parsed = Token.safeParse(token)
  if (!parsed.success) return false
  const { rowCount } = await runtime().auth.query(
    "update digests set every = 'off', due_at = null where unsubscribe_token = $1",
    [parsed.data],
  )
  return rowCount !== 0
}

/** Where a mail's own link leads, and where its mail program sends its one POST (RFC 8058). */
export function unsubscribeLinks(token: string): { page: string; oneClick: string } {
  const { ORIGIN } = runtime().env
  return { page: `${ORIGIN}/unsubscribe/${token}`, oneClick: `${ORIGIN}/unsubscribe/${token}/one-click` }
}
