import 'server-only'
import { sendMail } from '@worklane/domain/mail/mail.ts'
import { accounts } from '@worklane/domain/sessions/accounts.ts'
import { type Caller, limitLinks, whoTries } from '@worklane/domain/sessions/attempts.ts'

const signInLink = {
  subject: 'Your link to sign in to Worklane',
  text: 'Sign in with this link. It is good for 15 minutes, once.',
}
/** What the first link to an address does besides, see docs/decisions/030. */
const proofLink = {
  subject: 'Confirm your e-mail address for Worklane',
  text:
    'Open this link in the browser in which you signed up: it confirms that this address is yours. It is good for ' +
    '15 minutes, once. In another browser it signs you in to a clean account, without its password and whom it let ' +
    'in, since somebody else may have signed up with your address.',
}

/**
 * Sends a sign-in link to who has an account; the others get nothing, and the page says the same to both. Every
 * door sends it here, so the limit is here as well.
 * @param callback the auth library's address that uses the link up
 * @throws Problem tooMany
 */
export async function sendSignInLink(to: string, callback: string, caller: Caller): Promise<void> {
  const user = await accounts.byEmail(to)
  await limitLinks(to, whoTries(caller, user))
  if (!user) return
  // Mail servers open what they deliver: the link leads to a button, and only a person presses that.
  const link = new URL(callback)
  link.pathname = '/sign-in'
  await sendMail({ to, link: link.href, ...(user.emailVerified ? signInLink : proofLink) })
}
