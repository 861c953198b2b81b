import { createHash } from 'node:crypto'
import { networkOf } from '@worklane/data/rate-limit/classes.ts'
import type { Actor } from '../actor.ts'
import { tooMany } from '../errors.ts'
import { limitAddress } from '../rate-limits.ts'
import { runtime } from '../runtime.ts'

/** Whose account it is: what was known of it before its address was proved is nothing to it after that. */
export type Holder = { id: string; emailVerified: Date | null }

/** A browser that is not signed in: its address, and the id of the device that this user signed in with before. */
export type Caller = { address: string; deviceOf(user: Holder): string | null }

/** Who is counted: a device that the account knows for itself, everybody else by their network. */
export type Who = `device:${string}` | `network:${string}` | `own session:${string}`

/** So many wrong passwords in a row may one caller send for one account; others, and its owner, go on. */
export const wrongPasswordsAllowed = 10
/** So many links to one address may one caller ask for, and so many everybody together. */
export const linksAllowed = { toOneCaller: 5, toAll: 20 }

export function whoTries({ address, deviceOf }: Caller, user: Holder | null): Who {
  const device = user && deviceOf(user)
  return device === null ? `network:${networkOf(address)}` : `device:${device}`
}

/** Counts a password before it is checked, so that many at once are many. @throws Problem tooMany */
export async function limitPasswords(account: string, who: Who): Promise<void> {
  // A network also has a limit for all accounts together: one guess at each of many is slow as well.
  if (who.startsWith('network:')) await limitAddress(who, 'sign-in')
  await count(keyOf('password', account, who), wrongPasswordsAllowed, 15)
}

/** The password was right: the count begins anew. */
export async function forgetPasswords(account: string, who: Who): Promise<void> {
  await runtime().auth.query('delete from attempts where key = $1', [keyOf('password', account, who)])
}

type Signed = Pick<Actor, 'userId' | 'sessionId'>
const ofSession = ({ sessionId }: Signed): Who => `own session:${sessionId}`

/** The same for who is signed in and gives their password again. @throws Problem tooMany */
export const limitOwnPassword = (actor: Signed) => limitPasswords(actor.userId, ofSession(actor))
export const forgetOwnPasswords = (actor: Signed) => forgetPasswords(actor.userId, ofSession(actor))

/** Counts a link to sign in that is asked for. @throws Problem tooMany */
export async function limitLinks(email: string, who: Who): Promise<void> {
  if (who.startsWith('network:')) await limitAddress(who, 'sign-in')
  const to = email.toLowerCase()
  await count(keyOf('link', to, who), linksAllowed.toOneCaller, 15)
  // A flood from everywhere stops; a device that the account knows still gets its link.
  if (!who.startsWith('device:')) await count(keyOf('link', to), linksAllowed.toAll, 60)
}

async function count(key: string, most: number, minutes: number): Promise<void> {
  const { rows } = await runtime().auth.query(countOnce, [key, minutes])
  const [{ tries, wait }] = rows
  if (tries > most) throw tooMany('Too many tries', wait)
}

/** A digest of all parts: nobody's address is kept. */
const keyOf = (...parts: string[]) => createHash('sha256').update(JSON.stringify(parts)).digest('hex')

/** Counts, and takes away some of what is over: more than one try adds. */
const countOnce = `with over as (
    delete from attempts where key in
      (select key from attempts where until < now() and key <> $1 order by until limit 10 for update skip locked))
  insert into attempts (key, until) values ($1, now() + make_interval(mins => $2))
  on conflict (key) do update set
    count = case when attempts.until < now() then 1 else attempts.count + 1 end,
    until = case when attempts.until < now() then excluded.until else attempts.until end
  returning count as tries, extract(epoch from until - now())::float8 as wait`
