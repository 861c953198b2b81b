import { effects } from '@headroom/perf-budgets/slo.ts'
import { describe, expect, it } from 'vitest'
import { effectEvidence } from './conclude.ts'

describe('what writes bring about later', () => {
  const good = { count: 500, delayP95Ms: 300, oldestWaitingMs: 0 }

  it('holds while the workers keep up', () => {
    expect(effectEvidence(good)).toMatchObject([{ passed: true, samples: 500 }, { passed: true }])
  })

  it('is broken when it comes late, or when nobody takes it up', () => {
    const late = effectEvidence({ ...good, delayP95Ms: effects.delayP95 })
    expect(late.map(({ passed }) => passed)).toEqual([false, true])
    const stuck = effectEvidence({ ...good, oldestWaitingMs: effects.oldestWaiting })
    expect(stuck.map(({ passed }) => passed)).toEqual([true, false])
  })

  it('is not judged where hardly anything was written, or nobody could watch', () => {
    expect(effectEvidence({ ...good, count: 3 })).toEqual([])
    expect(effectEvidence({ count: 0, delayP95Ms: null, oldestWaitingMs: null })).toEqual([])
  })
})
