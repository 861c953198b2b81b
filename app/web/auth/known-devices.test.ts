import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { deviceIn, withDevice } from './known-devices.ts'

const secret = 'a secret of this deployment alone'
const [anna, ben] = [randomUUID(), randomUUID()]

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
  expect(deviceIn(`${ben}.${id}.${mac}`, ben, secret)).toBeNull()
  expect(deviceIn(`${anna}.${id}`, anna, secret)).toBeNull()
  expect(deviceIn(cookie, anna, 'another secret')).toBeNull()
  for (const text of ['', '~~~', '..', 'x'.repeat(5_000)]) expect(deviceIn(text, anna, secret)).toBeNull()
})

it('keeps no more accounts than a cookie should hold', () => {
  const many = Array.from({ length: 20 }, () => randomUUID())
  const cookie = many.reduce<string | undefined>((kept, user) => withDevice(kept, user, secret), undefined)
  expect(many.filter((user) => deviceIn(cookie, user, secret) !== null)).toHaveLength(4)
})
