import { describe, expect, it } from 'vitest'
import {
  lengthOf,
  presentFrom,
  requestsPerStep,
  stageAt,
  stagesOf,
  stretchAt,
  usersAt,
  vusFor,
  workloads,
} from './workloads.ts'

describe('the stages of a run', () => {
  const spike = stagesOf({ users: 500, ramp: 10_000, duration: 60_000, shape: 'spike' })

  it.each(Object.entries(workloads))(
    'of %s judge something, and never more users than asked for',
    (_, workload) => {
      const stages = stagesOf(workload)
      expect(stages.some(({ judged }) => judged !== 'none')).toBe(true)
      expect(Math.max(...stages.map(({ users }) => users))).toBe(workload.users)
      expect(new Set(stages.map(({ phase }) => phase)).size).toBe(stages.length)
    },
  )

  it.each(Object.entries(workloads))(
    'of %s last long enough for samples of every route, where routes are judged by their times',
    (_, { think, shape, ...workload }) => {
      // A noisy tenant is not judged by routes.
      const timed = stagesOf({ shape, ...workload }).filter(
        ({ judged }) => judged === 'all' && shape !== 'noisy-tenant',
      )
      // The rarest routes of the journeys are one in a hundred, and 20 samples are the least (perf-budgets/slo.ts).
      for (const { users, duration } of timed)
        expect((requestsPerStep * users * duration) / think).toBeGreaterThan(2_600)
    },
  )

  it('lead in straight lines from one number of users to the next', () => {
    expect(usersAt(spike, 5_000)).toBe(50)
    expect(usersAt(spike, 20_000)).toBe(100)
    // Half-way through the rush of 5 s from 100 to 500.
    expect(usersAt(spike, 27_500)).toBe(300)
    expect(usersAt(spike, lengthOf(spike))).toBe(100)
    expect(stageAt(spike, 36_000)?.phase).toBe('spike')
    expect(stageAt(spike, lengthOf(spike))).toBeNull()
  })

  it('are found with their bounds, and with the users that do not change in them', () => {
    for (let time = 0; time < lengthOf(spike); time += 500) {
      const { from, to, stage, users } = stretchAt(spike, time)
      expect([stage, from <= time && time < to]).toEqual([stageAt(spike, time), true])
      if (users !== null) expect([usersAt(spike, from), usersAt(spike, to - 1)]).toEqual([users, users])
    }
    expect(stretchAt(spike, 20_000).users).toBe(100)
    expect(stretchAt(spike, 27_500).users).toBeNull()
    const after = lengthOf(spike) + 1
    expect(stretchAt(spike, after)).toEqual({
      from: lengthOf(spike),
      to: Number.POSITIVE_INFINITY,
      stage: null,
      users: null,
    })
  })

  it('tell when a user comes, when one who left comes back, and who does not', () => {
    expect(presentFrom(spike, 50, 0)).toBe(5_000)
    // Already there.
    expect(presentFrom(spike, 50, 12_345)).toBe(12_345)
    const comes = presentFrom(spike, 300, 0) as number
    expect(usersAt(spike, comes)).toBeCloseTo(300)
    // After the spike nobody needs the 300th again.
    expect(presentFrom(spike, 300, 60_000)).toBeNull()
    expect(presentFrom(spike, 700, 0)).toBeNull()
  })

  it('are played by as many VUs as there are shards, at least, and by as many in each', () => {
    expect([vusFor(100), vusFor(100, 3), vusFor(100_000), vusFor(100_000, 2)]).toEqual([1, 3, 4, 4])
    expect([vusFor(100_000, 3), vusFor(1_000_000, 2), vusFor(1_000_000, 3)]).toEqual([6, 40, 42])
  })
})
