import { neighbours } from '@headroom/perf-budgets/slo.ts'
import { describe, expect, it } from 'vitest'
import { fairness } from './fairness.ts'
import { percentile } from './truth/books.ts'

describe('an organisation beside one that has thousands of jobs', { timeout: 300_000 }, () => {
  it('waits for its own effects no longer than is promised', async () => {
    const { delays } = await fairness(5_000)
    expect(delays.length).toBeGreaterThan(10)
    expect(percentile(delays, 0.95)).toBeLessThanOrEqual(neighbours.effectDelayP95)
  })

  it('would wait as long as all of them take with a plain queue', async () => {
    const { delays, seconds } = await fairness(10_000, 'plain-queues')
    // Whatever this machine does in a second: as a share of the time that all took.
    expect(percentile(delays, 0.5) / 1_000).toBeGreaterThan(seconds / 5)
  })
})
