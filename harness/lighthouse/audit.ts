import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { desktopAssertions, type LighthouseRc } from '@headroom/perf-budgets/lighthouserc.ts'
import type { Guard } from '../stack/guard.ts'
import { lastLines, launch } from '../stack/part.ts'
import type { AuditedPath } from './pages.ts'
import { type AssertionResult, AssertionResults, type Report, readReports, reportFiles } from './report.ts'
import {
  auditedPage,
  benchmarkSamplesVariable,
  formFactorVariable,
  markersVariable,
  reportsVariable,
} from './variables.ts'

export type FormFactor = 'mobile' | 'desktop'

export type AuditOptions = {
  guard: Guard
  chromium: string
  origin: string
  pages: AuditedPath[]
  /** Cookies of the pages' session, as a request header; undefined for nobody's. */
  cookie: string | undefined
  rc: LighthouseRc
  runs: number
  formFactor: FormFactor
  /** How fast the machine was so far: what a phone is goes by it. */
  benchmarkSamples: readonly number[]
  /** Whether it goes by the runs of this audit as well. */
  followsRuns: boolean
  /** Gets Lighthouse's reports, HTML and JSON. */
  reports: string
  say: (line: string) => void
}

export type Audit = {
  /** In the order in which they were made. */
  lighthouses: Report[]
  assertions: AssertionResult[]
  /** Why there is less than was asked for, or undefined. */
  problem: string | undefined
}

const require = createRequire(import.meta.url)

/**
 * Runs `lhci autorun` over the pages of one session, in a directory of its own, on a copy of lighthouserc.json
 * that has the real addresses. Whatever it leaves behind holds no session.
 */
export async function audit(options: AuditOptions): Promise<Audit> {
  const work = await mkdtemp(join(tmpdir(), 'headroom-lighthouse-'))
  const held = options.guard.directory(work)
  const collected = join(work, '.lighthouseci')
  const logFile = join(work, 'lhci.log')
  try {
    await mkdir(options.reports, { recursive: true })
    await writeFile(join(work, 'lighthouserc.json'), JSON.stringify(runLocal(options), null, 2), {
      mode: 0o600,
    })
    const lhci = launch(options.guard, {
      name: 'lighthouse',
      command: process.execPath,
      args: [require.resolve('@lhci/cli/src/cli.js'), 'autorun', '--config=lighthouserc.json'],
      cwd: work,
      logFile,
      env: {
        // lhci starts Lighthouse by the name `node`.
        PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
        // Chromium's profiles go with the directory, however this ends.
        TMPDIR: work,
        CHROME_PATH: join(import.meta.dirname, 'chromium.sh'),
        HEADROOM_CHROMIUM: options.chromium,
        [markersVariable]: JSON.stringify(
          Object.fromEntries(options.pages.map((page) => [page.path, page.marker])),
        ),
        [formFactorVariable]: options.formFactor,
        [benchmarkSamplesVariable]: JSON.stringify(options.benchmarkSamples),
        ...(options.followsRuns ? { [reportsVariable]: collected } : {}),
      },
    })
    const stopTelling = tell(collected, options)
    const { code } = await lhci.exited
    stopTelling()
    await withoutSession(options)
    const lighthouses = await readReports(collected)
    const assertions = await readAssertions(collected)
    const problem = assertions ? undefined : `lhci ended with ${code}:\n${await lastLines(logFile, 4)}`
    return { lighthouses, assertions: assertions ?? [], problem }
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 3 })
    held.release()
  }
}

function runLocal({ rc, origin, pages, runs, cookie, reports, formFactor }: AuditOptions): LighthouseRc {
  const { collect, assert, upload } = rc.ci
  return {
    ...rc,
    ci: {
      collect: {
        ...collect,
        url: pages.map((page) => origin + page.path),
        numberOfRuns: runs,
        settings: {
          ...collect.settings,
          configPath: join(import.meta.dirname, 'lighthouse-config.ts'),
          ...(cookie === undefined ? {} : { extraHeaders: { Cookie: cookie } }),
        },
      },
      assert: {
        ...assert,
        assertions: {
          ...assert.assertions,
          ...(formFactor === 'desktop' ? desktopAssertions : {}),
          [auditedPage]: ['error', { aggregationMethod: 'pessimistic', minScore: 1 }],
        },
      },
      upload: { ...upload, outputDir: reports },
    },
  }
}

/** Says how far it is, from the files that appear. */
function tell(collected: string, { pages, runs, say }: AuditOptions): () => void {
  let told = 0
  const timer = setInterval(async () => {
    const done = (await reportFiles(collected)).length
    for (; told < done; told++) {
      say(`${pages[Math.floor(told / runs)]?.name}: run ${(told % runs) + 1} of ${runs}`)
    }
  }, 500)
  return () => clearInterval(timer)
}

async function readAssertions(collected: string): Promise<AssertionResult[] | undefined> {
  const text = await readFile(join(collected, 'assertion-results.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : AssertionResults.parse(JSON.parse(text))
}

/** Lighthouse writes the headers that it sent into its reports. */
async function withoutSession({ cookie, reports }: AuditOptions): Promise<void> {
  if (cookie === undefined) return
  for (const name of await readdir(reports)) {
    const file = join(reports, name)
    const text = await readFile(file, 'utf8')
    if (text.includes(cookie)) await writeFile(file, text.replaceAll(cookie, '(left out)'))
  }
}
