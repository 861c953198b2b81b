import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { deviceIn, withDevice } from './known-devices.ts'

const secret = 'a secret of this deployment alone'
const holder = (emailVerified: Date | null = null) => ({ id: randomUUID(), emailVerified })
const [anna, ben] = [holder(), holder(new Date())]

it('is known to the account that was signed in to, and to no other', () => {
  const cookie = withDevice(undefined, anna, secret)
  expect(deviceIn(cookie, anna, secret)).toMatch(/^[\w-]{16}$/)
  expect(deviceIn(cookie, ben, secret)).toBeNull()
})

it('stays the same device, beside those of other accounts', () => {
  const first = withDevice(undefined, anna, secret)
  const both = withDevice(withDevice(first, ben, secret), anna, secret)
  expect(deviceIn(both, anna, secret)).toBe(deviceIn(first, anna, secret))
  expect(deviceIn(both, ben, secret)).not.toBeNull()
})

it('is believed only with our signature', () => {
  const cookie = withDevice(undefined, anna, secret)
  const [, id, mac] = cookie.split('.')
  expect(deviceIn(`${ben.id}.${id}.${mac}`, ben, secret)).toBeNull()
  expect(deviceIn(`${anna.id}.${id}`, anna, secret)).toBeNull()
  expect(deviceIn(cookie, anna, 'another secret')).toBeNull()
  for (const text of ['', '~~~', '..', 'x'.repeat(5_000)]) expect(deviceIn(text, anna, secret)).toBeNull()
})

it('is a stranger again once the address is proved: it may be the one of whom the proof is to free the account', () => {
  const cookie = withDevice(undefined, anna, secret)
  const proved = { ...anna, emailVerified: new Date() }
  expect(deviceIn(cookie, proved, secret)).toBeNull()
  expect(deviceIn(withDevice(cookie, proved, secret), proved, secret)).not.toBeNull()
})

it('keeps no more accounts than a cookie should hold', () => {
  const many = Array.from({ length: 20 }, () => holder())
  const cookie = many.reduce<string | undefined>((kept, user) => withDevice(kept, user, secret), undefined)
  expect(many.filter((user) => deviceIn(cookie, user, secret) !== null)).toHaveLength(4)
})
