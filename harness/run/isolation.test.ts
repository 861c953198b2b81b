import { expect, it } from 'vitest'
import { interruption } from '../judge/invalid-reasons.ts'
import type { Plan } from '../plan/scenarios.ts'
import type { Result } from '../result/result.ts'
import { verifyLeakDetection } from './isolation.ts'

it('the search for seeded leaks ends with the run that somebody interrupts', async () => {
  let runs = 0
  const site = { origin: 'http://127.0.0.1', sessionSecret: '', stack: null }
  const { interrupted } = await verifyLeakDetection(
    {} as Plan,
    (_, use) => use(site),
    async () => ({ run: `${++runs}`, routes: [], reasons: [interruption] }) as unknown as Result,
    () => {},
  )
  expect([runs, interrupted?.run]).toEqual([1, '1'])
})
