import { isSecure, sessionCookieOf } from '@worklane/domain/sessions/cookie.ts'

/** As the auth library names it, and as it sets it. */
export const sessionCookie = sessionCookieOf(process.env.ORIGIN)
export const cookieOptions = {
  httpOnly: true,
  sameSite: 'lax',
  path: '/',
  secure: isSecure(process.env.ORIGIN),
} as const
