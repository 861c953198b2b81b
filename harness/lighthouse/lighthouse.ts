import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { sessionCookieOf } from '@headroom/fixtures/population.ts'
import { assertions, type LighthouseRc } from '@headroom/perf-budgets/lighthouserc.ts'
import { validity } from '@headroom/perf-budgets/slo.ts'
import { mean } from 'simple-statistics'
import { z } from 'zod'
import { disturbancesOf } from '../judge/machine.ts'
import { asJson, writeTexts } from '../report/write.ts'
import { thisMachine } from '../result/machine.ts'
import type { Result } from '../result/result.ts'
import { revision } from '../result/revision.ts'
import type { Guard } from '../stack/guard.ts'
import { watched } from '../stack/machine-load.ts'
import { audit, type FormFactor } from './audit.ts'
import {
  type AssertionName,
  type JudgedPage,
  judge,
  onDisturbedMachine,
  type Verdict,
  verdictOf,
} from './judge.ts'
import { junitOfLighthouse } from './junit.ts'
import type { AuditedPath } from './pages.ts'
import { type Phone, phoneFor } from './phone.ts'
import { indexHtml, markdown, type ReportLink } from './present.ts'
import { benchmarkSamplesOf } from './report.ts'

export type LighthouseRun = {
  id: string
  guard: Guard
  chromium: string
  origin: string
  pages: AuditedPath[]
  /** Of the user whose pages are audited. */
  sessionToken: string
  rc: LighthouseRc
  runs: number
  formFactors: readonly FormFactor[]
  /** What a phone is before the first run; after it, it goes by how fast the machine was before each. */
  phone: Phone
  /** The same phone in each run, for those who compare runs. */
  isPhoneFixed?: boolean
  /** Where index.html, result.json and the reports go. */
  directory: string
  say: (line: string) => void
  /** As the command line has them. */
  faults?: string[]
  /** Which part of Worklane ended, and its last words; asked once all pages are audited. */
  crash?: () => string | undefined
}

/** What was found on phones, or on computers. */
type JudgedForm = { formFactor: FormFactor; pages: JudgedPage[] }

export type LighthouseResult = {
  run: string
  startedAt: string
  revision: string | null
  machine: Result['machine']
  verdict: Verdict
  /** What was broken on purpose: such a result is no measurement of this revision. */
  faults: string[]
  /** The part of Worklane that ended during the audit, with its last words; null when none did. */
  crashed: string | null
  /** What phones were on this machine, on average. */
  phone: Phone
  /** Of each page. */
  runs: number
  forms: JudgedForm[]
  /** What is told whatever the verdict is, such as that others used the machine. */
  notes: string[]
  /** What this verdict knows nothing of, and why. */
  notWatched: string[]
}

/** Audits the pages in each form, each session's in turn, and writes what was found. Takes about 9 s a run of a page. */
export async function lighthouse(run: LighthouseRun): Promise<LighthouseResult> {
  const startedAt = new Date().toISOString()
  const forms: JudgedForm[] = []
  const links: ReportLink[] = []
  const benchmarkSamples = [run.phone.benchmarkIndex]
  const machine: Seen = { notes: new Set(), notWatched: new Set() }
  for (const formFactor of run.formFactors) {
    const found = await auditForm(run, formFactor, benchmarkSamples, machine)
    forms.push({ formFactor, pages: found.pages })
    links.push(...found.links)
  }
  const crashed = run.crash?.() ?? null
  const verdict = verdictOf(
    forms.flatMap(({ pages }) => pages),
    crashed,
  )
  const result: LighthouseResult = {
    run: run.id,
    startedAt,
    revision: await revision(),
    machine: thisMachine(),
    verdict,
    faults: run.faults ?? [],
    crashed,
    phone: phoneFor(mean(benchmarkSamples)),
    runs: run.runs,
    forms,
    notes: [...machine.notes],
    notWatched: [...machine.notWatched],
  }
  await writeTexts(run.directory, {
    'result.json': () => asJson(result),
    'index.html': () => indexHtml(result, links),
    'summary.md': () => markdown(result),
    'junit.xml': () => junitOfLighthouse(result),
  })
  return result
}

/** Of the machine, over all audits. */
type Seen = { notes: Set<string>; notWatched: Set<string> }

async function auditForm(
  run: LighthouseRun,
  formFactor: FormFactor,
  benchmarkSamples: number[],
  machine: Seen,
): Promise<{ pages: JudgedPage[]; links: ReportLink[] }> {
  const sessions = [
    { session: 'nobody', cookie: undefined },
    { session: 'user', cookie: `${sessionCookieOf(run.origin)}=${run.sessionToken}` },
  ] as const
  const judged = new Map<string, JudgedPage>()
  const links: ReportLink[] = []
  for (const { session, cookie } of sessions) {
    let pages = run.pages.filter((page) => page.session === session)
    for (let again = 0; pages.length > 0; again++) {
      const below = `${formFactor}/${session}${again > 0 ? `-again-${again}` : ''}`
      const reports = join(run.directory, below)
      const followsRuns = !run.isPhoneFixed
      const { value: found, machine: seen } = await watched(() =>
        audit({ ...run, formFactor, pages, cookie, reports, benchmarkSamples, followsRuns }),
      )
      const disturbances = disturbancesOf(seen.load)
      for (const note of disturbances) machine.notes.add(note)
      for (const what of seen.notWatched) machine.notWatched.add(what)
      const names = Object.keys(assertions) as AssertionName[]
      const ofPages = judge({ ...run, formFactor, pages, names, benchmarkSamples, followsRuns }, found)
      for (const page of ofPages) judged.set(page.name, onDisturbedMachine(page, disturbances))
      if (followsRuns && formFactor === 'mobile')
        benchmarkSamples.push(...benchmarkSamplesOf(found.lighthouses))
      links.push(...(await linksTo(reports, below)).map((link) => ({ ...link, formFactor })))
      // What was late while others used the machine is audited again, a few times.
      const disturbed = ofPages.filter((page) => judged.get(page.name) !== page).map(({ name }) => name)
      pages = again < validity.replays ? pages.filter(({ name }) => disturbed.includes(name)) : []
      if (pages.length > 0) run.say(`${disturbances.join('; ')}: ${disturbed.join(', ')} once more`)
    }
  }
  return { pages: run.pages.flatMap(({ name }) => judged.get(name) ?? []), links }
}

const Manifest = z.array(
  z.object({ url: z.string(), isRepresentativeRun: z.boolean(), htmlPath: z.string() }),
)

async function linksTo(reports: string, below: string): Promise<Omit<ReportLink, 'formFactor'>[]> {
  const text = await readFile(join(reports, 'manifest.json'), 'utf8').catch(() => '[]')
  return Manifest.parse(JSON.parse(text)).map(({ url, isRepresentativeRun, htmlPath }) => ({
    page: url,
    href: `${below}/${basename(htmlPath)}`,
    typical: isRepresentativeRun,
  }))
}
