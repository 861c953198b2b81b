import { expect, it } from 'vitest'
import { isOld, newToken } from './token.ts'

const now = Date.now()
const hoursAgo = (hours: number) => now - hours * 3_600_000

it.each([
  ['made now', newToken(now), false],
  ['made 23 hours ago', newToken(hoursAgo(23)), false],
  ['made 25 hours ago', newToken(hoursAgo(25)), true],
  ['made tomorrow, it says', newToken(hoursAgo(-24)), false],
  ['that does not say when it was made', 'abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE', false],
  ['that is none', 'a.b.c', false],
])('a token %s: %s', (_, token, old) => expect(isOld(token, now)).toBe(old))

it('is never the same twice', () => expect(newToken(now)).not.toBe(newToken(now)))
