import { describe, expect, it } from 'vitest'
import type { Result } from '../result/result.ts'
import { smoke } from '../test/smoke.ts'
import { steady } from '../test/steady.ts'

describe('a deployment while people work', () => {
  it('fails no request when two processes of each serve, and one of each is deployed anew meanwhile', async () => {
    await steady({
      measure: () =>
        smoke(
          // Starting a process of Next takes a core for seconds: what is asked meanwhile must be few of all.
          ...['--web', '2', '--api', '2', '--users', '60', '--duration', '80s'],
          ...['--fault', 'restart=api-1@15%', '--fault', 'restart=web-2@40%'],
        ),
      expectations: ({ result }) => {
        // How late answers are while Next starts beside them is this machine's matter.
        expect(result.reasons.filter((reason) => !/: (TTFB|whole answer) p95 \d/.test(reason))).toEqual([])
        expect(result.verdict).not.toBe('invalid')
        failsNoRequest(result)
        expect(result.totals.requests).toBeGreaterThan(500)
      },
      // However late: nobody is refused, and nobody gets a wrong answer.
      honest: ({ result }) => {
        expect(result.verdict).toBe('invalid')
        expect(result.reasons.join()).toMatch(/other (processes|machines)/)
        failsNoRequest(result, ['timeout'])
      },
    })
  })
})

function failsNoRequest({ routes }: Result, but: string[] = []): void {
  const failed = routes.flatMap(({ route, errors }) =>
    Object.keys(errors)
      .filter((kind) => !but.includes(kind))
      .map((kind) => `${route}: ${kind}`),
  )
  expect(failed).toEqual([])
}
