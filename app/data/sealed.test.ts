import { describe, expect, it } from 'vitest'
import { seal, unseal } from './sealed.ts'

const [current, earlier, other] = ['c'.repeat(32), 'e'.repeat(32), 'o'.repeat(32)] as const
const secret = 'whsec_c2VjcmV0'

/** Another character in the place of the first one of the sealed text. */
const changedInside = (text: string) => {
  const at = text.lastIndexOf('.') + 1
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
}

describe('a sealed secret', () => {
  it('opens with its key and for its purpose, and is another text each time', () => {
    const sealed = [seal(secret, [current], 'webhook a'), seal(secret, [current], 'webhook a')]
    expect(sealed.map((each) => unseal(each, [current], 'webhook a'))).toEqual([secret, secret])
    expect(sealed[0]).not.toBe(sealed[1])
    expect(sealed.join()).not.toContain('secret')
  })

  it('opens while a new key takes the place of its own, and is sealed by the new one', () => {
    const sealed = seal(secret, [earlier], 'webhook a')
    expect(unseal(sealed, [current, earlier], 'webhook a')).toBe(secret)
    expect(() => unseal(seal(secret, [current, earlier], 'webhook a'), [earlier], 'webhook a')).toThrow(
      'sealed by a key that ENCRYPTION_KEYS does not name',
    )
  })

  it.each([
    ['with another key', [other], 'webhook a', (text: string) => text],
    ['for another organisation', [current], 'webhook b', (text: string) => text],
    ['once it was changed', [current], 'webhook a', changedInside],
    ['as what is no sealed text', [current], 'webhook a', () => 'plain'],
  ])('does not open %s', (_, keys, purpose, changed) => {
    expect(() => unseal(changed(seal(secret, [current], 'webhook a')), keys, purpose)).toThrow(/^a secret/)
  })
})
