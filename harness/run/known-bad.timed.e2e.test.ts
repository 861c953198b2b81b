import { describe, expect, it } from 'vitest'
import { smoke } from '../test/smoke.ts'

describe('a run whose answers come late, or might', () => {
  it('fails, and names the route, when one route answers 900 ms late', async () => {
    const { exitCode, result } = await smoke(
      // As many samples of every route as in the smoke test, in less time.
      ...['--users', '120', '--duration', '45s', '--fault', 'delay=task.list:900'],
    )
    expect(exitCode).toBe(1)
    expect(result.verdict).toBe('fail')
    const broken = result.evidence.filter((limit) => !limit.passed).map((limit) => limit.route)
    expect(broken).toContain('GET /v1/projects/:projectId/tasks')
    expect(broken.some((route) => route?.startsWith('page '))).toBe(false)
  })

  it('fails no request when two processes of each serve, and one of each is deployed anew meanwhile', async () => {
    const { result } = await smoke(
      // Starting a process of Next takes a core for seconds: what is asked meanwhile must be few of all.
      ...['--web', '2', '--api', '2', '--users', '60', '--duration', '80s'],
      ...['--fault', 'restart=api-1@15%', '--fault', 'restart=web-2@40%'],
    )
    // How late answers are while Next starts beside them is this machine's matter.
    expect(result.reasons.filter((reason) => !/: TTFB p95 \d/.test(reason))).toEqual([])
    expect(result.verdict).not.toBe('invalid')
    const failed = result.routes.filter(({ errors }) => Object.keys(errors).length > 0)
    expect(failed.map(({ route, errors }) => ({ route, errors }))).toEqual([])
    expect(result.totals).toMatchObject({ errors: 0 })
    expect(result.totals.requests).toBeGreaterThan(500)
  })
})
