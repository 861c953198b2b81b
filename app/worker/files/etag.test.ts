import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { etagOfParts } from './etag.ts'

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest()

describe('the digest of an object in parts', () => {
  const bytes = Buffer.from('abcdefghijklm')

  it.each([1, 3, 4, 100])('is that of its parts, however it comes: %i bytes at a time', async (length) => {
    const chunks = Array.from({ length: Math.ceil(bytes.length / length) }, (_, n) =>
      bytes.subarray(n * length, (n + 1) * length),
    )
    const parts = [bytes.subarray(0, 5), bytes.subarray(5, 10), bytes.subarray(10)]
    const expected = `"${md5(Buffer.concat(parts.map(md5))).toString('hex')}-3"`
    expect(await etagOfParts(Readable.from(chunks), 5)).toBe(expected)
  })

  it('has no empty part at its end', async () => {
    expect(await etagOfParts(Readable.from([bytes.subarray(0, 10)]), 5)).toMatch(/-2"$/)
  })
})
