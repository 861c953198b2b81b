/** Where to go after signing in: a path of ours, whatever the address said. */
export function safeNext(next: string | null | undefined): string {
  const home = '/dashboard'
  // A second slash or a backslash makes browsers read a host name.
  if (!next || !/^\/(?![/\\])/.test(next) || /[\\\s\p{Cc}]/u.test(next)) return home
  const url = new URL(next, 'http://here.invalid')
  if (url.origin !== 'http://here.invalid' || url.pathname.startsWith('/sign-in')) return home
  return url.pathname + url.search + url.hash
}
