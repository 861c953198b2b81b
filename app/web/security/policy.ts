import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readInlineScripts, type Shell, shellOf } from './inline-scripts.ts'

/** Two years, as browsers' preload lists ask for. */
export const strictTransport = 'max-age=63072000; includeSubDomains'

/**
 * The content security policy of a page. Scripts come from our own origin, stand in the prerendered HTML, which
 * the build took down, or carry the nonce of this one request. A page that is the same for everybody has no nonce,
 * so that the edge may keep it.
 */
export function contentPolicyOf(path: string, https: boolean): string {
  if (process.env.NODE_ENV === 'development') return policy("'unsafe-inline' 'unsafe-eval'", https, true)
  const shell = shellOf(shells(), path)
  const nonce = shell?.streams === false ? [] : [`'nonce-${randomBytes(16).toString('base64')}'`]
  return policy([...nonce, ...(shell?.hashes ?? [])].join(' '), https, false)
}

/** The auth library's own pages and answers: no script, their style stands in the page, their forms come to us. */
export const libraryPagePolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

let known: Shell[] | undefined

function shells(): Shell[] {
  known ??= readInlineScripts(join(process.cwd(), '.next'))
  return known
}

/** The object store, where browsers do not reach it by our own origin. */
function files(): string {
  const { S3_ENDPOINT, S3_PUBLIC_ENDPOINT = S3_ENDPOINT, ORIGIN } = process.env
  if (!S3_PUBLIC_ENDPOINT || !ORIGIN) return ''
  const { origin } = new URL(S3_PUBLIC_ENDPOINT)
  return origin === new URL(ORIGIN).origin ? '' : ` ${origin}`
}

/** Next's development server writes styles into the page, evaluates, and speaks over a web socket. */
const policy = (scripts: string, https: boolean, development: boolean) =>
  [
    "default-src 'self'",
    `script-src 'self' ${scripts}`,
    `style-src 'self'${development ? " 'unsafe-inline'" : ''}`,
    `img-src 'self' data:${files()}`,
    `connect-src 'self'${files()}${development ? ' ws:' : ''}`,
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    ...(https ? ['upgrade-insecure-requests'] : []),
  ].join('; ')
