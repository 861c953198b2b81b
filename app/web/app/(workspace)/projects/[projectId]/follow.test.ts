import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Columns } from './columns.ts'
import { type Ended, followBoard } from './follow.ts'

/** As a browser's: it is closed by an answer that refuses it, and comes back by itself after one that broke. */
class Stream extends EventTarget {
  readonly CLOSED = 2
  readyState = 0
  open() {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }
  refuse() {
    this.readyState = this.CLOSED
    this.dispatchEvent(new Event('error'))
  }
  breakOff() {
    this.readyState = 0
    this.dispatchEvent(new Event('error'))
  }
  close() {
    this.readyState = this.CLOSED
  }
}

const empty: Columns = [{ status: 'todo', total: 0, tasks: [] }]

describe('a board that is followed', () => {
  let streams: Stream[]
  let ended: Ended[]
  let live: boolean[]
  let shown: Columns[]
  let status: number | Error
  let board: () => Promise<Columns>
  let stop: () => void

  const last = () => streams.at(-1) as Stream
  const follow = () =>
    followBoard(
      'p',
      {
        onLive: (isLive) => live.push(isLive),
        onChange: (change) => shown.push(change(empty)),
        onEnd: (reason) => ended.push(reason),
      },
      {
        stream: () => {
          streams.push(new Stream())
          return last() as unknown as EventSource
        },
        statusOf: async () => {
          if (typeof status === 'number') return status
          throw status
        },
        board: () => board(),
      },
    )

  beforeEach(() => {
    vi.useFakeTimers()
    vi.spyOn(performance, 'now').mockReturnValue(1_000)
    ;[streams, ended, live, shown, status] = [[], [], [], [], 503]
    board = async () => empty
    stop = follow()
  })
  afterEach(() => {
    stop()
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
  /** Longer than it waits before it asks again. */
  const later = () => vi.advanceTimersByTimeAsync(60_000)

  it.each([
    [401, 'signedOut'],
    [403, 'gone'],
    [404, 'gone'],
  ] as const)('asks no more when its stream is refused with %s, and says so', async (answer, reason) => {
    status = answer
    last().refuse()
    await later()
    await later()
    expect([streams.length, ended]).toEqual([1, [reason]])
  })

  it.each([
    [401, 'signedOut'],
    [403, 'gone'],
    [404, 'gone'],
  ] as const)('asks no more when the board is refused with %s after a break', async (answer, reason) => {
    last().open()
    await later()
    last().breakOff()
    board = () => Promise.reject(Object.assign(new Error('refused'), { data: { httpStatus: answer } }))
    last().open()
    await later()
    expect([streams.length, ended]).toEqual([1, [reason]])
    expect([last().readyState, live.at(-1)]).toEqual([2, false])
  })

  it.each([429, 503, 200, new Error('no network')])('asks again after %s', async (answer) => {
    status = answer
    last().refuse()
    await later()
    expect([streams.length, ended]).toEqual([2, []])
    last().open()
    await later()
    expect(live.at(-1)).toBe(true)
  })

  it('asks again where the board could not be read for the moment, each time later', async () => {
    last().open()
    await vi.advanceTimersByTimeAsync(1)
    board = () => Promise.reject(new Error('no network'))
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    last().breakOff()
    for (const [pause, opened] of [2_000, 4_000, 8_000].map((ms, n) => [ms, n + 2] as const)) {
      last().open()
      await vi.advanceTimersByTimeAsync(pause - 1)
      expect([streams.length, live.at(-1)]).toEqual([opened - 1, false])
      await vi.advanceTimersByTimeAsync(1)
      expect(streams.length).toBe(opened)
    }
    board = async () => [{ status: 'done', total: 0, tasks: [] }]
    last().open()
    await vi.advanceTimersByTimeAsync(1)
    expect(shown).toEqual([[{ status: 'done', total: 0, tasks: [] }]])
  })

  it('asks again once where both its stream and the board were refused', async () => {
    last().open()
    await vi.advanceTimersByTimeAsync(1)
    last().breakOff()
    board = () => Promise.reject(new Error('no network'))
    last().open()
    last().refuse()
    await later()
    expect(streams.length).toBe(2)
  })

  it('asks nothing after it was told to stop', async () => {
    last().refuse()
    stop()
    await later()
    expect([streams.length, ended]).toEqual([1, []])
  })
})
