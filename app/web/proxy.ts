import { type NextRequest, NextResponse } from 'next/server'

/**
 * Sends who has no session cookie to the sign-in page before any rendering starts. Whether the session behind a
 * cookie is good, only the page's own `requireActor()` decides.
 */
export function proxy(request: NextRequest): NextResponse {
  const { nextUrl, cookies } = request
  const known = cookies.has('authjs.session-token') || cookies.has('__Secure-authjs.session-token')
  // The landing page is for who is not signed in.
  if (nextUrl.pathname === '/') {
    if (!known) return NextResponse.next()
    const dashboard = nextUrl.clone()
    dashboard.pathname = '/dashboard'
    return NextResponse.redirect(dashboard)
  }
  if (known) return NextResponse.next()
  const signIn = nextUrl.clone()
  signIn.pathname = '/sign-in'
  signIn.search = `?next=${encodeURIComponent(nextUrl.pathname + nextUrl.search)}`
  return NextResponse.redirect(signIn)
}

export const config = {
  matcher: [
    '/',
    '/dashboard/:path*',
    '/projects/:path*',
    '/tasks/:path*',
    '/search/:path*',
    '/reports/:path*',
    '/notifications/:path*',
    '/settings/:path*',
  ],
}
