import type { IncomingMessage } from 'node:http'

/** What a server that stands in for Worklane must call its answers, or they are wrong ones. */
export function contentTypeOf({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): string {
  if (/^\/(v1|trpc)\//.test(url)) return 'application/json'
  return headers.rsc === '1' ? 'text/x-component' : 'text/html; charset=utf-8'
}
