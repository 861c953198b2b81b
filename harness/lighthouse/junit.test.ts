import { describe, expect, it } from 'vitest'
import { casesOf } from '../report/testing/junit-cases.ts'
import { junitOfLighthouse } from './junit.ts'
import type { LighthouseResult } from './lighthouse.ts'

describe('JUnit of audits', () => {
  const page = {
    name: '/',
    url: '',
    verdict: 'fail' as const,
    reasons: [],
    measures: { 'total-byte-weight': { actual: 9, limit: 5, passed: false } },
  }
  const lighthouse = (change: object) =>
    casesOf(
      junitOfLighthouse({
        verdict: 'fail',
        crashed: null,
        forms: [{ formFactor: 'mobile', pages: [page] }],
        ...change,
      } as unknown as LighthouseResult),
    )

  it('has a case for each assertion of a page, and says the broken ones where the verdict is', () => {
    expect(lighthouse({})).toMatchObject([
      { failure: { '@message': '/ (mobile): total-byte-weight: 9, expected 5' } },
      { '@classname': '/ (mobile)', failure: { '@message': '9, expected 5' } },
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
