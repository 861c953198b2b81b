import { bucketOf } from '@headroom/loadtests/wire/histogram.ts'
import type { Message } from '@headroom/loadtests/wire/message.ts'
import { stagesOf } from '@headroom/loadtests/wire/workloads.ts'
import { effects, neighbours, webhooks } from '@headroom/perf-budgets/slo.ts'
import { describe, expect, it } from 'vitest'
import { merge, noTally, nothing } from '../collect/collector.ts'
import { emptyFlow, emptyMessage } from '../collect/testing/message.ts'
import { Timeline } from '../collect/timeline.ts'
import type { Plan } from '../plan/scenarios.ts'
import { nothingObserved } from '../result/result.ts'
import {
  answeredIn,
  conclude,
  type Ended,
  effectEvidence,
  failedPagesEvidence,
  lagOf,
  slopeEvidence,
  unseenGenerator,
  webhookEvidence,
} from './conclude.ts'

it('a generator is as late as in the worst stage that is judged, however late it was while users came', () => {
  const stages = stagesOf({ users: 10, ramp: 10_000, duration: 60_000, shape: 'steady' })
  const late = (ms: number) => new Map([[bucketOf(ms), 100]])
  const lag = new Map([
    ['ramp', late(4_000)],
    ['steady', late(50)],
  ])
  expect((lagOf(lag, stages) as number) / 50).toBeCloseTo(1, 1)
  expect(lagOf(new Map([['ramp', late(4_000)]]), stages)).toBeNull()
})

describe('pages that failed behind a good status', () => {
  const refused = (count: number) => [{ route: '/(workspace)/reports', kind: 'tooMany', count }]

  it('count against availability', () => {
    expect(failedPagesEvidence(refused(40), 1_000)).toMatchObject([
      { passed: false, samples: 1_000, actual: 0.04, detail: '/(workspace)/reports tooMany 40' },
    ])
  })

  it('hold where there were none, or where one is chance', () => {
    expect(failedPagesEvidence([], 1_000)).toMatchObject([{ passed: true, actual: 0 }])
    expect(failedPagesEvidence(refused(1), 1_000)).toMatchObject([{ passed: true }])
  })

  it('are no evidence where nobody could watch, which required.test.ts says more of, or nobody asked', () => {
    expect(failedPagesEvidence(null, 1_000)).toEqual([])
    expect(failedPagesEvidence([], 0)).toEqual([])
  })
})

describe('what writes bring about later', () => {
  const good = { count: 500, delayP95Ms: 300, oldestWaitingMs: 0 }

  it('holds while the workers keep up', () => {
    expect(effectEvidence(good)).toMatchObject([{ passed: true, samples: 500 }, { passed: true }])
  })

  it('is broken when it comes late, or when nobody takes it up', () => {
    const late = effectEvidence({ ...good, delayP95Ms: effects.delayP95 })
    expect(late.map(({ passed }) => passed)).toEqual([false, true])
    const stuck = effectEvidence({ ...good, oldestWaitingMs: effects.oldestWaiting })
    expect(stuck.map(({ passed }) => passed)).toEqual([true, false])
  })

  it('may be as late beside a noisy organisation as its own limit says', () => {
    const late = { ...good, delayP95Ms: neighbours.effectDelayP95 }
    expect(effectEvidence(late).map(({ passed }) => passed)).toEqual([true, true])
    expect(effectEvidence(late, neighbours.effectDelayP95).map(({ passed }) => passed)).toEqual([false, true])
  })

  it('is no evidence where hardly anything was written, or nobody could watch', () => {
    expect(effectEvidence({ ...good, count: 3 })).toEqual([])
    expect(effectEvidence({ count: 0, delayP95Ms: null, oldestWaitingMs: null })).toEqual([])
  })
})

describe('what Stripe tells', () => {
  const good = { count: 900, effectP95Ms: 800, oldestWaitingMs: 2_000 }

  it('holds while it has its effect in time', () => {
    expect(webhookEvidence(good)).toMatchObject([{ passed: true, samples: 900 }, { passed: true }])
  })

  it('is broken when it comes late, or when one waits too long', () => {
    const late = webhookEvidence({ ...good, effectP95Ms: webhooks.effectP95 })
    expect(late.map(({ passed }) => passed)).toEqual([false, true])
    const stuck = webhookEvidence({ ...good, oldestWaitingMs: webhooks.oldestWaiting })
    expect(stuck.map(({ passed }) => passed)).toEqual([true, false])
  })

  it('is no evidence where hardly anything was told', () => {
    expect(webhookEvidence({ ...good, count: 3 })).toEqual([])
    expect(webhookEvidence({ count: 0, effectP95Ms: null, oldestWaitingMs: null })).toEqual([])
  })
})

describe('memory over a long run', () => {
  const slope = { process: 'web', what: 'resident', samples: 600, lastBytes: 2e8 } as const

  it('is judged with as many samples as its line goes through', () => {
    expect(slopeEvidence({ ...slope, bytesPerMinute: 0 })).toMatchObject([{ passed: true, samples: 600 }])
    expect(slopeEvidence({ ...slope, bytesPerMinute: 1e6 })).toMatchObject([{ passed: false }])
  })

  it('is no evidence without samples enough for a line', () => {
    expect(slopeEvidence({ ...slope, samples: 0, bytesPerMinute: null })).toEqual([])
    expect(slopeEvidence({ ...slope, samples: 19, bytesPerMinute: 0 })).toEqual([])
  })
})

