import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { sessionCookieOf } from '@headroom/fixtures/population.ts'
import { assertions, type LighthouseRc } from '@headroom/perf-budgets/lighthouserc.ts'
import { mean } from 'simple-statistics'
import { z } from 'zod'
import type { Result } from '../judge/result.ts'
import { junitOfLighthouse } from '../report/junit.ts'
import { asJson, writeTexts } from '../report/write.ts'
import { thisMachine } from '../run/machine.ts'
import { revision } from '../run/revision.ts'
import type { Guard } from '../stack/guard.ts'
import { audit, type FormFactor } from './audit.ts'
import { type AssertionName, type JudgedPage, judge, type Verdict, verdictOf } from './judge.ts'
import type { AuditedPath } from './pages.ts'
import { type Phone, phoneFor } from './phone.ts'
import { indexHtml, markdown, type ReportLink } from './present.ts'
import { looksOf } from './report.ts'

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
export type JudgedForm = { formFactor: FormFactor; pages: JudgedPage[] }

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
}

/** Audits the pages in each form, each session's in turn, and writes what was found. Takes about 9 s a run of a page. */
export async function lighthouse(run: LighthouseRun): Promise<LighthouseResult> {
  const startedAt = new Date().toISOString()
  const forms: JudgedForm[] = []
  const links: ReportLink[] = []
  const looks = [run.phone.benchmarkIndex]
  for (const formFactor of run.formFactors) {
    const found = await auditForm(run, formFactor, looks)
    forms.push({ formFactor, pages: found.pages })
    links.push(...found.links)
  }
  const crashed = run.crash?.() ?? null
  const verdict = verdictOf(
    forms.flatMap(({ pages }) => pages),
    crashed,
  )
  const result: LighthouseResult = {
    ...{ run: run.id, startedAt, revision: await revision(), machine: thisMachine() },
    ...{ verdict, faults: run.faults ?? [], crashed },
    ...{ phone: phoneFor(mean(looks)), runs: run.runs, forms },
  }
  await writeTexts(run.directory, {
    'result.json': () => asJson(result),
    'index.html': () => indexHtml(result, links),
    'summary.md': () => markdown(result),
    'junit.xml': () => junitOfLighthouse(result),
  })
  return result
}

async function auditForm(
  run: LighthouseRun,
  formFactor: FormFactor,
  looks: number[],
): Promise<{ pages: JudgedPage[]; links: ReportLink[] }> {
  const sessions = [
    { session: 'nobody', cookie: undefined },
    { session: 'user', cookie: `${sessionCookieOf(run.origin)}=${run.sessionToken}` },
  ] as const
  const judged: JudgedPage[] = []
  const links: ReportLink[] = []
  for (const { session, cookie } of sessions) {
    const pages = run.pages.filter((page) => page.session === session)
    if (pages.length === 0) continue
    const below = `${formFactor}/${session}`
    const reports = join(run.directory, below)
    const followsRuns = !run.isPhoneFixed
    const found = await audit({ ...run, formFactor, pages, cookie, reports, looks, followsRuns })
    const names = Object.keys(assertions) as AssertionName[]
    judged.push(...judge({ ...run, formFactor, pages, names, looks, followsRuns }, found))
    if (followsRuns && formFactor === 'mobile') looks.push(...looksOf(found.lighthouses))
    links.push(...(await linksTo(reports, below)).map((link) => ({ ...link, formFactor })))
  }
  return { pages: judged, links }
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
