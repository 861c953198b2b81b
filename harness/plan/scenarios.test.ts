import { stagesOf } from '@headroom/loadtests/wire/workloads.ts'
import { describe, expect, it } from 'vitest'
import { judgedTimes, stagesUntil } from './scenarios.ts'

const stages = stagesOf({ users: 100, ramp: 10_000, duration: 60_000, shape: 'steady' })
const startedAt = 1_700_000_000_000

describe('the times of a run', () => {
  it('are those of its stages when it was played to its end, however long its last answers took', () => {
    expect(judgedTimes(stages, startedAt, startedAt + 101_000)).toEqual({
      from: startedAt + 10_000,
      to: startedAt + 70_000,
      judgedMs: 60_000,
      playedMs: 70_000,
    })
  })

  it('are as long as it was played when somebody ended it', () => {
    const times = judgedTimes(stages, startedAt, startedAt + 25_000)
    expect(times).toMatchObject({ to: startedAt + 25_000, judgedMs: 15_000, playedMs: 25_000 })
    expect(stagesUntil(stages, times.playedMs).map(({ duration }) => duration)).toEqual([10_000, 15_000])
  })

  it('are nothing when it ended before anything was judged', () => {
    expect(judgedTimes(stages, startedAt, startedAt + 4_000)).toMatchObject({ judgedMs: 0, playedMs: 4_000 })
    expect(judgedTimes(stages, null, startedAt)).toMatchObject({ judgedMs: 0, playedMs: 0 })
  })
})
