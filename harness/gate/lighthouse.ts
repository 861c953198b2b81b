import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PopulationSpec } from '@headroom/fixtures/population.ts'
import type { Metric } from '@headroom/perf-budgets/gate/judge.ts'
import type { LighthouseRc } from '@headroom/perf-budgets/lighthouserc.ts'
import { gate, validity } from '@headroom/perf-budgets/slo.ts'
import { type AssertionName, verdictOf } from '../lighthouse/judge.ts'
import { lighthouse } from '../lighthouse/lighthouse.ts'
import { type PageName, pagesOf } from '../lighthouse/pages.ts'
import type { Phone } from '../lighthouse/phone.ts'
import { project } from '../project.ts'
import type { Guard } from '../stack/guard.ts'
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
  population: PopulationSpec
  phone: Phone
  random: () => number
  say: (line: string) => void
}

/**
 * Audits pages of both sides in turn, on phones, one run at a time, since an audit measures how long the machine takes:
 * what Lighthouse times scatters as much as anything else here, and a median of five of each would not be compared but
 * guessed.
 * @returns how to have so many pairs of audits, and what they say; it throws GateInvalid when an audit came to
 * nothing, or saw another page
 */
export function audited(sides: Record<SideName, Side>, audits: Audits): (pairs: number) => Promise<Metric[]> {
  const { pages, random, say } = audits
  const found: Record<SideName, Timed>[] = []
  return async (pairs) => {
    const rc = JSON.parse(await readFile(join(project, 'lighthouserc.json'), 'utf8')) as LighthouseRc
    for (const first of ordersOf(pairs - found.length, random)) {
      const both: Partial<Record<SideName, Timed>> = {}
      for (const side of sidesFrom(first)) both[side] = await audit(sides[side], rc, audits)
      found.push(both as Record<SideName, Timed>)
      say(`Lighthouse, pair ${found.length} of ${pairs}: ${pages.join(', ')}`)
    }
    return metricsOfAudits(found)
  }
}

/** What is shown of a timing, such as `LCP of /dashboard` → ms. */
type Timed = ReadonlyMap<string, number>

/**
 * A metric for each timing that both sides tell. A page that blocks nobody has a TBT of 0, of which there is no ratio:
 * what is below the amount that matters counts as that, so that a page that begins to block is worse, and a few
 * milliseconds now and then are not.
 */
export function metricsOfAudits(found: readonly Record<SideName, Timed>[]): Metric[] {
  const names = new Set(found.flatMap(({ base }) => [...base.keys()]))
  return [...names].map((name) => {
    const figures = gate.figures[name.startsWith(timings['total-blocking-time']) ? 'tbt' : 'lcp']
    const pairs = found.flatMap(({ base, head }) => {
      const [before, after] = [base.get(name), head.get(name)]
      if (before === undefined || after === undefined) return []
      return [{ base: Math.max(before, figures.floor), head: Math.max(after, figures.floor) }]
    })
    return { name, unit: 'ms', ...figures, pairs }
  })
}

/** Again where it came to nothing: a browser that dies is no news of either side, nor is a machine that others use. */
async function audit(side: Side, rc: LighthouseRc, audits: Audits): Promise<Timed> {
  for (let again = 0; ; again++) {
    try {
      return await auditOnce(side, rc, audits)
    } catch (error) {
      if (!(error instanceof GateInvalid) || again === validity.replays) throw error
      audits.say(`${error.message}: once more`)
    }
  }
}

async function auditOnce(side: Side, rc: LighthouseRc, audits: Audits): Promise<Timed> {
  const { pages, sessionToken } = pagesOf(audits.population, side.sessionSecret)
  const directory = await mkdtemp(join(tmpdir(), 'headroom-gate-lighthouse-'))
  try {
    const { forms, notes } = await lighthouse({
      id: side.name,
      guard: audits.guard,
      chromium: audits.chromium,
      origin: side.origin,
      sessionToken,
      pages: pages.filter(({ name }) => audits.pages.some((asked) => asked === name)),
      rc,
      runs: 1,
      formFactors: ['mobile'],
      phone: audits.phone,
      isPhoneFixed: true,
      directory,
      say: () => {},
    })
    const judged = forms.flatMap(({ pages }) => pages)
    if (verdictOf(judged) === 'invalid') {
      const reason = judged.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${reason}`))[0]
      throw new GateInvalid(`${side.name} (${side.what}) could not be audited: ${reason}`)
    }
    // Also where every limit held: it is times that are compared.
    if (notes.length > 0) throw new GateInvalid(`${side.name} (${side.what}) could not be timed: ${notes[0]}`)
    return new Map(
      judged.flatMap(({ name, measures }) =>
        (Object.keys(timings) as Timing[]).flatMap((audit) => {
          const measure = measures[audit]
          return measure ? [[`${timings[audit]} of ${name}`, measure.actual] as const] : []
        }),
      ),
    )
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  }
}
