import { describe, expect, it } from 'vitest'
import type { JudgedPage } from './judge.ts'
import type { LighthouseResult } from './lighthouse.ts'
import { phoneFor } from './phone.ts'
import { indexHtml, markdown, tableOf } from './present.ts'

const page: JudgedPage = {
  name: '/dashboard',
  url: '',
  verdict: 'fail',
  reasons: [],
  measures: {
    'largest-contentful-paint': { actual: 900, limit: 2_500, passed: true },
    'errors-in-console': { actual: 0, limit: 1, passed: false },
  },
}
const result: LighthouseResult = {
  run: 'r',
  startedAt: '2026-01-01T00:00:00Z',
  revision: null,
  faults: [],
  crashed: null,
  machine: {} as LighthouseResult['machine'],
  verdict: 'fail',
  phone: phoneFor(1_100),
  runs: 1,
  forms: [{ formFactor: 'mobile', pages: [page] }],
  notes: [],
  notWatched: [],
}

describe('a page that is broken where no column shows it', () => {
  const reason = 'errors-in-console is 0, expected 1'

  it('has a reason in the terminal, in the comment and in the index', () => {
    expect(tableOf([page])).toContain(`/dashboard: ${reason}`)
    expect(markdown(result)).toContain(`- /dashboard: ${reason}`)
    expect(indexHtml(result, [])).toContain(`<small>${reason}</small>`)
  })

  it('repeats nothing that a column shows', () => {
    const slow = { 'largest-contentful-paint': { actual: 9_000, limit: 2_500, passed: false } }
    const forms = [{ formFactor: 'mobile' as const, pages: [{ ...page, measures: slow }] }]
    expect(markdown({ ...result, forms })).not.toContain('expected')
    expect(indexHtml({ ...result, forms }, [])).not.toContain('<small>')
  })
})

describe('a part of Worklane that ended during an audit', () => {
  it('is shown with its last words, which format nothing', () => {
    const ended = { ...result, crashed: 'api-1 ended during the audit:\n# <b>no memory</b>' }
    expect(markdown(ended)).toContain('api-1 ended during the audit:\n\n    # <b>no memory</b>\n')
    expect(indexHtml(ended, [])).toContain('api-1 ended during the audit:\n# &lt;b&gt;no memory')
    expect(indexHtml(result, [])).not.toContain('<pre')
  })
})

describe('a machine that others used', () => {
  it('is told in the comment and in the index, as is what nobody watched', () => {
    const notes = ['other processes used 0.8 of 2 cores']
    const told = { ...result, notes, notWatched: ['CPU time that other machines took of this one'] }
    for (const text of [markdown(told), indexHtml(told, [])]) {
      expect(text).toContain('other processes used 0.8 of 2 cores')
      expect(text).toContain('not watched: CPU time that other machines took')
    }
  })
})
