import { createHash } from 'node:crypto'
import { partSize } from '@worklane/domain/files/types.ts'

/**
 * What S3 says of an object that was put together of parts: the MD5 of their MD5s, and how many they are. The store made
 * it of what had come. One whose bytes give another has not kept what it was sent: versitygw 1.8.0 fills up with zeros a
 * part whose connection was cut. (Buckets that encrypt by SSE-KMS have other digests, and cannot be used.)
 */
export async function etagOfParts(bytes: AsyncIterable<unknown>, size = partSize): Promise<string> {
  const all = createHash('md5')
  let part = createHash('md5')
  let [inPart, parts] = [0, 0]
  const end = () => {
    all.update(part.digest())
    part = createHash('md5')
    inPart = 0
    parts++
  }
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    for (let start = 0; start < chunk.length; ) {
      const taken = chunk.subarray(start, start + size - inPart)
      part.update(taken)
      start += taken.length
      inPart += taken.length
      if (inPart === size) end()
    }
  }
  if (inPart > 0) end()
  return `"${all.digest('hex')}-${parts}"`
}
