import { describe, expect, it } from 'vitest'
import { harmlessReason } from './harmless-reason.ts'

describe('why a job failed', () => {
  it.each([
    ['550 <ada@example.test>: Recipient address rejected', '550 <[hidden]>: Recipient address rejected'],
    [
      'no answer from http://worklane.test/sign-in?token=abc&email=ada%40example.test',
      'no answer from http://worklane.test/[hidden]',
    ],
    [`the key ${'a1B2'.repeat(12)} is not known`, 'the key [hidden] is not known'],
  ])('keeps nobody’s address, link or key: %s', (reason, shown) => {
    expect(harmlessReason(reason)).toBe(shown)
  })

  it('keeps what says what is wrong, ids of rows among it', () => {
    const reason = 'connect ECONNREFUSED 127.0.0.1:2525 (job 0197fa30-7e01-7c3a-9d55-0a1b2c3d4e5f)'
    expect(harmlessReason(reason)).toBe(reason)
  })
})
