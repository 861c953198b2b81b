import { type NextRequest, NextResponse } from 'next/server'
import { contentPolicyOf, strictTransport } from './security/policy.ts'

/**
 * Before any rendering: who has no session cookie goes to the sign-in page, and every page gets its content
 * security policy. Whether the session behind a cookie is good, only the page's own `requireActor()` decides.
 */
export function proxy(request: NextRequest): NextResponse {
  const { nextUrl, cookies } = request
  const known = cookies.has('authjs.session-token') || cookies.has('__Secure-authjs.session-token')
  const elsewhere = nextUrl.clone()
  // The landing page is for who is not signed in.
  if (known && nextUrl.pathname === '/') {
    elsewhere.pathname = '/dashboard'
    return NextResponse.redirect(elsewhere)
  }
  if (!known && forMembers.test(nextUrl.pathname)) {
    elsewhere.pathname = '/sign-in'
    elsewhere.search = `?next=${encodeURIComponent(nextUrl.pathname + nextUrl.search)}`
    return NextResponse.redirect(elsewhere)
  }
  return withPolicy(request)
}

const forMembers = /^\/(dashboard|projects|tasks|search|reports|notifications|settings)(\/|$)/
const https = process.env.ORIGIN?.startsWith('https:') ?? false

/** Next takes the nonce for its own scripts from the request's header, the browser the policy from the answer's. */
function withPolicy(request: NextRequest): NextResponse {
  const policy = contentPolicyOf(request.nextUrl.pathname, https)
  const headers = new Headers(request.headers)
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  if (https) response.headers.set('strict-transport-security', strictTransport)
  return response
}

export const config = {
  // Pages; not what the edge serves from disk, nor the API and the machines' own addresses.
  matcher: ['/((?!_next/|api/|v1/|trpc/|openapi\\.json|healthz|readyz|metrics|icon\\.svg).*)'],
}
