import type { Evidence } from '../result/result.ts'

/** So many are named of what is wrong. */
const named = 2

/** Evidence of which nothing may be wrong, however little. */
export const exact = (
  limit: string,
  wrong: readonly string[],
  samples: number,
  [what, of]: [what: string, of: string],
): Evidence => ({
  limit,
  samples,
  wanted: `0 ${what}`,
  passed: wrong.length === 0,
  isTimeless: true,
  measured: [
    `${wrong.length} of ${samples} ${of}`,
    ...(wrong.length > 0 ? [`, such as ${wrong.slice(0, named).join('; ')}`] : []),
  ].join(''),
})
