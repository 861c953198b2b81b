import { createHash, randomBytes } from 'node:crypto'

/** What a browser holds; the database keeps only its hash. */
export const newToken = () => randomBytes(32).toString('base64url')

/** SHA-256 in hex: the token has 256 bits of its own, so a slow hash would add nothing. */
export const tokenHash = (token: string) => createHash('sha256').update(token).digest('hex')
