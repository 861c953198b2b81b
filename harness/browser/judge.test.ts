import { labelOf, metrics, parts, visitedPages, vitalsOf } from '@headroom/loadtests/wire/visits.ts'
import { stagesOf, workloads } from '@headroom/loadtests/wire/workloads.ts'
import { validity } from '@headroom/perf-budgets/slo.ts'
import { describe, expect, it } from 'vitest'
import { nothing } from '../collect/collector.ts'
import { judge } from '../judge/judge.ts'
import { costOf } from '../report/browser.ts'
import { actualOf } from '../result/evidence.ts'
import { limits } from '../result/web-vitals.ts'
import { judgeVisits } from './judge.ts'
import type { Sample, Seen, Visit } from './samples.ts'

const stages = Object.keys(parts)
const well = { TTFB: 100, FCP: 200, LCP: 400, CLS: 0.01, INP: 40 }

/** What a browser tells of so many good rounds in each part, with something of it changed. */
function seen({
  rounds = 10,
  visit = (each: Visit): Visit | null => each,
  sample = (each: Sample): Sample | null => each,
} = {}): Seen {
  const labels = stages.flatMap((stage) =>
    Array.from({ length: rounds }, (_, number) =>
      visitedPages.map((page) => ({ stage, page, number })),
    ).flat(),
  )
  return {
    visits: labels.flatMap((label) => visit({ ...label, outcome: 'shown', saw: '', within: true }) ?? []),
    samples: labels.flatMap((label) =>
      vitalsOf(label.page).flatMap((vital) => sample({ ...label, vital, value: well[vital] }) ?? []),
    ),
    finished: true,
  }
}

const broken = (from: Seen) =>
  judgeVisits(from)
    .evidence.filter(({ passed }) => !passed)
    .map(({ limit, where }) => [where.phase, where.route, limit].filter(Boolean).join(' '))

describe('the visits of a browser', () => {
  it('pass when every median is below its limit, on each page, alone and beside the swarm', () => {
    const { evidence, invalidReasons, facts, vitals } = judgeVisits(seen())
    expect({ invalidReasons, facts, broken: broken(seen()) }).toEqual({
      invalidReasons: [],
      facts: [],
      broken: [],
    })
    expect(vitals).toHaveLength(2 * (4 * 5 + 3))
    expect(evidence.map(({ samples }) => samples).every((samples) => samples >= 10)).toBe(true)
  })

  it('break a limit where one page is late, and only there', () => {
    const late = seen({
      sample: (each) =>
        each.page === '/dashboard' && each.vital === 'LCP' ? { ...each, value: limits.LCP + 300 } : each,
    })
    expect(broken(late)).toEqual(['alone /dashboard LCP median', 'loaded /dashboard LCP median'])
  })

  it('break a limit beside the swarm alone, and the cost says how much', () => {
    const loaded = seen({
      sample: (each) =>
        each.stage === 'steady' && each.vital === 'TTFB' ? { ...each, value: 10 * each.value } : each,
    })
    expect(broken(loaded)).toEqual(
      visitedPages.filter((page) => !page.startsWith('click')).map((page) => `loaded ${page} TTFB median`),
    )
    const { vitals } = judgeVisits(loaded)
    expect(costOf({ chromium: '', parts: [], vitals }, 'TTFB')).toBeCloseTo(10)
  })

  it('are judged by the middle, and tell the third quarter', () => {
    const values = [100, 200, 300, 400, 5_000]
    const spread = seen({ rounds: 5, sample: (each) => ({ ...each, value: values[each.number] ?? 0 }) })
    expect(judgeVisits(spread).vitals[0]).toMatchObject({ median: 300, p75: 400, samples: 5, passed: true })
  })

  it.each(visitedPages.flatMap((page) => vitalsOf(page).map((vital) => [vital, page] as const)))(
    'say nothing without any %s of %s, and name it',
    (vital, page) => {
      const without = seen({
        sample: (each) =>
          each.stage === 'steady' && each.page === page && each.vital === vital ? null : each,
      })
      expect(judgeVisits(without).invalidReasons).toEqual([
        `fewer than ${validity.vitalSamples} samples loaded of ${page} (${vital} 0); run longer with --duration`,
      ])
    },
  )

  it('say nothing when there were none at all', () => {
    const { invalidReasons, evidence } = judgeVisits({ visits: [], samples: [], finished: true })
    expect(invalidReasons).toHaveLength(2)
    expect(evidence.filter(({ limit }) => limit.endsWith('median')).every(({ passed }) => !passed)).toBe(true)
  })

  it('break a limit when one of them was led to another page, whose times do not count', () => {
    const led = seen({
      visit: (each) =>
        each.stage === 'alone' && each.page === '/dashboard' && each.number === 3
          ? { ...each, outcome: 'wrong', saw: 'was led elsewhere (at /sign-in)' }
          : each,
    })
    expect(broken(led)).toEqual(['pages shown alone'])
    const { evidence, vitals } = judgeVisits(led)
    expect(evidence.slice(0, 1).map(actualOf)).toEqual([
      '49 of 50 visits (/dashboard was led elsewhere (at /sign-in))',
    ])
    expect(vitals.find(({ page }) => page === '/dashboard')?.samples).toBe(9)
  })

  it('do not count where they reached over the end of their part', () => {
    const cut = seen({ visit: (each) => ({ ...each, within: each.number > 0 }) })
    expect(new Set(judgeVisits(cut).vitals.map(({ samples }) => samples))).toEqual(new Set([9]))
    expect(broken(cut)).toEqual([])
  })

  it('state a fact where they saw another tenant, whichever part it was', () => {
    const leak = seen({
      visit: (each) =>
        each.page === '/dashboard' && each.number === 0 && each.stage === 'alone'
          ? { ...each, stage: 'ramp', outcome: 'leak', saw: 'cnr-0' }
          : each,
    })
    expect(judgeVisits(leak).facts).toEqual([
      "/dashboard showed another tenant's text in the browser (cnr-0)",
    ])
  })
})

describe('a run with a browser beside it', () => {
  const verdictWith = (from: Seen) =>
    judge(nothing(), {
      users: 0,
      stages: [],
      vus: 0,
      shards: 1,
      connections: 1,
      judgedMs: 1,
      k6ExitCode: 0,
      k6LastLines: '',
      crashes: [],
      generatorCpuShare: null,
      generatorRssBytes: null,
      interrupted: false,
      population: null,
      more: judgeVisits(from),
    })

  it('is invalid, and names the page and the vital, when one was not measured', () => {
    const { verdict, reasons } = verdictWith(
      seen({ sample: (each) => (each.page === '/' && each.vital === 'INP' ? null : each) }),
    )
    expect(verdict).toBe('invalid')
    expect(reasons.join('\n')).toMatch(/samples alone of \/ \(INP 0\)/)
  })

  it('fails whatever else is so when the browser saw another tenant', () => {
    const { verdict } = verdictWith(
      seen({ visit: (each) => (each.number === 0 ? { ...each, outcome: 'leak', saw: 'cnr-0' } : each) }),
    )
    expect(verdict).toBe('fail')
  })
})

it('the browser has for itself as long as it has beside the swarm', () => {
  const [alone, , steady] = stagesOf(workloads.browser)
  expect(alone).toMatchObject({ users: 0, duration: steady?.duration, judged: 'none' })
})

it('metrics of the browser are called as k6 calls them', () => {
  expect(metrics.vital('LCP')).toBe('browser_web_vital_lcp')
  expect(labelOf({ stage: 'steady', page: '/dashboard', number: 3 })).toBe('steady 3 /dashboard')
})
