import { encode, record } from '@headroom/loadtests/wire/histogram.ts'
import type { ErrorClass, Message } from '@headroom/loadtests/wire/message.ts'
import { describe, expect, it } from 'vitest'
import { merge, nothing } from '../collect/collector.ts'
import { type Circumstances, judge, tooManyErrors } from './judge.ts'

const route = 'GET /v1/me'
const orderly: Circumstances = {
  users: 10,
  judgedMs: 10_000,
  k6ExitCode: 0,
  k6LastLines: '',
  crashes: [],
  generatorCpuShare: 0.1,
  population: null,
  interrupted: false,
}

const increments = (milliseconds: number, n: number) => {
  const histogram = new Map<number, number>()
  for (let i = 0; i < n; i++) record(histogram, milliseconds)
  return encode(histogram)
}

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
    ...{
      vu: 1,
      sequence: 0,
      final: true,
      startedAt: 0,
      activeUsers: 10,
      inFlight: 0,
      queued: 0,
      probes: 100,
      leaks: [],
    },
    lag: { steady: increments(2, samples) },
    routes: [
      { route, phase: 'steady', latency: increments(ttfb, samples), ttfb: increments(ttfb, samples), errors },
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
  it('is pass when every limit held', () => {
    expect(verdictOn([message()])).toMatchObject({ verdict: 'pass', reasons: [] })
  })

  it('is fail, and names the route, when one is slower than its limit', () => {
    const { verdict, reasons } = verdictOn([message({ ttfb: 400 })])
    expect(verdict).toBe('fail')
    expect(reasons).toEqual([expect.stringMatching(/^GET \/v1\/me: TTFB p95 (39|40)\d ms, wanted < 300 ms$/)])
  })

  it('is fail when more requests failed than availability allows', () => {
    expect(verdictOn([message({ errors: { '5xx': 40 } })])).toMatchObject({ verdict: 'fail' })
    expect(verdictOn([message({ errors: { '5xx': 1 } })])).toMatchObject({ verdict: 'pass' })
  })

  it('is fail when a tenant saw another, even if the generator was late', () => {
    const leaks = [{ route, user: 7, canary: 'cnr-0' }]
    const late = { steady: increments(5_000, 2_000) }
    const { verdict, reasons } = verdictOn([message({ leaks, lag: late })])
    expect(verdict).toBe('fail')
    expect(reasons[0]).toMatch(/user 7/)
  })

  it('is fail when a part of Worklane ended', () => {
    expect(verdictOn([message()], { crashes: [{ part: 'api', detail: 'SIGKILL' }] })).toMatchObject({
      verdict: 'fail',
      reasons: ['api ended during the run: SIGKILL'],
    })
  })

  it.each<[string, Message[], Partial<Circumstances>, RegExp]>([
    ['the generator was late', [message({ lag: { steady: increments(900, 2_000) } })], {}, /schedule lag/],
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
