import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'

/**
 * Seals a secret that has to be read again: AES-256-GCM (NIST SP 800-38D) with a key made of the first of the given
 * ones by HKDF-SHA-256 (RFC 5869).
 * @param keys of the environment (ENCRYPTION_KEYS), the current one first
 * @param purpose what it is and whose: it opens for no other
 * @returns `v1.<key>.<nonce>.<ciphertext and tag>`, where `key` says which one of them it was
 */
export function seal(text: string, keys: readonly string[], purpose: string): string {
  const [key] = keys
  if (key === undefined) throw new Error('ENCRYPTION_KEYS names no key')
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', derived(key), nonce).setAAD(Buffer.from(purpose))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return ['v1', nameOf(key), nonce.toString('base64url'), sealed.toString('base64url')].join('.')
}

/** @throws Error that holds nothing of the secret, where it was sealed by another key or for another purpose */
export function unseal(text: string, keys: readonly string[], purpose: string): string {
  const [version, name, nonce = '', body = ''] = text.split('.')
  const key = keys.find((each) => nameOf(each) === name)
  if (version !== 'v1' || key === undefined)
    throw new Error(`a secret (${purpose}) was sealed by a key that ENCRYPTION_KEYS does not name`)
  const bytes = Buffer.from(body, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', derived(key), Buffer.from(nonce, 'base64url'))
      .setAAD(Buffer.from(purpose))
      .setAuthTag(bytes.subarray(-tagBytes))
    return decipher.update(bytes.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    throw new Error(`a secret (${purpose}) was changed, or sealed for another purpose`)
  }
}

const nonceBytes = 12
const tagBytes = 16

const derived = (key: string) => Buffer.from(hkdfSync('sha256', key, '', 'worklane sealed secrets', 32))

/** Tells keys apart, and nothing about them. */
const nameOf = (key: string) =>
  createHash('sha256').update(`worklane key ${key}`).digest('base64url').slice(0, 8)
