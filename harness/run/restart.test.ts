import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { nothing } from '../collect/collector.ts'
import { planOf } from '../plan/plan.ts'
import type { Crash, Stack } from '../stack/stack.ts'
import { startFaults } from './run.ts'

/** @param endsAfter when the generator ends, in ms; the restart fails after 60 */
async function crashesOfRestart(endsAfter: number): Promise<Crash[]> {
  const restart = () => sleep(60).then(() => Promise.reject(new Error('api ended while starting')))
  const crashes: Crash[] = []
  const generator = {
    signal() {},
    exited: sleep(endsAfter).then(() => ({ code: 0, lastLines: '', errors: [] })),
  }
  startFaults(
    {
      faults: [{ kind: 'restart', part: 'api', at: 0 }],
      stack: { restart } as unknown as Stack,
      plan: await planOf('smoke', { seed: 1, shards: 1 }),
    },
    generator,
    { ...nothing(), startedAt: Date.now() - 3_600_000 },
    (crash) => crashes.push(crash),
  )
  await sleep(250)
  return crashes
}

it('a restart that fails in the run is an end of that part, and not of the harness', async () => {
  expect(await crashesOfRestart(10_000)).toEqual([
    { part: 'api', code: null, signal: 'its restart failed', lastLines: 'api ended while starting' },
  ])
})

it('a restart that fails because the run ends is nothing', async () => {
  expect(await crashesOfRestart(20)).toEqual([])
})
