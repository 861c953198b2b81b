import { hash, verify } from '@node-rs/argon2'
import { z } from 'zod'
import { runtime } from '../runtime.ts'

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** After so many wrong passwords in a row an account takes none for a while; a link by mail still works. */
export const wrongPasswordsAllowed = 10
const lockedMinutes = 15

/** Length is what counts (NIST SP 800-63B, 5.1.1); more than 200 would only be work for us. */
export const NewPassword = z
  .string()
  .min(10, 'must have at least 10 characters')
  .max(200)
  .refine((text) => !text.includes('\0'), 'must not hold NUL')

export const hashPassword = (password: string) => hash(password, cost)
export const verifyHash = (known: string, password: string) => verify(known, password)

/** Stands in for the hash of an account that does not exist, so that both answers take as long. */
let nobodysHash: Promise<string> | undefined

export type SignedIn = { id: string; email: string; name: string }

/**
 * The user with this e-mail and password, or null: a wrong one, an account that is locked or that does not exist,
 * in the same time and without telling which.
 */
export async function verifyPassword(email: string, password: string): Promise<SignedIn | null> {
  const { auth } = runtime()
  const { rows } = await auth.query(
    `select id, email, name, password_hash, failed_sign_ins, coalesce(locked_until > now(), false) as locked
     from users where lower(email) = lower($1)`,
    [email],
  )
  const [user] = rows
  nobodysHash ??= hashPassword('nobody')
  const matches = await verify(user?.password_hash ?? (await nobodysHash), password)
  if (!user?.password_hash || user.locked) return null
  if (!matches) {
    await auth.query(wrongAgain, [user.id, wrongPasswordsAllowed, lockedMinutes])
    return null
  }
  if (user.failed_sign_ins > 0) await auth.query(unlock, [user.id])
  return { id: user.id, email: user.email, name: user.name }
}

const wrongAgain = `update users set
    failed_sign_ins = case when failed_sign_ins + 1 >= $2 then 0 else failed_sign_ins + 1 end,
    locked_until = case when failed_sign_ins + 1 >= $2 then now() + make_interval(mins => $3) else locked_until end
  where id = $1`
const unlock = 'update users set failed_sign_ins = 0, locked_until = null where id = $1'
