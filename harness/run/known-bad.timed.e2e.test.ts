import { describe, expect, it } from 'vitest'
import type { Result } from '../result/result.ts'
import { smoke } from '../test/smoke.ts'
import { steady } from '../test/steady.ts'

const late = 'GET /v1/projects/:projectId/tasks'
const delay = 900

describe('a run whose answers come late', () => {
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
})

const brokenIn = ({ evidence }: Result) =>
  evidence.filter((limit) => !limit.passed).map(({ where }) => where.route)