it('what failed before a stage in which nobody could begin anything counts, and else what is judged', () => {
  const stages = stagesOf({ users: 10, ramp: 10_000, duration: 60_000, shape: 'steady' })
  const latency = new Map([[bucketOf(20), 40]])
  const tally = { ...noTally(), latency, errors: new Map([['5xx' as const, 40]]) }
  const routes = new Map([['ramp', new Map([['GET /v1/me', tally]])]])
  expect(answeredIn({ lag: new Map(), routes }, stages, [])).toEqual([{ count: 40, errors: { '5xx': 40 } }])
  const begun = new Map([['steady', new Map([[bucketOf(1), 5]])]])
  expect(answeredIn({ lag: begun, routes }, stages, [])).toEqual([])
})

describe('a run that is invalid while others use the machine', () => {
  const plan: Plan = {
    scenario: 'smoke',
    users: 10,
    think: 1_000,
    ramp: 1_000,
    duration: 10_000,
    shape: 'steady',
    seed: 1,
    population: { seed: 1, organisations: 8, users: 120 },
    shards: 1,
  }
  const load = { foreignCores: 0.8, stolenCores: 0, cores: 2, largest: [] }
  const times = (ms: number) => Array<number>(2_000).fill(bucketOf(ms))
  const steady = { ...emptyFlow, present: 100_000, responding: 2_000, thinking: 98_000, steps: 2_000 }
  const good = {
    ...emptyMessage,
    final: true,
    activeUsers: 10,
    probes: 100,
    lag: { steady: times(2) },
    flow: { steady },
  }
  const resultOf = (change: Partial<Ended> = {}, ...messages: Message[]) => {
    const collected = nothing()
    for (const message of messages) merge(collected, message)
    return conclude({
      id: 'r',
      plan,
      target: 'http://127.0.0.1',
      revision: null,
      startedAt: new Date(0),
      collected,
      times: { from: 1_000, to: 11_000, judgedMs: 10_000, playedMs: 11_000 },
      generator: unseenGenerator,
      timeline: new Timeline(11_000),
      observed: nothingObserved,
      memory: [],
      machine: { load, notWatched: [] },
      crashes: [],
      interrupted: false,
      population: null,
      faultTexts: [],
      invalidReasons: [],
      evidence: [],
      facts: [],
      ...change,
    })
  }
  const late = { ...good, lag: { steady: times(5_000) }, late: { steady: 2_000 } }

  it('is disturbed by them where it was late, or has too few samples', () => {
    expect(resultOf({}, late)).toMatchObject({ verdict: 'invalid', isDisturbed: true })
    expect(resultOf({ thin: ['fewer than 100 samples alone'] }, good)).toMatchObject({ isDisturbed: true })
    expect(resultOf({ machine: { load: null, notWatched: [] } }, late)).toMatchObject({ isDisturbed: false })
  })

  it.each<[string, Partial<Ended>, Message[]]>([
    ['k6 never began', { generator: { ...unseenGenerator, exitCode: 104 } }, []],
    ['k6 failed at its end', { generator: { ...unseenGenerator, exitCode: 255 } }, [late]],
    ['somebody interrupted it', { interrupted: true }, [late]],
    ['the target holds another population', { population: 'the target holds another population' }, []],
    ['users were lost', {}, [{ ...late, lostUsers: 2 }]],
    ['Little’s law does not hold', {}, [{ ...late, flow: { steady: { ...steady, thinking: 60_000 } } }]],
    ['its messages were lost', {}, [{ ...late, final: false }]],
    ['no answer was looked through', {}, [{ ...late, probes: 0 }]],
    ['a seeded leak was not found', { invalidReasons: ['a seeded leak was not found'] }, [late]],
  ])('is not disturbed by them where %s', (_, change, messages) => {
    expect(resultOf(change, ...messages)).toMatchObject({ verdict: 'invalid', isDisturbed: false })
  })

  it('names what a deployment is without, whose routes it did not ask, and misses them on any other', () => {
    const tour = { plan: { ...plan, scenario: 'routes' as const }, missing: null }
    const missed = (lacks: Ended['lacks']) =>
      resultOf({ ...tour, ...(lacks ? { lacks } : {}) }, good).reasons.filter((reason) =>
        /^no sample of .*(billing\/portal|billing\.preview|upload)/.test(reason),
      )
    expect(missed(undefined)).toContain('no sample of POST /v1/billing/portal, which has a limit')
    expect(missed(['files'])).toEqual([
      'no sample of POST /v1/billing/portal, which has a limit',
      'no sample of trpc billing.preview, which has a limit',
    ])
    expect(missed(['files', 'subscriptions'])).toEqual([])
    const { notWatched } = resultOf({ ...tour, lacks: ['subscriptions'] }, good)
    expect(notWatched[0]).toBe(
      'POST /v1/billing/portal, trpc billing.portal, GET /v1/billing/preview, trpc billing.preview: not asked of the target, since its organisations have no subscription',
    )
    expect(resultOf(tour, good).notWatched.join()).not.toContain('not asked')
  })

  it('says nothing where a month was to end, and nobody compared the books', () => {
    const storm: Plan = { ...plan, scenario: 'billing-storm', shape: 'storm' }
    const played = { lag: { before: times(2), storm: times(2) } }
    const { verdict, reasons } = resultOf({ plan: storm }, { ...good, ...played })
    expect(verdict).toBe('invalid')
    expect(reasons).toContain('nobody compared the books of Stripe and Worklane')
  })
})
