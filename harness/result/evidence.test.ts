import { describe, expect, it } from 'vitest'
import { actualOf, Evidence, expectedOf } from './evidence.ts'

const late: Evidence = {
  limit: 'TTFB p95',
  where: { route: 'GET /v1/me' },
  operator: '<',
  expected: 300,
  actual: 912.4,
  unit: 'ms',
  samples: 500,
  passed: false,
}
const failed: Evidence = { ...late, operator: '≤', expected: 0.001, unit: 'share', samplesOf: 'requests' }

const inWords = (change: Partial<Evidence>, from = late) => {
  const evidence = { ...from, ...change }
  return [actualOf(evidence), expectedOf(evidence)]
}

describe('evidence', () => {
  it.each([
    [late, '912 ms', '< 300 ms'],
    [{ ...late, expected: 2_500, actual: 4.25 }, '4.3 ms', '< 2,500 ms'],
    [{ ...late, expected: null }, '912 ms', 'a limit of its own'],
    [{ ...late, actual: null }, 'nothing', '< 300 ms'],
    [{ ...late, unit: 's', expected: 5, actual: 0.214 }, '0.21 s', '< 5 s'],
    [{ ...late, operator: '≥', unit: 'index', expected: 0.9, actual: 0.87654 }, '0.877', '≥ 0.9'],
    [
      { ...failed, actual: 3 / 500, detail: '2 timeout, 1 status' },
      '3 of 500 requests (2 timeout, 1 status)',
      '≤ 0.10%',
    ],
    [{ ...failed, actual: 0 }, '0 of 500 requests (in truth < 0.600% at 95%)', '≤ 0.10%'],
    [{ ...failed, actual: 0, samples: 1 }, '0 of 1 requests (in truth < 100.000% at 95%)', '≤ 0.10%'],
    [{ ...failed, expected: 0, actual: 0.002 }, '1 of 500 requests', 'none'],
    [{ ...failed, operator: '=', expected: 1, actual: 0 }, '0 of 500 requests', 'all'],
    [
      { ...late, unit: 'bytes per minute', expected: 524_288, actual: 10_240 },
      '10 KB a minute',
      '< 512 KB a minute',
    ],
  ] as [Evidence, string, string][])('is put into words: %j', (evidence, actual, expected) => {
    expect([actualOf(evidence), expectedOf(evidence)]).toEqual([actual, expected])
  })

  it('counts without a bound what it looked at one by one, and names examples', () => {
    const counted = { operator: '=', expected: 0, unit: 'count', samples: 259, samplesOf: 'events' } as const
    expect(inWords({ ...counted, actual: 0, examples: [] })).toEqual(['0 of 259 events', '0'])
    expect(inWords({ ...counted, actual: 30, examples: ['evt_1', 'evt_2'] })[0]).toBe(
      '30 of 259 events, such as evt_1; evt_2',
    )
  })

  it('is read from versions 1 and 2 of a result, which were sentences', () => {
    const old = {
      limit: 'TTFB p95',
      route: 'page /',
      wanted: '< 400 ms',
      measured: '90 ms',
      samples: 9,
      passed: true,
    }
    const read = Evidence.parse(old)
    expect(read).toMatchObject({ where: { route: 'page /' }, passed: true, samples: 9 })
    expect([actualOf(read), expectedOf(read)]).toEqual(['90 ms, expected < 400 ms', ''])
    expect(Evidence.parse(JSON.parse(JSON.stringify(late)))).toEqual(late)
  })
})
