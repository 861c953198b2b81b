import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** A browser keeps so many of its accounts. */
const most = 4

type Entry = { userId: string; id: string; mac: string }

/**
 * The id under which an account knows this browser, by the cookie that it got when the account was signed in to;
 * null when it knows it not, or the cookie is not ours. It opens nothing: strangers cannot slow such a browser down.
 */
export function deviceIn(cookie: string | undefined, userId: string, secret: string): string | null {
  const found = entriesOf(cookie).find((entry) => entry.userId === userId)
  return found && isOurs(found, secret) ? found.id : null
}

/** The cookie after a sign-in: this account first, known as before or anew. */
export function withDevice(cookie: string | undefined, userId: string, secret: string): string {
  const id = deviceIn(cookie, userId, secret) ?? randomBytes(12).toString('base64url')
  const others = entriesOf(cookie).filter((entry) => entry.userId !== userId && isOurs(entry, secret))
  return [{ userId, id, mac: macOf(userId, id, secret) }, ...others]
    .slice(0, most)
    .map((entry) => [entry.userId, entry.id, entry.mac].join('.'))
    .join('~')
}

const entriesOf = (cookie = ''): Entry[] =>
  cookie
    .split('~', most)
    .map((text) => text.split('.'))
    .map(([userId = '', id = '', mac = '']) => ({ userId, id, mac }))

const macOf = (userId: string, id: string, secret: string) =>
  createHmac('sha256', secret).update(`known device|${userId}|${id}`).digest('base64url')

function isOurs({ userId, id, mac }: Entry, secret: string): boolean {
  const [given, right] = [mac, macOf(userId, id, secret)].map((text) => Buffer.from(text)) as [Buffer, Buffer]
  return given.length === right.length && timingSafeEqual(given, right)
}
