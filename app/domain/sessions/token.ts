import { createHash, randomBytes } from 'node:crypto'

/** What a browser holds, with the second that it was made in; the database keeps only its hash. */
export const newToken = (now = Date.now()) =>
  `${randomBytes(32).toString('base64url')}.${Math.floor(now / 1000).toString(36)}`

/** How old a token may be before its session gets a new one. */
const rotateAfterMs = 86_400_000

/** Whether a token says that it is time for a new one. Costs nothing, and believes nobody: see rotateSession. */
export function isOld(token: string, now = Date.now()): boolean {
  const [, seconds] = /^[\w-]+\.([0-9a-z]+)$/.exec(token) ?? []
  return seconds !== undefined && now - Number.parseInt(seconds, 36) * 1000 > rotateAfterMs
}

/** SHA-256 in hex: the token has 256 bits of its own, so a slow hash would add nothing. */
export const tokenHash = (token: string) => createHash('sha256').update(token).digest('hex')
