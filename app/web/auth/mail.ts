import 'server-only'
import { mailToAccount } from '@worklane/domain/mail/account-mails.ts'
import { accounts } from '@worklane/domain/sessions/accounts.ts'
import { type Caller, limitLinks, whoTries } from '@worklane/domain/sessions/attempts.ts'

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
  const template = user.emailVerified ? 'sign-in-link' : 'address-proof'
  await mailToAccount({ to, template, data: { link: link.href } })
}
