import { describe, expect, it } from 'vitest'
import { casesOf } from '../report/testing/junit-cases.ts'
import type { Compared } from './gate.ts'
import { junitOfGate } from './junit.ts'

describe('JUnit of a gate', () => {
  it('tells an undecided gate as skipped, and a worse counter as a failure', () => {
    const gate: Compared = {
      verdict: 'undecided',
      findings: [],
      reasons: [],
      slices: [],
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
      verdict: 'fail',
      reasons: [],
      slices: [],
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
})
