import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type AnyOperation, operation, shapeDigest } from './operation.ts'

const list = (cursor: z.ZodType, item: z.ZodType): AnyOperation =>
  operation({
    name: 'thing.list',
    rest: 'GET /v1/things',
    summary: 'Things',
    allow: 'viewer',
    input: z.strictObject({ cursor }),
    output: z.object({ items: z.array(item), nextCursor: z.string().nullable() }),
    run: async () => ({ items: [], nextCursor: null }),
  })

describe('the digest by which answers are kept', () => {
  it('is another one when the answer changes, or the cursor that stands in it', () => {
    const ofOne = shapeDigest(list(z.uuid(), z.string()))
    expect(shapeDigest(list(z.uuid(), z.string()))).toBe(ofOne)
    expect(shapeDigest(list(z.uuid(), z.number()))).not.toBe(ofOne)
    expect(shapeDigest(list(z.string().regex(/^\d+_/), z.string()))).not.toBe(ofOne)
  })
})
