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

  it('holds nothing that XML cannot, such as the colours of a log', () => {
    const reasons = ['\u001b[31mapi-1\u001b[0m ended\u0000:\n\tno memory']
    const xml = junitOfResult(result({ verdict: 'fail', reasons }))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
    expect(casesOf(xml)).toMatchObject([{ failure: { '@message': expect.stringMatching(/^api-1 ended:/) } }])
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

  it('says what is worse in a failed gate, of which nothing else is told', () => {
    const finding = { name: 'CPU of web', unit: 'ms', call: 'worse' as const, base: 1, head: 2, ratio: 2 }
    const gate: Compared = {
      ...{ verdict: 'fail', reasons: [], slices: [] },
      findings: [{ ...finding, interval: [1.9, 2.1], p: 0, pairs: 20, tolerated: 1.05 }],
      counters: {
        compared: 1,
        findings: [{ kind: 'queries', route: 'page /', base: 1, head: null, call: 'worse' }],
      },
    }
    expect(casesOf(junitOfGate(gate))[0]).toMatchObject({
      failure: {
        '@message':
          'timed: CPU of web: 2.000 of base (1.900 to 2.100); counted: queries of page /: 1 to none',
      },
    })
  })

  const page = {
    ...{ name: '/', url: '', verdict: 'fail' as const, reasons: [] },
    measures: { 'total-byte-weight': { actual: 9, limit: 5, passed: false } },
  }
  const lighthouse = (change: object) =>
    casesOf(
      junitOfLighthouse({
        ...{ verdict: 'fail', crashed: null, forms: [{ formFactor: 'mobile', pages: [page] }], ...change },
      } as unknown as LighthouseResult),
    )

  it('has a case for each assertion of a page, and says the broken ones where the verdict is', () => {
    expect(lighthouse({})).toMatchObject([
      { failure: { '@message': '/ (mobile): total-byte-weight: 9, wanted 5' } },
      { '@classname': '/ (mobile)', failure: { '@message': '9, wanted 5' } },
    ])
  })

  it('names some of many broken assertions, and counts the others', () => {
    const pages = Array.from({ length: 12 }, (_, index) => ({ ...page, name: `/${index}` }))
    const [verdict] = lighthouse({ forms: [{ formFactor: 'mobile', pages }] })
    expect(verdict).toMatchObject({
      failure: { '@message': expect.stringMatching(/^\/0 \(mobile\): .*; and 2 more$/) },
    })
  })

  it('says that a part of Worklane ended during an audit, before all else', () => {
    expect(lighthouse({ crashed: 'api-1 ended during the audit:\nno memory' })[0]).toMatchObject({
      failure: { '@message': expect.stringMatching(/^api-1 ended during the audit:\s+no memory; \/ \(mob/) },
    })
  })
})
