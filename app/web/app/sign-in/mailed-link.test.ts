import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { mailedLink } from './mailed-link.ts'

const linkTo = (email: string) =>
  mailedLink(new URLSearchParams({ callbackUrl: '/board', token: '4f9d1c', email }))

describe('a link that was mailed to sign in', () => {
  it.each([
    'ada@example.com',
    "o'neil+work@mail.example.co.uk",
    'a_b-c.d@xn--bcher-kva.example',
    'Your account is closed. Call 555 0100 at once',
    'ada@example.com or call 555 0100',
    'ada@example.com\n555 0100',
    'ada@example',
    'ada\u202e@example.com',
    '.ada@example.com',
    'a..b@example.com',
    '@example.com',
    `${'a'.repeat(189)}@example.com`,
  ])('names an e-mail address as accounts may have it, or is broken: %j', (email) => {
    const isAddress = z.email().max(200).safeParse(email).success
    expect(linkTo(email)).toEqual(isAddress ? { email, token: '4f9d1c', callbackUrl: '/board' } : 'broken')
  })

  it('is none without an address or a token', () => {
    for (const text of ['', 'next=/board', 'email=ada@example.com', 'token=1'])
      expect(mailedLink(new URLSearchParams(text))).toBeNull()
  })
})
