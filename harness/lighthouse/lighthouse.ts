import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { assertions, type LighthouseRc } from '@headroom/perf-budgets/lighthouserc.ts'
import { z } from 'zod'
import type { Guard } from '../stack/guard.ts'
import { audit, type FormFactor } from './audit.ts'
import { type AssertionName, type JudgedPage, judge, type Verdict, verdictOf } from './judge.ts'
import type { AuditedPath } from './pages.ts'
import { indexHtml, type ReportLink } from './present.ts'

export type LighthouseRun = {
  guard: Guard
  chromium: string
  origin: string
  pages: AuditedPath[]
  /** Of the user whose pages are audited. */
  sessionToken: string
  rc: LighthouseRc
  runs: number
  formFactor: FormFactor
  /** Where index.html, result.json and the reports go. */
  directory: string
  say: (line: string) => void
}

export type LighthouseResult = {
  verdict: Verdict
  formFactor: FormFactor
  runs: number
  pages: JudgedPage[]
}

/** Audits the pages, each session's in turn, and writes what was found. Takes about 15 s a run of a page. */
export async function lighthouse(run: LighthouseRun): Promise<LighthouseResult> {
  const sessions = [
    { session: 'nobody', cookie: undefined },
    { session: 'user', cookie: `${cookieName(run.origin)}=${run.sessionToken}` },
  ] as const
  const judged: JudgedPage[] = []
  const links: ReportLink[] = []
  for (const { session, cookie } of sessions) {
    const pages = run.pages.filter((page) => page.session === session)
    if (pages.length === 0) continue
    const reports = join(run.directory, session)
    const found = await audit({ ...run, pages, cookie, reports })
    const names = Object.keys(assertions) as AssertionName[]
    judged.push(...judge({ ...run, pages, names }, found))
    links.push(...(await linksTo(reports, session)))
  }
  const result = { verdict: verdictOf(judged), formFactor: run.formFactor, runs: run.runs, pages: judged }
  await mkdir(run.directory, { recursive: true })
  const title = `Lighthouse, ${run.formFactor}, median of ${run.runs}`
  await writeFile(join(run.directory, 'index.html'), indexHtml(title, result.verdict, judged, links))
  await writeFile(join(run.directory, 'result.json'), `${JSON.stringify(result, null, 2)}\n`)
  return result
}

/** Auth.js puts a prefix on cookies that only https may carry. */
const cookieName = (origin: string) =>
  origin.startsWith('https:') ? '__Secure-authjs.session-token' : 'authjs.session-token'

const Manifest = z.array(
  z.object({ url: z.string(), isRepresentativeRun: z.boolean(), htmlPath: z.string() }),
)

async function linksTo(reports: string, below: string): Promise<ReportLink[]> {
  const text = await readFile(join(reports, 'manifest.json'), 'utf8').catch(() => '[]')
  return Manifest.parse(JSON.parse(text)).map(({ url, isRepresentativeRun, htmlPath }) => ({
    page: url,
    href: `${below}/${basename(htmlPath)}`,
    typical: isRepresentativeRun,
  }))
}
