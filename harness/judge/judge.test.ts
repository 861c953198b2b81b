import { bucketOf } from '@headroom/loadtests/wire/histogram.ts'
import { type ErrorClass, errorClasses, type Message } from '@headroom/loadtests/wire/message.ts'
import { stagesOf } from '@headroom/loadtests/wire/workloads.ts'
import { errorsThatCount } from '@headroom/perf-budgets/slo.ts'
import { describe, expect, it } from 'vitest'
import { merge, nothing } from '../collect/collector.ts'
import { emptyFlow, emptyIncrement, emptyMessage } from '../collect/testing/message.ts'
import type { GroupResult } from '../result/result.ts'
import type { Circumstances } from './circumstances.ts'
import { tooManyErrors } from './errors.ts'
import { judge } from './judge.ts'
import { jain, neighbourEvidence, thinNeighbours } from './neighbours.ts'

const route = 'GET /v1/me'
const orderly: Circumstances = {
  users: 10,
  stages: [
    { phase: 'ramp', duration: 1_000, users: 10, loadMultiplier: 1, judged: 'none' },
    { phase: 'steady', duration: 10_000, users: 10, loadMultiplier: 1, judged: 'all' },
  ],
  vus: 1,
  shards: 1,
  connections: 10,
  judgedMs: 10_000,
  k6ExitCode: 0,
  k6LastLines: '',
  crashes: [],
  generatorCpuShare: 0.1,
  generatorRssBytes: 100_000_000,
  population: null,
  interrupted: false,
}

const times = (milliseconds: number, n: number) => Array<number>(n).fill(bucketOf(milliseconds))

/** What a good run would post, with something of it changed. */
function message(
  change: Partial<Message> & {
    ttfb?: number
    samples?: number
    errors?: Partial<Record<ErrorClass, number>>
  } = {},
): Message {
  const { ttfb = 20, samples = 2_000, errors = {}, ...rest } = change
  return {
    ...emptyMessage,
    final: true,
    activeUsers: 10,
    probes: 100,
    lag: { steady: times(2, samples) },
    flow: { steady: { ...emptyFlow, present: 100_000, responding: 2_000, thinking: 98_000, steps: samples } },
    routes: [
      {
        ...emptyIncrement,
        route,
        phase: 'steady',
        window: 0,
        errors,
        latency: times(ttfb, samples),
        ttfb: times(ttfb, samples),
        over: { ttfb: ttfb < 300 ? 0 : samples, latency: ttfb < 600 ? 0 : samples },
      },
    ],
    ...rest,
  }
}

function verdictOn(messages: Message[], circumstances: Partial<Circumstances> = {}) {
  const collected = nothing()
  for (const each of messages) merge(collected, each)
  return judge(collected, { ...orderly, ...circumstances })
}

