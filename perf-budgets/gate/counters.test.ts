import { describe, expect, it } from 'vitest'
import { gate } from '../slo.ts'
import { type CounterKind, type Counters, judgeCounters, lesser, together } from './counters.ts'

const base: Counters = {
  queries: { 'page /dashboard': 6, 'GET /v1/me': 2 },
  bytes: { 'page /dashboard': 60_000 },
  script: { 'page /dashboard': 150_000 },
  allocated: { 'page /dashboard': 2_000_000 },
}
/** Head is as base is, but for this. */
const judged = (change: Counters, accepted?: string[]) => {
  const kinds = Object.keys(base) as CounterKind[]
  const head = Object.fromEntries(kinds.map((kind) => [kind, { ...base[kind], ...change[kind] }]))
  return judgeCounters(base, head, gate.counters, accepted)
}

describe('counters', () => {
  it('say nothing of what is the same, or differs by less than matters', () => {
    expect(judged({})).toEqual({ compared: 5, findings: [] })
    expect(judged({ bytes: { 'page /dashboard': 60_040 } }).findings).toEqual([])
    expect(judged({ allocated: { 'page /dashboard': 2_040_000 } }).findings).toEqual([])
  })

  it.each([
    ['one query more', { queries: { 'page /dashboard': 7 } }, 'queries'],
    ['60 KB more JavaScript', { script: { 'page /dashboard': 210_000 } }, 'script'],
    ['a tenth more of a page', { bytes: { 'page /dashboard': 66_000 } }, 'bytes'],
    ['a fifth more memory', { allocated: { 'page /dashboard': 2_400_000 } }, 'allocated'],
  ])('find %s', (_what, head, kind) => {
    expect(judged(head).findings).toMatchObject([{ kind, route: 'page /dashboard', call: 'worse' }])
  })

  it('praise what became less', () => {
    expect(judged({ queries: { 'GET /v1/me': 1 } }).findings).toMatchObject([{ call: 'better', head: 1 }])
  })

  it('are the lesser of two rounds, route by route', () => {
    const again = { queries: { 'page /dashboard': 7, 'GET /v1/me': 1 }, bytes: { 'page /dashboard': 59_000 } }
    expect(lesser(base, again)).toEqual({
      queries: { 'page /dashboard': 6, 'GET /v1/me': 1 },
      bytes: { 'page /dashboard': 59_000 },
    })
    expect(lesser({ queries: { 'page /new': 3 } }, base)).toEqual({ queries: { 'page /new': 3 } })
  })

  it('let pass what was accepted by name, and nothing else', () => {
    const head = { queries: { 'page /dashboard': 9, 'GET /v1/me': 3 } }
    const calls = (accepted: string[]) => judged(head, accepted).findings.map(({ call }) => call)
    expect(calls(['queries GET /v1/me'])).toEqual(['worse', 'accepted'])
    expect(calls(['queries'])).toEqual(['accepted', 'accepted'])
    expect(calls(['bytes'])).toEqual(['worse', 'worse'])
  })

  it('are told with the worse ones first', () => {
    const better = judged({ queries: { 'GET /v1/me': 1 } })
    const worse = judged({ bytes: { 'page /dashboard': 90_000 } })
    const { compared, findings } = together(better, worse)
    expect([compared, findings.map(({ call }) => call)]).toEqual([10, ['worse', 'better']])
  })

  it('leave out what base does not know yet', () => {
    expect(judged({ queries: { 'page /new': 40 } })).toEqual({ compared: 5, findings: [] })
    expect(judgeCounters({}, base, gate.counters)).toEqual({ compared: 0, findings: [] })
  })

  it('find what head does not answer any more, or does not tell', () => {
    const { allocated: _, ...head } = { ...base, queries: { 'GET /v1/me': 2 } }
    expect(judgeCounters(base, head, gate.counters).findings).toMatchObject([
      { kind: 'queries', route: 'page /dashboard', head: null, call: 'worse' },
      { kind: 'allocated', route: 'page /dashboard', head: null, call: 'worse' },
    ])
    expect(judgeCounters(base, head, gate.counters, ['allocated']).findings[1]?.call).toBe('accepted')
  })
})
