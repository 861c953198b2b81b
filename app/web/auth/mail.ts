import 'server-only'
import { sendMail } from '@worklane/domain/mail/mail.ts'
import { accounts } from '@worklane/domain/sessions/accounts.ts'
import { type Caller, limitLinks, whoTries } from '@worklane/domain/sessions/attempts.ts'

/**
 * Sends a sign-in link to who has an account; the others get nothing, and the page says the same to both. Every
 * door sends it here, so the limit is here as well.
 * @throws Problem tooMany
 */
export async function sendSignInLink(to: string, link: string, caller: Caller): Promise<void> {
  const user = await accounts.byEmail(to)
  await limitLinks(to, whoTries(caller, user?.id))
  if (!user) return
  const text = 'Sign in with this link. It is good for 15 minutes, once.'
  await sendMail({ to, subject: 'Your link to sign in to Worklane', text, link })
}
