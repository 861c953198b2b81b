import { hash, verify } from '@node-rs/argon2'
import { runtime } from '../runtime.ts'

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export const hashPassword = (password: string) => hash(password, cost)

/** Stands in for the hash of an account that does not exist, so that both answers take as long. */
let nobodysHash: Promise<string> | undefined

export type SignedIn = { id: string; email: string; name: string }

/** The user with this e-mail and password, or null; in the same time whether the account exists or not. */
export async function verifyPassword(email: string, password: string): Promise<SignedIn | null> {
  const { rows } = await runtime().auth.query(
    'select id, email, name, password_hash from users where lower(email) = lower($1)',
    [email],
  )
  nobodysHash ??= hashPassword('nobody')
  const known = rows[0]?.password_hash as string | null | undefined
  const matches = await verify(known ?? (await nobodysHash), password)
  return known && matches ? { id: rows[0].id, email: rows[0].email, name: rows[0].name } : null
}
