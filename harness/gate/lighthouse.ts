import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PopulationSpec } from '@headroom/fixtures/population.ts'
import type { Metric } from '@headroom/perf-budgets/gate/judge.ts'
import type { LighthouseRc } from '@headroom/perf-budgets/lighthouserc.ts'
import { gate } from '@headroom/perf-budgets/slo.ts'
import { type AssertionName, verdictOf } from '../lighthouse/judge.ts'
import { lighthouse } from '../lighthouse/lighthouse.ts'
import { type PageName, pagesOf } from '../lighthouse/pages.ts'
import type { Phone } from '../lighthouse/phone.ts'
import type { Guard } from '../stack/guard.ts'
import { project } from '../stack/project.ts'
import { GateInvalid, type Side } from './sides.ts'
import { ordersOf, type SideName, sidesFrom } from './slices.ts'

/** What of an audit is timed: Lighthouse's audit → how it is called. Others are counted, and need no pairs. */
const timings = {
  'largest-contentful-paint': 'LCP',
  'total-blocking-time': 'TBT',
} as const satisfies Partial<Record<AssertionName, string>>
type Timing = keyof typeof timings

type Audits = {
  guard: Guard
  chromium: string
  pages: readonly PageName[]
  pairs: number
  population: PopulationSpec
  phone: Phone
  random: () => number
  say: (line: string) => void
}

/**
 * Audits pages of both sides in turn, on phones, one run at a time, as slices are played: what Lighthouse times
 * scatters as much as anything else here, and a median of five of each would not be compared but guessed.
 * @throws GateInvalid when an audit came to nothing, or saw another page
 */
export async function lighthouseMetrics(sides: Record<SideName, Side>, audits: Audits): Promise<Metric[]> {
  const { pages, pairs, random, say } = audits
  const rc = JSON.parse(await readFile(join(project, 'lighthouserc.json'), 'utf8')) as LighthouseRc
  const metrics = new Map<string, Metric & { pairs: { base: number; head: number }[] }>()
  for (const [pair, first] of ordersOf(pairs, random).entries()) {
    const found = {} as Record<SideName, Map<string, number>>
    for (const side of sidesFrom(first)) found[side] = await auditOnce(sides[side], rc, audits)
    for (const [name, base] of found.base) {
      const head = found.head.get(name)
      // Nothing has no ratio: a page that blocks nobody on either side cannot be worse at it by a ratio.
      if (head === undefined || base <= 0 || head <= 0) continue
      const figure = name.startsWith(timings['total-blocking-time']) ? 'tbt' : 'lcp'
      const metric = metrics.get(name) ?? { name, unit: 'ms', ...gate.figures[figure], pairs: [] }
      metric.pairs.push({ base, head })
      metrics.set(name, metric)
    }
    say(`Lighthouse, pair ${pair + 1} of ${pairs}: ${pages.join(', ')}`)
  }
  // With a zero in more than a few pairs there is nothing left to compare.
  return [...metrics.values()].filter((metric) => metric.pairs.length > pairs * 0.8)
}

async function auditOnce(side: Side, rc: LighthouseRc, audits: Audits): Promise<Map<string, number>> {
  const { pages, sessionToken } = pagesOf(audits.population, side.sessionSecret)
  const directory = await mkdtemp(join(tmpdir(), 'headroom-gate-lighthouse-'))
  try {
    const { forms } = await lighthouse({
      ...{ id: side.name, guard: audits.guard, chromium: audits.chromium, origin: side.origin, sessionToken },
      pages: pages.filter(({ name }) => audits.pages.some((asked) => asked === name)),
      ...{ rc, runs: 1, formFactors: ['mobile'], phone: audits.phone, directory, say: () => {} },
    })
    const judged = forms.flatMap(({ pages }) => pages)
    if (verdictOf(judged) === 'invalid') {
      const reason = judged.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${reason}`))[0]
      throw new GateInvalid(`${side.name} (${side.what}) could not be audited: ${reason}`)
    }
    return new Map(
      judged.flatMap(({ name, measures }) =>
        (Object.keys(timings) as Timing[]).flatMap((audit) => {
          const measure = measures[audit]
          return measure ? [[`${timings[audit]} of ${name}`, measure.actual] as const] : []
        }),
      ),
    )
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
