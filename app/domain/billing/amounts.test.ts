import { describe, expect, it } from 'vitest'
import { amountOf, bytes } from './amounts.ts'

describe('amounts', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1023 bytes'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1024 ** 3 - 1, '1023.9 MiB'],
    [1024 ** 3, '1 GiB'],
    [1024 ** 4, '1 TiB'],
    [4096 * 1024 ** 4, '4096 TiB'],
  ])('%i bytes are %s', (count, text) => expect(bytes(count)).toBe(text))

  it('are plain figures of what has no unit', () => expect(amountOf('exportRows', 10_000)).toBe('10,000'))
})