describe('the verdict', () => {
  it('counts errors alone where a stage is judged by them: no time, and no number of samples, is a matter', () => {
    const stages = orderly.stages.map((stage) =>
      stage.phase === 'steady' ? { ...stage, judged: 'errors' as const } : stage,
    )
    const slow = verdictOn([message({ samples: 5, ttfb: 5_000 })], { stages })
    expect(slow.reasons).toEqual([])
    expect(slow.routes).toMatchObject([{ ttfbLimit: null, passed: true }])
    expect(verdictOn([message({ samples: 5, errors: { '5xx': 2 } })], { stages }).verdict).toBe('fail')
  })

  it('judges the times of what people seldom do once there is enough of it, and its errors always', () => {
    const rare = (change: Parameters<typeof message>[0]) => {
      const [increment] = message(change).routes
      return { ...message(), routes: [...message().routes, { ...increment, route: 'trpc export.create' }] }
    }
    const few = verdictOn([rare({ samples: 5, ttfb: 5_000 }) as Message])
    expect(few).toMatchObject({ verdict: 'pass', reasons: [] })
    expect(few.routes.find((each) => each.route === 'trpc export.create')).toMatchObject({ ttfbLimit: null })
    expect(verdictOn([rare({ samples: 20, ttfb: 5_000 }) as Message]).verdict).toBe('fail')
    const failing = verdictOn([rare({ samples: 5, errors: { '5xx': 5 } }) as Message])
    expect(failing.verdict).toBe('fail')
  })

  it('is pass when every limit held', () => {
    expect(verdictOn([message()])).toMatchObject({ verdict: 'pass', reasons: [] })
  })

  it('counts every class of errors, but for what is the generator’s own', () => {
    expect([...errorsThatCount, 'generator'].sort()).toEqual([...errorClasses].sort())
  })

  it('is fail, and names the route, when one is slower than its limit', () => {
    const { verdict, reasons } = verdictOn([message({ ttfb: 400 })])
    expect(verdict).toBe('fail')
    expect(reasons).toEqual([
      expect.stringMatching(/^GET \/v1\/me: TTFB p95 (39|40)\d ms, expected < 300 ms$/),
    ])
  })

  it('is fail when more requests failed than availability allows', () => {
    expect(verdictOn([message({ errors: { '5xx': 40 } })])).toMatchObject({ verdict: 'fail' })
    expect(verdictOn([message({ errors: { '5xx': 1 } })])).toMatchObject({ verdict: 'pass' })
  })

  it('is fail when a tenant saw another, even if the generator was late', () => {
    const leaks = [{ route, user: 7, canary: 'cnr-0' }]
    const late = { steady: times(5_000, 2_000) }
    const { verdict, reasons } = verdictOn([
      message({ leaks, leaked: 1, lag: late, late: { steady: 2_000 } }),
    ])
    expect(verdict).toBe('fail')
    expect(reasons[0]).toMatch(/user 7/)
  })

  it('counts every leak, and names a few', () => {
    const leaks = Array.from({ length: 5 }, (_, user) => ({ route, user, canary: 'cnr-0' }))
    const { totals, reasons, evidence } = verdictOn([message({ leaks, leaked: 763 })])
    expect(totals.leaks).toBe(763)
    expect(reasons[0]).toBe("763 answers showed another tenant's text, of which 5 are named")
    expect(evidence.find(({ limit }) => limit === 'isolation')).toMatchObject({ actual: 7.63, samples: 100 })
  })

  it('is decided by what was counted on both sides of a limit, not by a bucket that lies across it', () => {
    const at = (ttfb: number, over: number) => {
      const edge = message({ ttfb })
      edge.routes = edge.routes.map((each) => ({ ...each, over: { ttfb: over, latency: 0 } }))
      return verdictOn([edge])
    }
    // One bucket holds 298 to 301 ms.
    expect(at(299, 100)).toMatchObject({ verdict: 'pass', routes: [{ passed: true }] })
    expect(at(299, 100).routes[0]?.ttfbP95).toBeLessThan(300)
    expect(at(301, 101)).toMatchObject({ verdict: 'fail', routes: [{ passed: false }] })
    expect(at(301, 101).routes[0]?.ttfbP95).toBeGreaterThanOrEqual(300)
  })

  it('is fail when the first byte is fast and the last one late', () => {
    const slow = message()
    slow.routes = slow.routes.map((each) => ({
      ...each,
      latency: times(5_000, 2_000),
      over: { ttfb: 0, latency: 2_000 },
    }))
    const { verdict, reasons } = verdictOn([slow])
    expect(verdict).toBe('fail')
    expect(reasons).toEqual([
      expect.stringMatching(/^GET \/v1\/me: whole answer p95 \d+ ms, expected < 600 ms$/),
    ])
  })

  it.each<[string, Parameters<typeof message>[0], RegExp]>([
    [
      'all answers are 503, so that none was looked through',
      { errors: { '5xx': 2_000 }, probes: 0 },
      /2000 5xx/,
    ],
    [
      'there are few of them',
      { samples: 19, errors: { timeout: 19 } },
      /19 of 19 requests failed \(19 timeout\)/,
    ],
  ])('is fail for what the target fails at, even where %s', (_, change, reason) => {
    const example = { route, request: 'GET /v1/me', status: 503, why: 'status 503', body: 'busy\n' }
    const { verdict, reasons } = verdictOn([message({ ...change, examples: [{ ...example, class: '5xx' }] })])
    expect(verdict).toBe('fail')
    expect(reasons[0]).toMatch(reason)
    expect(reasons[0]).toContain('for example GET /v1/me answered 503 (“busy”)')
  })

  it('is about the whole run for what is asked only at the beginning, where everybody begins there', () => {
    const signIn = { ...emptyIncrement, route: 'POST /login', phase: 'ramp', window: 0 }
    const both = (ttfb: number) => {
      const begun = message()
      const answered = { latency: times(ttfb, 40), ttfb: times(ttfb, 40) }
      begun.routes.push({ ...signIn, ...answered, over: { ttfb: ttfb < 300 ? 0 : 40, latency: 0 } })
      const limits = { [route]: { ttfb: 300, latency: 600 }, 'POST /login': { ttfb: 300, latency: 600 } }
      return verdictOn([begun], { limits, beginsAtTheBeginning: true })
    }
    expect(both(20)).toMatchObject({ verdict: 'pass' })
    expect(both(20).routes.map(({ route, phase, count }) => [route, phase, count])).toEqual([
      [route, 'steady', 2_000],
      ['POST /login', 'whole run', 40],
    ])
    expect(both(400)).toMatchObject({ verdict: 'fail' })
  })

  it('is fail when a route failed before another one of its step could be asked', () => {
    const limits = { [route]: { ttfb: 300, latency: 600 }, 'GET /v1/after': { ttfb: 300, latency: 600 } }
    expect(verdictOn([message({ errors: { '4xx': 2_000 } })], { limits }).verdict).toBe('fail')
    expect(verdictOn([message()], { limits })).toMatchObject({
      verdict: 'invalid',
      reasons: ['no sample of GET /v1/after, which has a limit'],
    })
  })

  it('is fail when nobody could begin anything because all waited for answers that never came', () => {
    const stuck = message({ samples: 40, errors: { timeout: 40 } })
    stuck.routes = stuck.routes.map((each) => ({ ...each, phase: 'ramp' }))
    const { verdict, reasons } = verdictOn([{ ...stuck, lag: { ramp: times(2, 40) } }])
    expect(verdict).toBe('fail')
    expect(reasons[0]).toMatch(/40 of 40 requests failed \(40 timeout\).*\(in ramp\)/)
  })

  it('names what the target failed at beside what makes the run invalid', () => {
    const { verdict, reasons } = verdictOn([message({ errors: { '5xx': 2_000 }, lostUsers: 1 })])
    expect(verdict).toBe('invalid')
    expect(reasons.join('\n')).toMatch(/1 users were lost.*\n.*2000 5xx/)
  })

  describe('on requests that waited for a connection of the generator’s own', () => {
    const queued = (without: number, change: Parameters<typeof message>[0] = {}) => {
      const waiting = message({ ttfb: 5_600, waits: { steady: times(5_600 - without, 2_000) }, ...change })
      const [told, own] = [times(5_600, 2_000), times(without, 2_000)]
      const waited = { ttfb: told, latency: told, without: { ttfb: own, latency: own } }
      waiting.routes = waiting.routes.map((each) => ({ ...each, waited }))
      return waiting
    }

    it('is invalid when that wait alone broke a limit, and fail when the target did', () => {
      const { verdict, reasons } = verdictOn([queued(100)])
      expect(verdict).toBe('invalid')
      expect(reasons[0]).toMatch(/2000 requests waited for one of the generator's own 10 connections/)
      expect(verdictOn([queued(2_000)])).toMatchObject({ verdict: 'fail' })
    })

    it('is invalid when it broke the limit of the whole answer alone', () => {
      const late = queued(100)
      late.routes = late.routes.map((each) => ({ ...each, over: { ttfb: 0, latency: 2_000 } }))
      const limits = { [route]: { ttfb: 9_000, latency: 600 } }
      expect(verdictOn([late], { limits })).toMatchObject({ verdict: 'invalid' })
    })

    it('is invalid when users gave up for it, and fail when the target answered with errors', () => {
      expect(verdictOn([queued(100, { errors: { timeout: 200 } })])).toMatchObject({ verdict: 'invalid' })
      expect(verdictOn([queued(100, { errors: { '5xx': 200 } })])).toMatchObject({ verdict: 'fail' })
      expect(verdictOn([queued(2_000, { errors: { timeout: 200 } })])).toMatchObject({ verdict: 'fail' })
    })
  })

  it('tells an example of the errors that were most', () => {
    const example = { route, request: 'GET /v1/me', body: '' }
    const examples: Message['examples'] = [
      { ...example, class: 'signed-out', status: 401, why: 'status 401', body: 'please log in' },
      { ...example, class: 'connection', status: 0, why: 'EOF' },
    ]
    const { reasons } = verdictOn([message({ errors: { connection: 50, 'signed-out': 1 }, examples })])
    expect(reasons[0]).toMatch(/for example GET \/v1\/me was not answered, EOF$/)
  })

  it('is fail when a part of Worklane ended', () => {
    expect(verdictOn([message()], { crashes: [{ part: 'api', detail: 'SIGKILL' }] })).toMatchObject({
      verdict: 'fail',
      reasons: ['api ended during the run: SIGKILL'],
    })
  })

  it.each<[string, Message[], Partial<Circumstances>, RegExp]>([
    [
      'the generator was late',
      [message({ lag: { steady: times(900, 2_000) }, late: { steady: 2_000 } })],
      {},
      /schedule lag/,
    ],
    ['the generator had no CPU left', [message()], { generatorCpuShare: 0.97 }, /no CPU left/],
    ['users were missing', [message({ activeUsers: 8 })], {}, /8 of 10 users/],
    [
      'a message was lost',
      [message({ sequence: 0, final: false }), message({ sequence: 2 })],
      {},
      /1 messages .* lost/,
    ],
    ['a VU did not finish', [message({ final: false })], {}, /did not finish/],
    ['somebody interrupted it', [message()], { interrupted: true }, /^the run was interrupted$/],
    [
      'k6 failed',
      [message()],
      { k6ExitCode: 107, k6LastLines: 'script error' },
      /k6 ended with 107: script error/,
    ],
    ['nothing was measured', [], {}, /no step was started/],
    [
      'a route has too few samples',
      [message({ samples: 5 })],
      {},
      /fewer than 20 samples of GET \/v1\/me \(5\)/,
    ],
    ['the generator took too much memory', [message()], { generatorRssBytes: 4e9 }, /took 3815 MB/],
    [
      'the generator could not connect for reasons of its own',
      [message({ errors: { generator: 3 } })],
      {},
      /3 requests failed on the generator's own machine/,
    ],
    ['users were lost by an error', [message({ lostUsers: 1 })], {}, /1 users were lost/],
    [
      "Little's law does not hold",
      [
        message({
          flow: {
            steady: { ...emptyFlow, present: 100_000, responding: 2_000, thinking: 90_000, steps: 2_000 },
          },
        }),
      ],
      {},
      /Little's law does not hold in steady: .* 92.0% of 10 users/,
    ],
    [
      'latencies are told that the clock does not know',
      [
        message({
          flow: {
            steady: {
              ...emptyFlow,
              present: 100_000,
              responding: 2_000,
              thinking: 98_000,
              steps: 2_000,
              ended: 2_000,
              told: 900_000,
              clock: 480_000,
            },
          },
        }),
      ],
      {},
      /a step took 450 ms by the generator's figures, and 240 ms by its clock/,
    ],
    ['a shard told nothing', [message()], { vus: 2, shards: 2 }, /1 of 2 VUs told nothing: one of 2 shards/],
    [
      'a watcher has a doubt of its own',
      [message()],
      { more: { evidence: [], invalidReasons: ['a seeded leak was not found'] } },
      /^a seeded leak was not found$/,
    ],
    ['nobody looked for leaks', [message({ probes: 0 })], {}, /looked through/],
    [
      'it was another population',
      [message()],
      { population: 'the target holds another population' },
      /another population/,
    ],
  ])('is invalid when %s', (_, messages, circumstances, reason) => {
    const { verdict, reasons } = verdictOn(messages, circumstances)
    expect(verdict).toBe('invalid')
    expect(reasons.join('\n')).toMatch(reason)
  })

  it('is fail for a route that nobody set a limit for', () => {
    const unknown = message()
    unknown.routes = unknown.routes.map((each) => ({ ...each, route: 'GET /v1/forgotten' }))
    expect(verdictOn([unknown])).toMatchObject({ verdict: 'fail' })
  })
})

describe('merging messages', () => {
  it('counts one that comes twice only once, and one that overtakes another not as lost', () => {
    const first = message({ sequence: 0, final: false })
    const second = message({ sequence: 1 })
    expect(verdictOn([second, first, first]).totals.requests).toBe(4_000)
    expect(verdictOn([second, first, first]).verdict).toBe('pass')
  })
})

describe('errors of one route', () => {
  it('are too many only when chance does not explain them', () => {
    expect(tooManyErrors(0, 10)).toBe(false)
    expect(tooManyErrors(1, 200)).toBe(false)
    expect(tooManyErrors(11, 11)).toBe(true)
    expect(tooManyErrors(10, 1_000)).toBe(true)
  })
})

describe('what the others notice of a noisy tenant', () => {
  const stages = stagesOf({ users: 100, ramp: 1_000, duration: 30_000, shape: 'noisy-tenant' })
  const group = (tier: string, phase: string, p95: number, answered = 1_000, errors = 0): GroupResult => ({
    group: `tier ${tier}`,
    phase,
    count: answered + errors,
    p50: p95 / 2,
    p95,
    p99: p95,
    errors,
  })
  const told = (...loud: GroupResult[]) =>
    neighbourEvidence(
      [
        ...[group('free', 'x1', 40), group('team', 'x1', 40), group('whale', 'x1', 40)],
        ...[...loud, group('whale', 'x20', 9_000, 20_000, 5_000)],
      ],
      stages,
    )

  it('is judged without the noisy one, whose own times and refusals are not the question', () => {
    const evidence = told(group('free', 'x20', 50), group('team', 'x20', 55))
    expect(evidence.map(({ passed }) => passed)).toEqual([true, true, true, true])
    expect(evidence[0]?.limit).toBe('p95 of tier free while one tenant asks 20× as much')
  })

  it('is too much when they wait longer, get less than others, or are refused', () => {
    const failed = (...loud: GroupResult[]) =>
      told(...loud)
        .filter(({ passed }) => !passed)
        .map(({ limit }) => limit)
    expect(failed(group('free', 'x20', 50), group('team', 'x20', 400))).toEqual([
      'p95 of tier team while one tenant asks 20× as much',
    ])
    expect(failed(group('free', 'x20', 50, 400), group('team', 'x20', 50))).toEqual([
      'fairness among the others (Jain)',
    ])
    expect(failed(group('free', 'x20', 50, 1_000, 200), group('team', 'x20', 50))).toEqual([
      'availability for the others',
    ])
  })

  it('is too much when a tier gets no answer at all any more, of which no time can tell', () => {
    const [row] = told(group('team', 'x20', 50)).filter(({ passed }) => !passed)
    expect(row).toMatchObject({ actual: null, samples: 0 })
    expect(row?.limit).toContain('tier free')
  })

  it('cannot be told from too few answers, or from none before', () => {
    const thin = (...groups: GroupResult[]) => thinNeighbours(groups, stages)
    expect(thin(group('free', 'x1', 40), group('free', 'x20', 50))).toEqual([])
    expect(thin(group('free', 'x1', 40, 19), group('free', 'x20', 50))).toEqual([
      'only 19 answers for tier free in x1',
    ])
    expect(thin(group('free', 'x20', 50))).toEqual(['no answer for tier free in x1, to compare with'])
    expect(thin(group('whale', 'x20', 50))).toEqual(['no other tenant got an answer'])
  })

  it('is spread fairly when each gets the same, and least when one gets all', () => {
    expect(jain([2, 2, 2])).toBeCloseTo(1)
    expect(jain([1, 0, 0, 0])).toBeCloseTo(0.25)
    expect(jain([])).toBe(0)
  })
})
