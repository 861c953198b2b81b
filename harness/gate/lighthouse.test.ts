import { judgePairs } from '@headroom/perf-budgets/gate/judge.ts'
import { gate } from '@headroom/perf-budgets/slo.ts'
import { describe, expect, it } from 'vitest'
import { metricsOfAudits } from './lighthouse.ts'

describe('what Lighthouse timed of both sides', () => {
  const name = 'TBT of /dashboard'
  const audited = (times: (pair: number) => { base: number; head: number }) =>
    metricsOfAudits(
      Array.from({ length: 20 }, (_, pair) => {
        const { base, head } = times(pair)
        return { base: new Map([[name, base]]), head: new Map([[name, head]]) }
      }),
    )
  const callOf = (times: Parameters<typeof audited>[0]) => judgePairs(audited(times), gate).findings[0]?.call

  it('is worse when a page that blocked nobody begins to block', () => {
    expect(callOf((pair) => ({ base: 0, head: 180 + pair }))).toBe('worse')
  })

  it('is fine when neither blocks, or a few milliseconds now and then', () => {
    expect(callOf(() => ({ base: 0, head: 0 }))).toBe('fine')
    expect(callOf((pair) => ({ base: 0, head: pair % 2 === 0 ? 4 : 0 }))).toBe('fine')
  })

  it('leaves out what one side did not tell', () => {
    const metrics = metricsOfAudits([
      { base: new Map([[name, 80]]), head: new Map() },
      { base: new Map([[name, 80]]), head: new Map([[name, 90]]) },
    ])
    expect(metrics.map(({ pairs }) => pairs)).toEqual([[{ base: 80, head: 90 }]])
  })
})
