import { randomUUID } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { z } from 'zod'
import { runtime } from '../runtime.ts'
import { type Caller, forgetPasswords, limitPasswords, whoTries } from './attempts.ts'

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Length is what counts (NIST SP 800-63B, 5.1.1); more than 200 would only be work for us. */
export const NewPassword = z
  .string()
  .min(10, 'must have at least 10 characters')
  .max(200)
  .refine((text) => !text.includes('\0'), 'must not hold NUL')

export const hashPassword = (password: string) => hash(password, cost)
export const verifyHash = (known: string, password: string) => verify(known, password)

/** Stands in for the hash of an account that has none or does not exist: each answer takes the same work. */
let nobodysHash: Promise<string> | undefined

/** Whose password was right. `createSession` wants the hash that it was checked by. */
export type SignedIn = { id: string; email: string; name: string; passwordHash: string }

/**
 * The user with this e-mail and password, or null: a wrong one, an account without one or that does not exist, by
 * the same work and without telling which. Every door checks passwords here, so the limits are here as well.
 * @throws Problem tooMany after too many tries of this caller, whether the account exists or not
 */
export async function verifyPassword(
  email: string,
  password: string,
  caller: Caller,
): Promise<SignedIn | null> {
  const { rows } = await runtime().auth.query(
    `select id, email, name, password_hash, email_verified as "emailVerified"
     from users where lower(email) = lower($1)`,
    [email],
  )
  const user = rows[0] ?? null
  const account = user?.id ?? email.toLowerCase()
  const who = whoTries(caller, user)
  await limitPasswords(account, who)
  nobodysHash ??= hashPassword(randomUUID())
  const nobodys = await nobodysHash
  const matches = await verify(user?.password_hash ?? nobodys, password)
  if (!user?.password_hash || !matches) return null
  await forgetPasswords(account, who)
  return { id: user.id, email: user.email, name: user.name, passwordHash: user.password_hash }
}
