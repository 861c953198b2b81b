/** What the edge keeps, and for whom: nginx.ts is made of it, and the table in docs/deploy.md. */

/** Public pages, as regular expressions of paths. */
export const publicPages = '^/(pricing|docs|sign-in)?$'

/** Scripts, styles and fonts, whose names change with what is in them. */
export const staticFiles = { path: '/_next/static/', cacheControl: 'public, max-age=31536000, immutable' }

/** Next tells a page from a client navigation to it by these headers. */
export const headersOfKey = ['RSC', 'Next-Router-Prefetch', 'Next-Router-Segment-Prefetch'] as const

/** A cookie with this in its name means that somebody is signed in. */
export const sessionCookie = 'authjs.session-token'

/** A parameter of links that were mailed: it signs somebody in. */
export const secretParameter = 'token'

/** What nginx calls the header of a request. */
export const variableOf = (header: string) => `$http_${header.toLowerCase().replaceAll('-', '_')}`

/** The rules for a CDN that stands where the edge does, as a table of Markdown. */
export function cacheTable(): string {
  const key = ['the path with its query', ...headersOfKey.map((header) => `\`${header}\``)].join(', ')
  const rows = [
    ['path', 'kept', 'key', 'never kept'],
    ['---', '---', '---', '---'],
    [`\`${staticFiles.path}*\``, `for ever: \`${staticFiles.cacheControl}\``, 'the path', '–'],
    [
      `\`${publicPages.replaceAll('|', '\\|')}\``,
      'as the answer’s `Cache-Control` says; stale while it is fetched anew, and while the web part is away',
      key,
      `requests with a cookie \`*${sessionCookie}\` or the parameter \`${secretParameter}\`; answers with \`Set-Cookie\``,
    ],
    ['everything else', 'never', '–', 'all of it'],
  ]
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
