import {
  type Part,
  parts,
  type VisitedPage,
  type Vital,
  visitedPages,
  vitalsOf,
} from '@headroom/loadtests/wire/visits.ts'
import { validity } from '@headroom/perf-budgets/slo.ts'
import { median, quantile } from 'simple-statistics'
import type { Evidence } from '../result/evidence.ts'
import type { PartResult, VitalResult } from '../result/result.ts'
import { limits } from '../result/web-vitals.ts'
import type { Seen, Visit } from './samples.ts'

export type BrowserJudgement = {
  evidence: Evidence[]
  /** Why it cannot be trusted. */
  invalidReasons: string[]
  /** What is so whatever else was measured. */
  facts: string[]
  vitals: VitalResult[]
  parts: Omit<PartResult, 'cores'>[]
}

const bothParts = Object.values(parts)

/**
 * Holds the median of each vital on each page against its limit, alone and beside the swarm. Only visits that
 * showed the right page count, and only with enough of them: a sign-in page is fast, and so is nothing.
 */
export function judgeVisits(seen: Seen, minimum: number = validity.vitalSamples): BrowserJudgement {
  const results = bothParts.flatMap((part) =>
    visitedPages.flatMap((page) => vitalsOf(page).map((vital) => vitalResult(seen, part, page, vital))),
  )
  const ofParts = bothParts.map((part) => partResult(seen, part))
  return {
    evidence: [...ofParts.map(visitEvidence), ...results.map(vitalEvidence)],
    invalidReasons: thin(results, minimum),
    facts: seen.visits
      .filter(({ outcome }) => outcome === 'leak')
      .map(({ page, saw }) => `${page} showed another tenant's text in the browser (${saw})`),
    vitals: results,
    parts: ofParts,
  }
}

const partOf = ({ stage }: Pick<Visit, 'stage'>): Part | undefined => parts[stage as keyof typeof parts]

function vitalResult(seen: Seen, part: Part, page: VisitedPage, vital: Vital): VitalResult {
  const good = new Set(
    seen.visits
      .filter((visit) => partOf(visit) === part && visit.page === page)
      .filter(({ outcome, within }) => outcome === 'shown' && within)
      .map(({ number }) => number),
  )
  // One a visit: a page may correct what it told before.
  const ofVisit = new Map(
    seen.samples
      .filter((sample) => partOf(sample) === part && sample.page === page && sample.vital === vital)
      .filter(({ number }) => good.has(number))
      .map(({ number, value }) => [number, value]),
  )
  const values = [...ofVisit.values()]
  const middle = values.length > 0 ? median(values) : null
  return {
    page,
    part,
    vital,
    samples: values.length,
    median: middle,
    p75: values.length > 0 ? quantile(values, 0.75) : null,
    limit: limits[vital],
    passed: middle !== null && middle < limits[vital],
  }
}

function partResult({ visits }: Seen, part: Part): Omit<PartResult, 'cores'> {
  const all = visits.filter((visit) => partOf(visit) === part)
  const wrong = new Map<string, number>()
  for (const { outcome, page, saw } of all) {
    if (outcome !== 'shown') wrong.set(`${page} ${saw}`, (wrong.get(`${page} ${saw}`) ?? 0) + 1)
  }
  return {
    part,
    visits: all.length,
    shown: all.filter(({ outcome }) => outcome === 'shown').length,
    wrong: [...wrong].map(([what, count]) => ({ what, count })),
  }
}

function visitEvidence({ part, visits, shown, wrong }: Omit<PartResult, 'cores'>): Evidence {
  const instead = wrong.map(({ what, count }) => `${what}${count > 1 ? ` (${count} times)` : ''}`)
  return {
    limit: `pages shown ${part}`,
    where: {},
    operator: '=',
    // Each, with nothing of another tenant.
    expected: 1,
    actual: visits > 0 ? shown / visits : null,
    unit: 'share',
    samples: visits,
    samplesOf: 'visits',
    detail: instead.slice(0, 3).join('; '),
    passed: shown === visits,
  }
}

function vitalEvidence({ page, part, vital, samples, median, limit, passed }: VitalResult): Evidence {
  return {
    limit: `${vital} median`,
    where: { route: page, phase: part },
    operator: '<',
    expected: limit,
    actual: median,
    unit: vital === 'CLS' ? 'index' : 'ms',
    samples,
    passed,
  }
}

/** Names what too little was measured of, one line a part. */
function thin(results: readonly VitalResult[], minimum: number): string[] {
  return bothParts.flatMap((part) => {
    const few = results.filter((result) => result.part === part && result.samples < minimum)
    if (few.length === 0) return []
    const named = visitedPages.flatMap((page) => {
      const ofPage = few.filter((result) => result.page === page)
      const counts = ofPage.map(({ vital, samples }) => `${vital} ${samples}`).join(', ')
      return counts ? [`${page} (${counts})`] : []
    })
    return [`fewer than ${minimum} samples ${part} of ${named.join(', ')}; run longer with --duration`]
  })
}
