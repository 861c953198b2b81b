import { intake } from '@headroom/perf-budgets/slo.ts'
import { describe, expect, it } from 'vitest'
import { type Stack, startStack } from '../stack/stack.ts'
import { steady } from '../test/steady.ts'
import { intakeTimes, inWords, webhookSecret } from './intake.ts'

describe('the intake of Stripe’s events', () => {
  const events = 400
  async function withApi<T>(work: (stack: Stack) => Promise<T>, faults = ''): Promise<T> {
    const env = { STRIPE_WEBHOOK_SECRETS: webhookSecret }
    const stack = await startStack({ parts: ['postgres', 'redis', 'api'], env, faults })
    return work(stack).finally(() => stack.stop())
  }

  it('answers within its limit', () =>
    withApi((stack) =>
      steady({
        measure: () => intakeTimes(stack, events),
        expectations: (taken) => {
          console.log(`an event of Stripe is taken in: ${inWords(taken)}`)
          expect(taken.p95).toBeLessThanOrEqual(intake.serverTimeP95)
        },
        // Waiting for a processor that others use is no time of the server's.
        honest: ({ cpu }) => expect(cpu).toBeLessThanOrEqual(intake.serverTimeP95),
      }),
    ))

  it('would be seen beyond it', () =>
    withApi(async (stack) => {
      const { p95, cpu } = await intakeTimes(stack, events / 10)
      expect(cpu).toBeGreaterThan(intake.serverTimeP95)
      expect(p95).toBeGreaterThan(intake.serverTimeP95)
    }, 'slow=5000'))
})
