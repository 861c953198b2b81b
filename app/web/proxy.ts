import { sessionTokenOf } from '@worklane/domain/sessions/cookie.ts'
import { isOld } from '@worklane/domain/sessions/token.ts'
import { type NextRequest, NextResponse } from 'next/server'
import { cookieOptions, sessionCookie } from './auth/session-cookie.ts'
import { contentPolicyOf, strictTransport } from './security/policy.ts'

/**
 * Before any rendering: who has no session cookie goes to the sign-in page, and every page gets its content
 * security policy and, from day to day, its session a new token. Whether the session behind a cookie is good, only the page's own `requireActor()` decides.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const { nextUrl, headers } = request
  const token = sessionTokenOf(headers.get('cookie'), process.env.ORIGIN)
  const known = token !== undefined
  // To the public origin: the host of a request is whatever its caller wrote.
  const origin = process.env.ORIGIN ?? nextUrl.origin
  // The landing page is for who is not signed in.
  if (known && nextUrl.pathname === '/') {
    return NextResponse.redirect(new URL(`/dashboard${nextUrl.search}`, origin))
  }
  if (!known && forMembers.test(nextUrl.pathname)) {
    const next = encodeURIComponent(nextUrl.pathname + nextUrl.search)
    return NextResponse.redirect(new URL(`/sign-in?next=${next}`, origin))
  }
  // Before anything streams: a page that has begun has told its status, and nobody is to learn that these are there.
  if (forOperators.test(nextUrl.pathname) && !(await isOperator(token))) return nothingThere(request)
  if (isProduction && forDevelopers.test(nextUrl.pathname)) return nothingThere(request)
  if (nextUrl.pathname === '/operators/queues') {
    return NextResponse.redirect(new URL('/v1/operator/queues/', origin))
  }
  const response = withPolicy(request)
  // A page as a whole: of its parts many come at once.
  if (known && headers.get('sec-fetch-dest') === 'document' && isOld(token)) await renew(response, token)
  return response
}

/** The request itself goes on with the old token, which is good for a moment more. */
async function renew(response: NextResponse, token: string): Promise<void> {
  // Read when it is needed: the database's client is no part of what every page waits for.
  const { rotateSession } = await import('@worklane/domain/sessions/sessions.ts')
  const session = await rotateSession(token).catch(() => null)
  if (session) {
    response.cookies.set(sessionCookie, session.token, { ...cookieOptions, expires: session.expires })
  }
}

/** Only where it is asked for: see `renew`. */
async function isOperator(token: string | undefined): Promise<boolean> {
  if (token === undefined) return false
  const { resolveOperator } = await import('@worklane/domain/operators/operator.ts')
  return (await resolveOperator(token, '')) !== null
}

/** The answer for an address that does not exist. */
function nothingThere(request: NextRequest): NextResponse {
  const url = request.nextUrl.clone()
  url.pathname = '/_nothing'
  return withPolicy(request, url)
}

const isProduction = (process.env.WORKLANE_ENV ?? 'production') === 'production'
const forDevelopers = /^\/dev(\/|$)/
const forOperators = /^\/operators(\/|$)/
const forMembers = /^\/(dashboard|projects|tasks|search|reports|notifications|settings)(\/|$)/
const https = process.env.ORIGIN?.startsWith('https:') ?? false

/** Next takes the nonce for its own scripts from the request's header, the browser the policy from the answer's. */
function withPolicy(request: NextRequest, instead?: URL): NextResponse {
  const policy = contentPolicyOf(request.nextUrl.pathname, https)
  const headers = new Headers(request.headers)
  headers.set('content-security-policy', policy)
  const response = instead
    ? NextResponse.rewrite(instead, { request: { headers } })
    : NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  if (https) response.headers.set('strict-transport-security', strictTransport)
  return response
}

export const config = {
  // Pages; not what the edge serves from disk, nor the API and the machines' own addresses, nor mails of the sink.
  matcher: ['/((?!_next/|api/|v1/|trpc/|openapi\\.json|healthz|readyz|metrics|icon\\.svg|dev/mail/).*)'],
}
