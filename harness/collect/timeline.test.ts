import { bucketOf } from '@headroom/loadtests/wire/histogram.ts'
import type { Message } from '@headroom/loadtests/wire/message.ts'
import { describe, expect, it } from 'vitest'
import { emptyIncrement, emptyMessage } from './testing/message.ts'
import { firstBreak, Timeline } from './timeline.ts'

const route = 'GET /v1/me'
const limitOf = () => 300

function message(ttfb: number, users: number, window: number, samples = 30): Message {
  const times = Array<number>(samples).fill(bucketOf(ttfb))
  return {
    ...emptyMessage,
    activeUsers: users,
    routes: [
      {
        ...emptyIncrement,
        route,
        phase: 'ramp',
        window,
        latency: times,
        ttfb: times,
        over: { ttfb: ttfb < 300 ? 0 : samples, latency: 0 },
      },
    ],
  }
}

const timelineOf = (...ttfbs: number[]) => {
  const timeline = new Timeline(60_000)
  for (const [index, ttfb] of ttfbs.entries())
    timeline.add(message(ttfb, 100 * (index + 1), index), index * 5_000)
  timeline.close()
  return timeline
}

describe('where it broke first', () => {
  it('is the first window over a limit, with its users, its route and its rate', () => {
    expect(firstBreak(timelineOf(20, 40, 500, 900), limitOf)).toMatchObject({
      at: 10_000,
      users: 300,
      route,
      limit: 300,
      requestsPerSecond: 6,
      ttfbP95: expect.closeTo(500, -1),
    })
  })

  it('is known however late the last answers come that were due then', () => {
    const timeline = new Timeline(300_000)
    timeline.add(message(20, 100, 0), 1_000)
    // Somebody waited for an answer as long as anybody does, and the message took its time.
    timeline.add(message(30_000, 100, 1), 10_000 + 30_000 + 10_000)
    timeline.add(message(30_000, 100, 2), 15_000 + 30_000 + 10_000)
    timeline.close()
    expect(timeline.windows.map(({ at, requests }) => [at, requests])).toContainEqual([5_000, 30])
    expect(firstBreak(timeline, limitOf)).toMatchObject({ at: 5_000 })
  })

  it('is not changed by what is told of a window that is closed long since', () => {
    const timeline = new Timeline(300_000)
    for (let second = 0; second < 90; second++)
      timeline.add(message(second < 20 ? 20 : 500, 100, Math.floor(second / 5)), second * 1_000)
    timeline.add(message(20, 100, 0), 90_000)
    timeline.close()
    const times = timeline.windows.map(({ at }) => at)
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
    expect(firstBreak(timeline, limitOf)).toMatchObject({ at: 20_000 })
  })

  it('is by what was counted above the limit, not by a bucket that lies across it', () => {
    expect(firstBreak(timelineOf(299.9, 299.9, 299.9), limitOf)).toBeNull()
  })

  it('is nowhere when nothing broke, or only for a moment', () => {
    expect(firstBreak(timelineOf(20, 40, 60), limitOf)).toBeNull()
    expect(firstBreak(timelineOf(20, 500, 60, 20), limitOf)).toBeNull()
  })

  it('is nowhere in a window with too few requests', () => {
    const timeline = new Timeline(60_000)
    for (const window of [0, 1]) timeline.add(message(900, 10, window, 19), window * 5_000)
    timeline.close()
    expect(firstBreak(timeline, limitOf)).toBeNull()
  })

  it('is when the slow answers were due, not when they came', () => {
    const timeline = new Timeline(60_000)
    for (const [window, users] of [100, 200, 300, 400].entries())
      timeline.add(message(20, users, window), window * 5_000)
    // What was due in the second window, and took half a minute.
    for (const window of [1, 2]) timeline.add(message(30_000, 500, window), 35_000 + window * 5_000)
    timeline.close()
    expect(firstBreak(timeline, limitOf)).toMatchObject({ at: 5_000, users: 200 })
  })

  it('needs as many windows for a long run as for a short one', () => {
    expect(new Timeline(3_600_000).width).toBe(15_000)
  })
})
