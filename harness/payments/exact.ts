import type { Evidence } from '../result/evidence.ts'

/** So many are named of what is wrong. */
const named = 2

/** Evidence of which nothing may be wrong, however little. */
export const exact = (
  limit: string,
  wrong: readonly string[],
  samples: number,
  samplesOf: string,
): Evidence => ({
  limit,
  where: {},
  operator: '=',
  expected: 0,
  actual: wrong.length,
  unit: 'count',
  samples,
  samplesOf,
  passed: wrong.length === 0,
  isTimeless: true,
  examples: wrong.slice(0, named),
})
