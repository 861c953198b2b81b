import { unit } from '@headroom/fixtures/random.ts'
import { describe, expect, it } from 'vitest'
import { interruption } from '../judge/invalid-reasons.ts'
import type { Plan } from '../plan/scenarios.ts'
import type { Result } from '../result/result.ts'
import { measureCapacity } from './measure.ts'
import { nearest, preferredUpTo } from './preferred.ts'
import { type Probe, search } from './search.ts'

const options = { start: 1_000, most: 100_000, confirmations: 3 }
const probeOf =
  (verdict: (users: number) => Probe['verdict']) =>
  async (users: number): Promise<Probe> => ({
    users,
    verdict: verdict(users),
    stepsPerSecond: users / 60,
    why: 'said nothing',
  })

describe('the search for capacity', () => {
  it.each([700, 1_000, 3_333, 5_050, 47_000])(
    'brackets a limit at %i users, and confirms it',
    async (limit) => {
      const found = await search({
        ...options,
        probe: probeOf((users) => (users <= limit ? 'pass' : 'fail')),
      })
      expect(found).toMatchObject({ confirmed: true, invalid: null })
      expect(found.lastPass).toBeLessThanOrEqual(limit)
      expect(found.firstFail).toBeGreaterThan(limit)
      expect((found.firstFail as number) / found.lastPass).toBeLessThan(1.13)
      expect(found.probes.slice(-3).map(({ users }) => users)).toEqual(Array(3).fill(found.lastPass))
    },
  )

  it('says that the population was not enough to break it', async () => {
    const found = await search({ ...options, most: 5_000, probe: probeOf(() => 'pass') })
    expect(found).toMatchObject({ lastPass: 5_000, firstFail: null, confirmed: true })
  })

  it('steps back from one that held once and then did not', async () => {
    const tries = new Map<number, number>()
    const found = await search({
      ...options,
      probe: probeOf((users) => {
        const turn = (tries.get(users) ?? 0) + 1
        tries.set(users, turn)
        return users <= 3_000 || (users <= 4_000 && turn === 1) ? 'pass' : 'fail'
      }),
    })
    expect(found.confirmed).toBe(true)
    expect(found.lastPass).toBeLessThanOrEqual(3_000)
    expect(found.firstFail).toBeLessThanOrEqual(4_000)
  })

  it('does not believe one bad moment, at the start or later', async () => {
    for (const badTurn of [1, 3]) {
      let turn = 0
      const found = await search({
        ...options,
        probe: probeOf((users) => (++turn === badTurn || users > 3_300 ? 'fail' : 'pass')),
      })
      expect(found).toMatchObject({ confirmed: true, invalid: null })
      expect(found.lastPass).toBeLessThanOrEqual(3_300)
      expect(found.firstFail).toBeGreaterThan(3_300)
      const atTheEnd = found.probes.filter(({ users }) => users === found.firstFail)
      expect(atTheEnd.filter(({ verdict }) => verdict === 'fail').length).toBeGreaterThanOrEqual(2)
    }
  })

  it('has no answer when a run says nothing twice, and goes on when it does so once', async () => {
    let asked = 0
    const once = await search({
      ...options,
      probe: probeOf((users) => (asked++ === 1 ? 'invalid' : users <= 3_000 ? 'pass' : 'fail')),
    })
    expect(once).toMatchObject({ confirmed: true, invalid: null })
    const never = await search({ ...options, probe: probeOf(() => 'invalid') })
    expect(never).toMatchObject({ lastPass: 0, confirmed: false, invalid: expect.stringContaining('twice') })
  })

  it('ends when somebody ends one of its runs', async () => {
    let runs = 0
    const found = await search({
      ...options,
      probe: async (users) => {
        runs++
        return {
          users,
          verdict: 'invalid',
          stepsPerSecond: 0,
          why: 'the run was interrupted',
          interrupted: true,
        }
      },
    })
    expect(runs).toBe(1)
    expect(found).toMatchObject({ confirmed: false, invalid: 'the search was interrupted' })
  })

  it('ends without an answer where others used the machine however often it was played', async () => {
    let runs = 0
    const others = 'other processes used 0.8 of 2 cores'
    const found = await search({
      ...options,
      probe: async (users) => {
        runs++
        return { users, verdict: 'invalid', stepsPerSecond: 0, why: others, disturbed: true }
      },
    })
    expect(runs).toBe(1)
    expect(found).toMatchObject({ confirmed: false, invalid: expect.stringContaining(others) })
  })

  it('finds that not even few users are carried', async () => {
    const found = await search({ ...options, probe: probeOf(() => 'fail') })
    expect(found).toMatchObject({ lastPass: 0, confirmed: false, invalid: null })
  })
})

