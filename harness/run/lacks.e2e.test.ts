import { defaultPopulation } from '@headroom/fixtures/population.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routesWithout } from '../plan/lacks.ts'
import { partNames, type Stack, startStack } from '../stack/stack.ts'
import { loadtest } from '../test/smoke.ts'

const needing = [...routesWithout('subscriptions'), ...routesWithout('files')]
const short = ['--users', '40', '--think', '500ms', '--ramp', '1s', '--duration', '25s']

describe('the tour of a deployment that was seeded, and has neither payments nor an object store', () => {
  const inherited = { ...process.env }
  let stack: Stack
  beforeAll(async () => {
    // What the run itself stands on is not to be used here.
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'S3_ENDPOINT', 'STRIPE_SECRET_KEY'])
      delete process.env[name]
    stack = await startStack({
      population: defaultPopulation,
      parts: partNames.filter((name) => name !== 'payments' && name !== 'store'),
    })
    process.env.HEADROOM_SESSION_SECRET = stack.sessionSecret
  }, 600_000)
  afterAll(async () => {
    delete process.env.HEADROOM_SESSION_SECRET
    Object.assign(process.env, inherited)
    await stack?.stop()
  })

  it('asks all else, fails nothing of it, and names what it did not ask', async () => {
    const { result } = await loadtest('routes', '--target', stack.origin, ...short)
    const asked = new Set(result.routes.map(({ route }) => route))
    expect(needing.filter((route) => asked.has(route))).toEqual([])
    expect(asked.has('GET /v1/billing') && asked.has('trpc file.list')).toBe(true)
    expect(result.examples.filter((example) => example.class === '4xx')).toEqual([])
    expect(result.reasons.join()).not.toMatch(/billing\/portal|billing\.preview|upload/)
    expect(result.notWatched).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^POST \/v1\/billing\/portal, .*: not asked .* no subscription$/),
        expect.stringMatching(
          /POST \/v1\/tasks\/:taskId\/uploads, .*: not asked .* no object store behind its own origin$/,
        ),
      ]),
    )
  }, 180_000)
})
