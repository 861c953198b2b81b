import 'server-only'
import { runtime } from '@worklane/domain/runtime.ts'
import { accounts } from '@worklane/domain/sessions/accounts.ts'

const sinkKey = 'mail:sink'
const kept = 50

export type Mail = { to: string; subject: string; link: string; at: string }

/** True where mail goes to a page instead of people. */
export const hasMailSink = () => runtime().env.WORKLANE_ENV !== 'production'

/** Sends a sign-in link to who has an account; the others get nothing, and the page says the same to both. */
export async function sendSignInLink(to: string, link: string): Promise<void> {
  if (!(await accounts.byEmail(to))) return
  if (!hasMailSink()) throw new Error('No mail service is configured: sign in with your password.')
  const mail: Mail = { to, subject: 'Your link to sign in to Worklane', link, at: new Date().toISOString() }
  const { redis } = runtime()
  await redis.lpush(sinkKey, JSON.stringify(mail))
  await redis.ltrim(sinkKey, 0, kept - 1)
}

export async function sunkMail(): Promise<Mail[]> {
  return (await runtime().redis.lrange(sinkKey, 0, kept - 1)).map((text) => JSON.parse(text) as Mail)
}
