import { z } from 'zod'
import { invalidField, invalidInput, Problem } from '../errors.ts'
import { hashPassword, NewPassword } from '../sessions/passwords.ts'
import { tokenHash } from '../sessions/token.ts'
import { line } from '../text.ts'
import { invitationInTurn, join } from './invitations.ts'
import { foundOrganisation, organisationName } from './organisations.ts'
import { account, accountTransaction } from './transaction.ts'

export const Email = z.email('must be an e-mail address').max(200)

const SignUp = z
  .strictObject({
    name: line(120),
    email: Email,
    password: NewPassword,
    organisation: organisationName.optional(),
    invitation: z.string().max(100).optional(),
  })
  .refine(({ organisation, invitation }) => (organisation === undefined) !== (invitation === undefined), {
    path: ['organisation'],
    error: 'must be named, unless an invitation leads to one',
  })

/**
 * Makes an account with an organisation of its own, or as a member of the one that invited it.
 * @returns the new user's id
 * @throws Problem invalid with its fields, conflict when the address has an account
 */
export async function signUp(input: unknown): Promise<{ userId: string; email: string }> {
  const parsed = SignUp.safeParse(input)
  if (!parsed.success) throw invalidInput(parsed.error.issues)
  const { name, email, password, organisation, invitation } = parsed.data
  const passwordHash = await hashPassword(password)
  return accountTransaction(null, async () => {
    const invited = invitation === undefined ? null : await invitationInTurn(invitation, null)
    if (invited && invited.email.toLowerCase() !== email.toLowerCase()) {
      throw invalidField('email', 'must be the address that the invitation was sent to')
    }
    const { rows } = await account().query(
      `insert into users (email, name, password_hash, email_verified) values ($1, $2, $3, $4)
       on conflict (lower(email)) do nothing returning id`,
      // Who holds the link of an invitation reads the mail of its address.
      [email, name, passwordHash, invited ? new Date() : null],
    )
    if (!rows[0]) {
      throw new Problem('conflict', 'There is an account with this e-mail already: sign in.', [
        { path: 'email', message: 'has an account already' },
      ])
    }
    const userId = rows[0].id as string
    if (invited) await join(userId, invited, tokenHash(invitation as string))
    else await foundOrganisation(userId, organisation as string)
    return { userId, email }
  })
}
