const here = 'http://here.invalid'

/**
 * The path of ours that a caller's address means, as a browser will read it; null when it leads elsewhere. What is
 * checked is the normalised path: `/.//host` looks like ours before, and is `//host` after.
 */
function ownPath(asked: string | null | undefined): string | null {
  if (!asked?.startsWith('/') || /[\\\s\p{Cc}]/u.test(asked)) return null
  const url = URL.parse(asked, here)
  if (url?.origin !== here || url.username !== '' || url.password !== '') return null
  const path = url.pathname + url.search + url.hash
  // Browsers read a host after two slashes; a path that is still ours when it is read again has none.
  return URL.parse(path, here)?.origin === here && !path.startsWith('//') ? path : null
}

/** Where to go after signing in: a path of ours, whatever the address said. */
export function safeNext(next: string | null | undefined): string {
  const path = ownPath(next)
  return path === null || path.startsWith('/sign-in') ? '/dashboard' : path
}

/** Where the auth library may redirect to: the same for an address with our own origin before its path. */
export function ownAddress(asked: string, origin: string): string {
  const path = asked.startsWith(`${origin}/`) ? asked.slice(origin.length) : asked
  return origin + (asked === origin ? '/' : (ownPath(path) ?? '/dashboard'))
}
