import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Holder } from '@worklane/domain/sessions/attempts.ts'

/** A browser keeps so many of its accounts. */
const most = 4

type Entry = { userId: string; id: string; mac: string }

/**
 * The id under which an account knows this browser, by the cookie that it got when the account was signed in to;
 * null when it knows it not, or the cookie is not ours. It opens nothing: strangers cannot slow such a browser down.
 * Who was known before the account's address was proved may be such a stranger, and is known no more.
 */
export function deviceIn(cookie: string | undefined, user: Holder, secret: string): string | null {
  const found = entriesOf(cookie).find(({ userId }) => userId === user.id)
  return found && isOurs(found, user, secret) ? found.id : null
}

/** The cookie after a sign-in: this account first, known as before or anew. */
export function withDevice(cookie: string | undefined, user: Holder, secret: string): string {
  const id = deviceIn(cookie, user, secret) ?? randomBytes(12).toString('base64url')
  const others = entriesOf(cookie).filter(({ userId, mac }) => userId !== user.id && mac !== '')
  return [{ userId: user.id, id, mac: macOf(user, id, secret) }, ...others]
    .slice(0, most)
    .map((entry) => [entry.userId, entry.id, entry.mac].join('.'))
    .join('~')
}

const entriesOf = (cookie = ''): Entry[] =>
  cookie
    .split('~', most)
    .map((text) => text.split('.'))
    .map(([userId = '', id = '', mac = '']) => ({ userId, id, mac }))

const macOf = ({ id: userId, emailVerified }: Holder, id: string, secret: string) =>
  createHmac('sha256', secret)
    .update(`known device|${userId}|${emailVerified?.getTime() ?? 'unproved'}|${id}`)
    .digest('base64url')

function isOurs({ id, mac }: Entry, user: Holder, secret: string): boolean {
  const [given, right] = [mac, macOf(user, id, secret)].map((text) => Buffer.from(text)) as [Buffer, Buffer]
  return given.length === right.length && timingSafeEqual(given, right)
}
