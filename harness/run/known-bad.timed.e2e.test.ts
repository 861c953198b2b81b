import { describe, expect, it } from 'vitest'
import type { Result } from '../judge/result.ts'
import { smoke } from '../test/smoke.ts'
import { steady } from '../test/steady.ts'

const late = 'GET /v1/projects/:projectId/tasks'
const delay = 900

describe('a run whose answers come late, or might', () => {
  it('fails, and names the route, when one route answers 900 ms late', async () => {
    await steady({
      measure: () =>
        // As many samples of every route as in the smoke test, in less time.
        smoke('--users', '120', '--duration', '45s', '--fault', `delay=task.list:${delay}`),
      expectations: ({ exitCode, result }) => {
        expect(exitCode).toBe(1)
        expect(result.verdict).toBe('fail')
        expect(brokenIn(result)).toContain(late)
        // No page asks that route. On a slow machine one may miss its limit, but none is late by what was added.
        const pages = result.routes.filter(({ route }) => route.startsWith('page '))
        expect(pages.length).toBeGreaterThan(0)
        expect(pages.filter(({ p50 }) => p50 >= delay).map(({ route }) => route)).toEqual([])
      },
      honest: ({ exitCode, result }) => {
        expect([exitCode, result.verdict]).toEqual([2, 'invalid'])
        expect(result.reasons.join()).toMatch(/other (processes|machines)/)
        expect(brokenIn(result)).toContain(late)
      },
    })
  })

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

const brokenIn = ({ evidence }: Result) => evidence.filter((limit) => !limit.passed).map(({ route }) => route)

function failsNoRequest({ routes }: Result, but: string[] = []): void {
  const failed = routes.flatMap(({ route, errors }) =>
    Object.keys(errors)
      .filter((kind) => !but.includes(kind))
      .map((kind) => `${route}: ${kind}`),
  )
  expect(failed).toEqual([])
}
