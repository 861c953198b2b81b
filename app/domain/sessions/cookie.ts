import { parseCookie } from 'cookie'

/** As the auth library names it. Over https only the name counts that no page served without it can set. */
export const sessionCookieOf = (origin: string | undefined): string =>
  isSecure(origin) ? '__Secure-authjs.session-token' : 'authjs.session-token'

export const isSecure = (origin: string | undefined): boolean => origin?.startsWith('https:') ?? false

/**
 * The session's token in a `Cookie` header, for pages and API alike. Of several cookies of the name the first
 * counts, as in the auth library: browsers send the one of the most specific path first (RFC 6265, 5.4).
 */
export function sessionTokenOf(header: string | null, origin: string | undefined): string | undefined {
  return cookieOf(header, sessionCookieOf(origin))
}

/** A cookie of this name, the first of several; in its quotes or without (RFC 6265, 4.1.1). */
export function cookieOf(header: string | null, name: string): string | undefined {
  // As it was sent: what is encoded wrongly in another cookie is no concern of this one.
  const value = parseCookie(header ?? '', { decode: (text) => text })[name]
  return value?.replace(/^"(.*)"$/, '$1')
}
