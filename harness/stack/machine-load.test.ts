import { describe, expect, it } from 'vitest'
import { busyIn, usedBetween } from './machine-load.ts'
import type { ProcessRow } from './usage.ts'

const row = (pid: number, parent: number, cpuSeconds: number, endedSeconds = 0): [string, ProcessRow] => [
  `${pid} 1`,
  {
    pid,
    parent,
    session: pid,
    startedAt: '1',
    name: 'x',
    isKernel: false,
    rssBytes: 0,
    cpuSeconds,
    endedSeconds,
  },
]
const usedOf = (before: [string, ProcessRow][], now: [string, ProcessRow][]) =>
  Object.fromEntries(usedBetween(new Map(before), new Map(now)))

describe('CPU time from one look to the next', () => {
  it('is what each process used since, all of it of one that is new', () => {
    expect(usedOf([row(1, 0, 5)], [row(1, 0, 7), row(2, 1, 0.5)])).toEqual({ '1 1': 2, '2 1': 0.5 })
  })

  it('holds children that came and ended in between, in their parent', () => {
    expect(usedOf([row(1, 0, 5)], [row(1, 0, 6, 0.75)])).toEqual({ '1 1': 1 })
  })

  it('does not count a child’s old time once more when it ends', () => {
    const before = [row(1, 0, 5), row(2, 1, 40)]
    expect(usedOf(before, [row(1, 0, 45.5, 40.25)])).toEqual({ '1 1': 0.5 })
    // Also through a parent that ended with it.
    expect(usedOf([...before, row(3, 2, 7)], [row(1, 0, 52.5, 47.25)])).toEqual({ '1 1': 0.5 })
  })

  it('is never negative where a parent does not wait for its children', () => {
    expect(usedOf([row(1, 0, 5), row(2, 1, 40)], [row(1, 0, 5.5)])).toEqual({ '1 1': 0.5 })
  })
})

describe('what the machine was busy with', () => {
  it('is user, nice and system, without interrupts; steal is apart', () => {
    expect(busyIn('cpu  1000 20 300 9000 50 70 80 600 0 0\ncpu0 1 1 1 1\n', 100)).toEqual({
      busy: 13.2,
      steal: 6,
    })
    expect(busyIn('cpu  1000 20 300 9000\n', 100)).toEqual({ busy: 13.2, steal: null })
    expect(busyIn('', 100)).toBeNull()
  })
})