it('a run that others disturbed is played again, and neither breaks a number of users nor tells of its work', async () => {
  const others = 'other processes used 0.8 of 2 cores'
  const plan = { users: 100, duration: 1_000, population: { users: 1_000 } } as unknown as Plan
  const played = new Map<number, number>()
  const said: string[] = []
  const result = await measureCapacity(
    plan,
    async ({ users }) => {
      const times = (played.get(users) ?? 0) + 1
      played.set(users, times)
      // The first of each number of users meets others; more than 700 are too many.
      const isDisturbed = times === 1
      const verdict = isDisturbed ? 'invalid' : users > 700 ? 'fail' : 'pass'
      const reasons = { invalid: [others], fail: ['TTFB p95 900 ms'], pass: [] }[verdict]
      return {
        run: 'r',
        verdict,
        reasons,
        notes: isDisturbed ? [others] : [],
        isDisturbed,
        workload: { users },
        totals: { requestsPerSecond: users },
        little: [{ stepsPerSecond: isDisturbed ? 1 : users }],
        observed: { limiting: null },
      } as unknown as Result
    },
    (line) => void said.push(line),
  )
  expect(result.verdict).toBe('pass')
  expect(result.capacity).toMatchObject({ lastPass: 630, firstFail: 710, confirmations: 3 })
  expect(said).toContain(`${others}: played again`)
  expect((result.capacity?.law?.gamma ?? 0) / 1).toBeCloseTo(1, 1)
})

it('a search ends with the run that somebody interrupts, however busy others keep the machine', async () => {
  const others = 'other processes used 0.8 of 2 cores'
  const plan = { users: 100, duration: 1_000, population: { users: 1_000 } } as unknown as Plan
  for (const last of [1, 2, 4]) {
    let runs = 0
    const result = await measureCapacity(
      plan,
      async ({ users }) => {
        const interrupted = ++runs === last
        // What a run on a busy machine comes to, as conclude.test.ts says.
        return {
          run: 'r',
          verdict: interrupted ? 'invalid' : 'pass',
          notes: [others],
          isDisturbed: false,
          reasons: interrupted ? [others, interruption] : [],
          workload: { users },
          totals: { requestsPerSecond: users },
          little: [],
          observed: { limiting: null },
        } as unknown as Result
      },
      () => {},
    )
    expect([runs, result.verdict]).toEqual([last, 'invalid'])
  }
})

it('two searches that a machine’s moments lead apart have brackets that are the same or neighbours', async () => {
  // Near the limit a run holds as often as not; each search has its own luck.
  const brackets = await Promise.all(
    Array.from({ length: 40 }, async (_, seed) => {
      let turn = 0
      const found = await search({
        ...options,
        probe: probeOf((users) => (users > 3_150 * (0.97 + 0.06 * unit(seed, turn++)) ? 'fail' : 'pass')),
      })
      return [found.lastPass, found.firstFail as number]
    }),
  )
  expect(new Set(brackets.map(([lastPass]) => lastPass)).size).toBeLessThanOrEqual(2)
  for (const [low = 0] of brackets) for (const [, high = 0] of brackets) expect(low).toBeLessThanOrEqual(high)
})

describe('preferred numbers', () => {
  it('are an eighth apart, and end with the most there are', () => {
    const numbers = preferredUpTo(12_345)
    expect(numbers.at(-1)).toBe(12_345)
    const large = numbers.filter((number) => number >= 100)
    for (const [place, number] of large.slice(1).entries())
      expect(number / (large[place] as number)).toBeLessThan(1.15)
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
  })

  it('of which the nearest is so by ratio', () => {
    const numbers = preferredUpTo(100_000)
    expect(numbers[nearest(numbers, 3_000)]).toBe(3_150)
    expect(numbers[nearest(numbers, 7)]).toBe(7)
  })
})
