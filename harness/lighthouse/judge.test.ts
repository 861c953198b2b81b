import { assertions } from '@headroom/perf-budgets/lighthouserc.ts'
import { describe, expect, it } from 'vitest'
import type { Audit } from './audit.ts'
import { type AssertionName, judge, onDisturbedMachine, verdictOf } from './judge.ts'
import type { AssertionResult, Report } from './report.ts'

const origin = 'http://127.0.0.1:1'
const url = `${origin}/dashboard`
const names = Object.keys(assertions) as AssertionName[]
const asked = {
  origin,
  pages: [{ name: '/dashboard', path: '/dashboard', marker: 'cnr', session: 'user' as const }],
  runs: 3,
  formFactor: 'mobile' as const,
  benchmarkSamples: [1_100],
  followsRuns: true,
  names,
}

const slower = (cpuSlowdownMultiplier: number): Report['configSettings'] => ({
  formFactor: 'mobile',
  throttling: { cpuSlowdownMultiplier },
})

const report: Report = {
  lighthouseVersion: '13.5.0',
  requestedUrl: url,
  environment: { benchmarkIndex: 1_100 },
  configSettings: slower(2.5),
  audits: { 'audited-page': { score: 1 } },
}

const kept: AssertionResult[] = names.map((name) => {
  const [auditId = '', ...property] = name.split(':')
  const auditProperty = property.length > 0 ? { auditProperty: property.join('.') } : {}
  return { url, auditId, ...auditProperty, passed: true, actual: 1, expected: 1 }
})

const good: Audit = { lighthouses: [report, report, report], assertions: kept, problem: undefined }
const judged = (change: Partial<Audit>) => judge(asked, { ...good, ...change })
const withReport = (change: Partial<Report>) =>
  judged({ lighthouses: [report, { ...report, ...change }, report] })

describe('a page that Lighthouse audited', () => {
  it('passes when everything promised was measured and kept', () => {
    expect(judged({})).toMatchObject([{ verdict: 'pass', reasons: [] }])
  })

  it('fails when one promise is broken', () => {
    const broken = kept.map((result, index) =>
      index === 4 ? { ...result, passed: false, actual: 9 } : result,
    )
    expect(judged({ assertions: broken })).toMatchObject([{ verdict: 'fail', reasons: [] }])
  })

  it.each([
    ['a run is missing', judged({ lighthouses: [report, report] }), '2 of 3 runs were made'],
    ['lhci came to nothing', judged({ lighthouses: [], assertions: [], problem: 'no Chrome' }), 'no Chrome'],
    [
      'one promise was not measured',
      judged({ assertions: kept.slice(1) }),
      'categories:performance was not measured',
    ],
    [
      'one measured no value',
      judged({ assertions: kept.map((result) => ({ ...result, actual: null })) }),
      'server-response-time was not measured',
    ],
    [
      'one of the runs saw another page',
      withReport({ audits: { 'audited-page': { score: 0, explanation: '/dashboard led to /sign-in' } } }),
      '/dashboard led to /sign-in',
    ],
    [
      'the proof itself broke',
      withReport({ audits: { 'audited-page': { score: null } } }),
      'nothing proves that this page was audited',
    ],
    [
      'another Lighthouse ran',
      withReport({ lighthouseVersion: '12.6.1' }),
      'Lighthouse 12.6.1 ran, not 13.x',
    ],
    [
      'another form factor was audited',
      withReport({ configSettings: { ...report.configSettings, formFactor: 'desktop' } }),
      'audited as desktop, not mobile',
    ],
    [
      'another phone was audited',
      withReport({ configSettings: slower(4) }),
      'the phone was 4 times slower than this machine, not 2.5',
    ],
    [
      'the machine is slower than a phone',
      judge(
        { ...asked, benchmarkSamples: [220], followsRuns: false },
        {
          ...good,
          lighthouses: good.lighthouses.map((report) => ({ ...report, configSettings: slower(0.5) })),
        },
      ),
      'this machine (benchmark index 220) is slower than a phone: nothing can be said of one',
    ],
  ])('is invalid when %s', (_what, pages, reason) => {
    expect(pages[0]?.verdict).toBe('invalid')
    expect(pages[0]?.reasons).toContain(reason)
  })

  it('is audited on a phone that goes by how fast the machine was so far', () => {
    const faster = { ...report, environment: { benchmarkIndex: 2_200 } }
    const lighthouses = [
      faster,
      { ...report, configSettings: slower(3.8) },
      { ...report, configSettings: slower(3.3) },
    ]
    expect(judged({ lighthouses })).toMatchObject([{ verdict: 'pass', reasons: [] }])
    expect(judge({ ...asked, followsRuns: false }, { ...good, lighthouses })[0]?.reasons).toEqual([
      'the phone was 3.8 times slower than this machine, not 2.5',
      'the phone was 3.3 times slower than this machine, not 2.5',
    ])
  })

  it('makes the whole audit as bad as the worst of the pages, and nothing audited is invalid', () => {
    const [pass] = judged({})
    const [invalid] = judged({ lighthouses: [] })
    const fail = { ...(pass as NonNullable<typeof pass>), verdict: 'fail' as const }
    expect(verdictOf([pass, fail].filter((page) => page !== undefined))).toBe('fail')
    expect(verdictOf([fail, invalid].filter((page) => page !== undefined))).toBe('invalid')
    expect(verdictOf([])).toBe('invalid')
  })

  it('is invalid where it was late while others used the machine, and fails by what is counted all the same', () => {
    const broken = (...which: AssertionName[]) => {
      const results = kept.map((result, place) => ({
        ...result,
        passed: !which.includes(names[place] as AssertionName),
      }))
      return judged({ assertions: results })[0] as NonNullable<ReturnType<typeof judged>[number]>
    }
    const others = ['other processes used 0.8 of 2 cores']
    const late = broken('categories:performance', 'total-blocking-time')
    expect(onDisturbedMachine(late, others)).toMatchObject({ verdict: 'invalid', reasons: others })
    expect(onDisturbedMachine(late, [])).toBe(late)
    const heavy = broken('total-blocking-time', 'total-byte-weight')
    expect(onDisturbedMachine(heavy, others)).toBe(heavy)
    expect(onDisturbedMachine(broken(), others).verdict).toBe('pass')
  })

  it('cannot pass where a part of Worklane ended, whatever its figures are', () => {
    expect(verdictOf(judged({}))).toBe('pass')
    expect(verdictOf(judged({}), 'api-1 ended during the audit')).toBe('fail')
    expect(verdictOf(judged({ lighthouses: [] }), 'api-1 ended during the audit')).toBe('fail')
  })
})
