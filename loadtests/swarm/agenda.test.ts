import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Agenda, slotWidthMsFor } from './agenda.ts'
import { thinkTime } from './think.ts'

const seconds = 60

/** Users who ask, wait and think, with a clock that is never late: what is left of lateness is the rule's own. */
async function play(users: number, think: number, answerAfter: (now: number) => number = () => 3) {
  const started = Date.now()
  const agenda = new Agenda({ now: Date.now, setTimeout, clearTimeout }, slotWidthMsFor(think))
  let steps = 0
  let mostLate = 0
  const pauses: { asked: number; played: number }[] = []
  let random = 7
  const draw = () => {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31
    return random / 2 ** 31
  }
  const rest = (row: number, pause: number) => {
    const now = Date.now()
    pauses.push({ asked: pause, played: agenda.add(row, now + pause, now) - now })
  }
  for (let row = 0; row < users; row++) rest(row, draw() * think)
  pauses.length = 0
  let nextMessage = started + 1_000
  const played = agenda.run(started + seconds * 1_000, {
    onRound(now) {
      if (now >= nextMessage) nextMessage += 1_000
      return nextMessage
    },
    onDue(row, dueAt) {
      steps++
      mostLate = Math.max(mostLate, Date.now() - dueAt)
      setTimeout(() => rest(row, thinkTime(think, draw(), draw())), answerAfter(Date.now() - started))
    },
  })
  await vi.advanceTimersByTimeAsync(seconds * 1_000)
  await played
  const mean = (of: 'asked' | 'played') => pauses.reduce((sum, pause) => sum + pause[of], 0) / pauses.length
  return { steps, mostLate, asked: mean('asked'), played: mean('played') }
}

describe('who is due', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }))
  afterEach(() => void vi.useRealTimers())

  it.each([
    [1, 300],
    [1, 5_000],
    [3, 1_000],
    [5, 300],
    [8, 250],
    [60, 1_000],
    [80, 2_500],
    [25_000, 60_000],
  ])('is never late by the rule that wakes them: %d users who think %d ms', async (users, think) => {
    const { steps, mostLate } = await play(users, think)
    expect(steps).toBeGreaterThan((users * seconds * 1_000) / think / 3)
    expect(mostLate).toBe(0)
  })

  it('is never late when answers are slow, or all come at once after a stall', async () => {
    const slow = await play(40, 500, () => 1_740)
    expect(slow.mostLate).toBe(0)
    const stalled = await play(40, 500, (now) => (now > 20_000 && now < 23_000 ? 23_000 - now : 10))
    expect(stalled.mostLate).toBe(0)
  })

  it.each([20, 300, 1_000, 60_000])('thinks as long as asked on average: %d ms', async (think) => {
    const { asked, played } = await play(200, think)
    expect(Math.abs(played - asked)).toBeLessThan(Math.max(0.75, think * 0.005))
  })

  it('is not forgotten when they are due again in the slot that is being played', async () => {
    const started = Date.now()
    const agenda = new Agenda({ now: Date.now, setTimeout, clearTimeout }, 100)
    let played = 0
    const end = agenda.run(started + 10_000, {
      onRound: (now) => now + 1_000,
      onDue: (row, dueAt) => {
        played++
        agenda.add(row, dueAt + 10, dueAt)
      },
    })
    agenda.add(0, started + 50, started)
    await vi.advanceTimersByTimeAsync(10_000)
    await end
    expect(played).toBeGreaterThan(95)
  })

  it('is woken for a second time by whoever is due earlier still', async () => {
    const agenda = new Agenda({ now: Date.now, setTimeout, clearTimeout }, 1)
    const started = Date.now()
    const seen: [number, number][] = []
    const played = agenda.run(started + 1_000, {
      onRound: () => started + 1_000,
      onDue: (row) => void seen.push([row, Date.now() - started]),
    })
    agenda.add(1, started + 800, started)
    agenda.add(2, started + 500, started)
    agenda.add(3, started + 200, started)
    await vi.advanceTimersByTimeAsync(1_000)
    await played
    expect(seen).toEqual([
      [3, 200],
      [2, 500],
      [1, 800],
    ])
  })
})
