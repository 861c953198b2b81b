import { randomUUID } from 'node:crypto'

/** What every answer of the API says: it is data, no page, and of no use to another site's. */
export function securityHeaders(origin: string): [name: string, value: string][] {
  return [
    ['X-Content-Type-Options', 'nosniff'],
    ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
    ['Referrer-Policy', 'no-referrer'],
    ['Cross-Origin-Resource-Policy', 'same-origin'],
    ...(origin.startsWith('https:') ? [strictTransport] : []),
  ]
}

/** Two years, as for the pages. */
const strictTransport: [string, string] = ['Strict-Transport-Security', 'max-age=63072000; includeSubDomains']

const hexadecimal = /^[0-9a-f]{32}$/
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The request's id, which the audit log keeps for ever: the edge's, 32 hexadecimal digits or a UUID, or one of our
 * own. A text that a caller chose is none.
 */
export const requestIdOf = (sent: string | undefined): string =>
  sent !== undefined && (hexadecimal.test(sent) || uuid.test(sent)) ? sent : randomUUID()
