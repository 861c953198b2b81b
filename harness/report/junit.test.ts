import { describe, expect, it } from 'vitest'
import { convert } from 'xmlbuilder2'
import type { Compared } from '../gate/gate.ts'
import type { Result } from '../judge/result.ts'
import type { LighthouseResult } from '../lighthouse/lighthouse.ts'
import { junitOfGate, junitOfLighthouse, junitOfResult } from './junit.ts'

type Xml = { testsuites: { testsuite: { '@tests': string; testcase: Record<string, unknown>[] } } }

/** The cases as a CI reads them. */
const casesOf = (xml: string) => {
  const { testsuite } = (convert(xml, { format: 'object' }) as unknown as Xml).testsuites
  const cases = [testsuite.testcase].flat()
  expect(Number(testsuite['@tests'])).toBe(cases.length)
  return cases
}

const result = (change: Partial<Result>) =>
  ({ scenario: 'load', reasons: [], evidence: [], ...change }) as Result
const evidence: Result['evidence'] = [
  { limit: 'TTFB p95', route: 'page /', wanted: '< 400 ms', measured: '90 ms', samples: 99, passed: true },
  {
    limit: 'TTFB p95',
    route: 'GET <x> & "y"',
    wanted: '< 300 ms',
    measured: '900 ms',
    samples: 99,
    passed: false,
  },
]

describe('JUnit', () => {
  it('has a case for each limit, and for the verdict', () => {
    const xml = junitOfResult(result({ verdict: 'fail', reasons: ['too slow'], evidence }))
    expect(xml).toContain('classname="GET &lt;x&gt; &amp; &quot;y&quot;"')
    const cases = casesOf(xml)
    expect(cases).toMatchObject([
      { '@name': 'verdict', failure: { '@message': 'too slow' } },
      { '@classname': 'page /' },
      { failure: { '@message': expect.stringContaining('900 ms, wanted') } },
    ])
    expect(cases[1]).not.toHaveProperty('failure')
  })

  it('is an error, and no empty suite, when a run says nothing', () => {
    const cases = casesOf(junitOfResult(result({ verdict: 'invalid', reasons: ['no samples'] })))
    expect(cases).toMatchObject([{ error: { '@message': 'invalid: no samples' } }])
  })

  it('tells an undecided gate as skipped, and a worse counter as a failure', () => {
    const gate: Compared = {
      ...{ verdict: 'undecided', findings: [], reasons: [], slices: [] },
      counters: {
        compared: 2,
        findings: [{ kind: 'queries', route: 'page /', base: 1, head: 9, call: 'worse' }],
      },
    }
    expect(casesOf(junitOfGate(gate))).toMatchObject([
      { skipped: {} },
      { '@name': 'queries of page /', failure: { '@message': '1 to 9' } },
    ])
  })

  it('has a case for each assertion of a page', () => {
    const page = {
      ...{ name: '/', url: '', verdict: 'fail' as const, reasons: [] },
      measures: { 'total-byte-weight': { actual: 9, limit: 5, passed: false } },
    }
    const lighthouse = { verdict: 'fail', forms: [{ formFactor: 'mobile', pages: [page] }] }
    expect(casesOf(junitOfLighthouse(lighthouse as unknown as LighthouseResult))[1]).toMatchObject({
      ...{ '@classname': '/ (mobile)', failure: { '@message': '9, wanted 5' } },
    })
  })
})
