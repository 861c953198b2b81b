import 'server-only'
import { sendMail } from '@worklane/domain/mail/mail.ts'
import { accounts } from '@worklane/domain/sessions/accounts.ts'

/** Sends a sign-in link to who has an account; the others get nothing, and the page says the same to both. */
export async function sendSignInLink(to: string, link: string): Promise<void> {
  if (!(await accounts.byEmail(to))) return
  const text = 'Sign in with this link. It is good for 15 minutes, once.'
  await sendMail({ to, subject: 'Your link to sign in to Worklane', text, link })
}
