import { describe, expect, it } from 'vitest'
import { behaviourOf } from './behaviours.ts'
import { type Books, type Entry, truthOf } from './books.ts'
import { type Comparison, compare, type Told } from './compare.ts'

const begin = 1_800_000_000_000
const noStall = { stalled: null }

/** Asked by the user of its number as it was due, and answered after so many milliseconds. */
const answered = (user: number, after: number, more: Partial<Entry> = {}): Entry => {
  const dueAt = begin + 10 * user
  const endedAt = dueAt + after
  return { user, dueAt, at: dueAt, how: 'answered', is: 'good', firstByteAt: endedAt, endedAt, ...more }
}
const hung = (user: number) =>
  answered(user, 0, { how: 'hung', is: 'timeout', firstByteAt: null, endedAt: null })
const wrongIn = ({ miscounted, mistimed }: Comparison) => [...miscounted, ...mistimed]
const plain = behaviourOf('constant')

describe('the books of a target', () => {
  const hundred = Array.from({ length: 100 }, (_, user) => answered(user, 1 + user))

  it('tell percentiles by nearest rank, from when steps were due', () => {
    const truth = truthOf({ entries: hundred, ...noStall }, plain)
    expect(truth).toMatchObject({
      requests: 100,
      errors: {},
      p50: 50,
      p95: 95,
      p99: 99,
      ttfbP95: 95,
      lateP99: 0,
    })
  })

  it('hold for a request that was never answered the patience of who asked', () => {
    const truth = truthOf(
      { entries: [...hundred.slice(0, 90), ...hundred.slice(90).map(({ user }) => hung(user))], ...noStall },
      plain,
    )
    expect(truth).toMatchObject({ requests: 100, errors: { timeout: 10 }, p50: 50, p95: 30_000, p99: 30_000 })
  })

  it('count what was repeated on the way once, as the error that its user met', () => {
    const again = answered(7, 30)
    const cut = answered(7, 5, { how: 'hung-up', is: 'connection', firstByteAt: null })
    const truth = truthOf({ entries: [answered(3, 10), cut, again], ...noStall }, plain)
    expect(truth).toMatchObject({ requests: 2, errors: { connection: 1 }, p99: 30 })
  })

  it('blame nobody for coming late while the target stood still, nor for a handshake that it delayed', () => {
    const stalled = { from: begin, to: begin + 3_000 }
    const waited = answered(50, 3_000, { at: begin + 3_010 })
    expect(truthOf({ entries: [waited], stalled }, plain).lateP99).toBe(10)
    expect(truthOf({ entries: [waited], ...noStall }, plain).lateP99).toBe(2_510)
    const shaken = answered(1, 230, { at: begin + 10 + 205 })
    expect(truthOf({ entries: [shaken], ...noStall }, behaviourOf('slow-handshake')).lateP99).toBe(5)
  })
})

describe('users', () => {
  /** They pause for 200 or 600 ms, and the target stands still from 5 s to 8 s. */
  const played = (dueOf: (dueAt: number, at: number) => number): Books => {
    const stalled = { from: begin + 5_000, to: begin + 8_000 }
    const entries = Array.from({ length: 60 }, (_, user) => {
      const ofUser: Entry[] = []
      for (let dueAt = begin + 7 * user, nth = user; dueAt < begin + 16_000; nth++) {
        const at = dueAt >= stalled.from && dueAt < stalled.to ? stalled.to : dueAt
        const endedAt = at + 10
        ofUser.push(answered(user, 0, { dueAt: dueOf(dueAt, at), at, firstByteAt: endedAt, endedAt }))
        dueAt = endedAt + (nth % 2 === 0 ? 200 : 600)
      }
      return ofUser
    }).flat()
    return { entries: entries.toSorted((a, b) => a.at - b.at), stalled }
  }
  const wrongOf = (books: Books) => {
    const truth = truthOf(books, plain)
    const wanted = { verdict: 'pass', users: 60, think: 400 } as const
    return wrongIn(compare({ ...truth, leaks: 0, verdict: 'pass', reasons: [] }, truth, wanted, 0))
  }

  it('pause for as long as they were asked to, whatever the target does', () => {
    expect(wrongOf(played((dueAt) => dueAt))).toEqual([])
  })

  it('seem to pause for longer when the generator calls due only what it could send', () => {
    expect(wrongOf(played((_, at) => at))).toEqual([
      expect.stringMatching(/^users paused for \d+\.\d ms .* asked 400 ms/),
    ])
  })
})

