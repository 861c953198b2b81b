import { describe, expect, it } from 'vitest'
import type { Result } from '../result/result.ts'
import { junitOfResult } from './junit.ts'
import { casesOf } from './testing/junit-cases.ts'

const result = (change: Partial<Result>) =>
  ({ scenario: 'load', reasons: [], evidence: [], ...change }) as Result
const kept = {
  limit: 'TTFB p95',
  operator: '<',
  expected: 300,
  actual: 90,
  unit: 'ms',
  samples: 99,
  passed: true,
} as const
const evidence: Result['evidence'] = [
  { ...kept, where: { route: 'page /' } },
  { ...kept, where: { route: 'GET <x> & "y"' }, actual: 900, passed: false },
]

describe('JUnit', () => {
  it('has a case for each limit, and for the verdict', () => {
    const xml = junitOfResult(result({ verdict: 'fail', reasons: ['too slow'], evidence }))
    expect(xml).toContain('classname="GET &lt;x&gt; &amp; &quot;y&quot;"')
    const cases = casesOf(xml)
    expect(cases).toMatchObject([
      { '@name': 'verdict', failure: { '@message': 'too slow' } },
      { '@classname': 'page /' },
      { failure: { '@message': expect.stringContaining('900 ms, expected') } },
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
})
