import { describe, expect, it } from 'vitest'
import { assertAlike, GateInvalid } from './sides.ts'

describe('the two sides', () => {
  it('are alike when both are as near, and nothing is compared when one is not', () => {
    for (const [base, head] of [
      [0.1, 1.9],
      [40, 55],
    ] as const)
      expect(() => assertAlike(base, head)).not.toThrow()
    expect(() => assertAlike(30, 1)).toThrow(
      new GateInvalid('base is 30.0 ms away and head 1.0 ms: run the gate where both are as near'),
    )
  })
})