describe('what a generator tells', () => {
  const books: Books = {
    entries: [
      ...Array.from({ length: 190 }, (_, user) => answered(user, 100 + user)),
      ...Array.from({ length: 10 }, (_, k) => hung(190 + k)),
    ],
    stalled: null,
  }
  const truth = truthOf(books, plain)
  const wanted = { verdict: 'fail', users: 40, think: 400 } as const
  const honest: Told = { ...truth, leaks: 0, verdict: 'fail', reasons: [] }
  const wrongOf = (lie: Partial<Told>, booked = truth) =>
    wrongIn(compare({ ...honest, ...lie }, booked, wanted, 0))

  it('is right when it is true within 1% or 2 ms, whichever is more', () => {
    expect(wrongOf({})).toEqual([])
    expect(wrongOf({ p50: truth.p50 + 1.9, p95: truth.p95 * 1.009, p99: truth.p99 * 0.991 })).toEqual([])
  })

  it.each<[string, Partial<Told>, RegExp]>([
    ['a median that is 5% too high', { p50: truth.p50 * 1.05 }, /^p50: /],
    ['a 95th percentile that is 5% too low', { p95: truth.p95 * 0.95 }, /^p95: /],
    ['a 99th percentile that is 5% too low', { p99: truth.p99 * 0.95 }, /^p99: /],
    ['a first byte that is 5% too early', { ttfbP95: truth.ttfbP95 * 0.95 }, /^ttfbP95: /],
    ['a median that is 3 ms off', { p50: truth.p50 - 3 }, /^p50: /],
    ['a lost request', { requests: truth.requests - 1 }, /^requests: 199 told, 200 in truth/],
    ['a request that nobody made', { requests: truth.requests + 1 }, /^requests: /],
    ['a missing timeout', { errors: { timeout: 9 } }, /^timeout errors: 9 told, 10 in truth/],
    ['no errors at all', { errors: {} }, /^timeout errors: 0 told, 10 in truth/],
    [
      'an error that was none',
      { errors: { timeout: 10, connection: 1 } },
      /^connection errors: 1 told, 0 in truth/,
    ],
    ['a leak that was none', { leaks: 1 }, /^leaks: 1 told, 0 in truth/],
    ['another verdict', { verdict: 'pass' }, /^verdict: pass told, fail in truth/],
  ])('is wrong with %s', (_, lie, why) => {
    expect(wrongOf(lie)).toEqual([expect.stringMatching(why)])
  })

  it('is wrong when requests were held back, however true the rest is', () => {
    expect(wrongOf({}, { ...truth, lateP99: 150 })).toEqual([
      expect.stringMatching(/came 150.0 ms after they were due/),
    ])
  })

  it('may be later than the books by what the network takes', () => {
    const late = { ...honest, p50: truth.p50 + 2.4 }
    expect(wrongIn(compare(late, truth, wanted, 0.5))).toEqual([])
    for (const off of [-2.4, 2.6])
      expect(wrongIn(compare({ ...honest, p50: truth.p50 + off }, truth, wanted, 0.5))).toHaveLength(1)
  })

  it('is believed about requests that never came, and about nothing else', () => {
    const refused = { verdict: 'fail', users: 40, think: 400, unseen: 'connection' } as const
    const told: Told = { ...honest, requests: 260, errors: { timeout: 10, connection: 60 } }
    expect(wrongIn(compare(told, truth, refused, 0))).toEqual([])
    expect(
      wrongIn(compare({ ...told, errors: { timeout: 10, connection: 5 }, requests: 205 }, truth, refused, 0)),
    ).toEqual([expect.stringMatching(/^connection errors: 5 told, at least 40 in truth/)])
    expect(wrongIn(compare({ ...told, errors: { timeout: 70 } }, truth, refused, 0))).not.toEqual([])
    expect(wrongIn(compare({ ...told, requests: 259 }, truth, refused, 0))).toEqual([
      expect.stringMatching(/^requests: /),
    ])
  })
})
