import { randomBytes } from 'node:crypto'

/** Begins with our mark, so that scanners of leaked secrets know it; 256 bits of chance follow. */
export const newKey = () => `wl_${randomBytes(32).toString('base64url')}`

/** Enough to tell one's keys apart, too little to use one. */
export const prefixOf = (key: string) => key.slice(0, 9)

export const looksLikeKey = (text: string) => /^wl_[A-Za-z0-9_-]{43}$/.test(text)
