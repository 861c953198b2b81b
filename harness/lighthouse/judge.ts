import { type assertions as allAssertions, timedAssertions } from '@headroom/perf-budgets/lighthouserc.ts'
import type { Audit, AuditOptions } from './audit.ts'
import type { AuditedPath } from './pages.ts'
import { phoneAfter } from './phone.ts'
import { type AssertionResult, benchmarkSamplesOf, type Report } from './report.ts'
import { auditedPage } from './variables.ts'

export type Verdict = 'pass' | 'fail' | 'invalid'

type Measure = { actual: number; limit: number; passed: boolean }

export type JudgedPage = {
  name: string
  url: string
  verdict: Verdict
  /** What lhci asserted → what it found, aggregated over the runs as lighthouserc.json says. */
  measures: Partial<Record<AssertionName, Measure>>
  /** Why the page's figures say nothing, each reason once. */
  reasons: string[]
}

/** What was imitated, as the audit was told. */
type Imitated = Pick<AuditOptions, 'formFactor' | 'benchmarkSamples' | 'followsRuns'>

export type AssertionName = keyof typeof allAssertions

/** The major version whose audits are asserted. */
const lighthouseVersion = '13.'

/**
 * What the audit of the pages of one session says. A page is invalid when Lighthouse ran less often than asked,
 * in another version or form, saw another page than the one asked for, or when something promised was not measured.
 */
export function judge(
  asked: {
    origin: string
    pages: AuditedPath[]
    runs: number
    names: AssertionName[]
  } & Imitated,
  { lighthouses, assertions, problem }: Audit,
): JudgedPage[] {
  return asked.pages.map(({ name, path }) => {
    const url = asked.origin + path
    const reports = lighthouses.filter((report) => report.requestedUrl === url)
    const measures = measuresOf(assertions.filter((result) => result.url === url))
    const reasons = new Set([
      ...(problem === undefined ? [] : [problem]),
      ...(reports.length === asked.runs ? [] : [`${reports.length} of ${asked.runs} runs were made`]),
      ...lighthouses.flatMap((report, place) =>
        report.requestedUrl === url ? invalidReasonsOf(report, asked, lighthouses.slice(0, place)) : [],
      ),
      ...asked.names
        .filter((measure) => measures[measure] === undefined)
        .map((measure) => `${measure} was not measured`),
    ])
    const broken = Object.values(measures).some((measure) => !measure.passed)
    const verdict = reasons.size > 0 ? 'invalid' : broken ? 'fail' : 'pass'
    return { name, url, verdict, measures, reasons: [...reasons] }
  })
}

/**
 * What is left of a page's verdict where others used the machine: what was late may be late for that, and what was
 * counted is so in any case.
 */
export function onDisturbedMachine(page: JudgedPage, disturbances: readonly string[]): JudgedPage {
  const broken = Object.entries(page.measures).filter(([, { passed }]) => !passed)
  const isTimed = broken.every(([name]) => timedAssertions.some((timed) => timed === name))
  if (page.verdict !== 'fail' || disturbances.length === 0 || !isTimed) return page
  return { ...page, verdict: 'invalid', reasons: [...disturbances, ...page.reasons] }
}

/**
 * Nothing judged is nothing known.
 * @param crashed the part of Worklane that ended during the audit: a fact, whatever was measured beside it
 */
export function verdictOf(pages: JudgedPage[], crashed: string | null = null): Verdict {
  if (crashed !== null) return 'fail'
  const verdicts = pages.map((page) => page.verdict)
  if (verdicts.length === 0 || verdicts.includes('invalid')) return 'invalid'
  return verdicts.includes('fail') ? 'fail' : 'pass'
}

function invalidReasonsOf(
  report: Report,
  { formFactor, benchmarkSamples, followsRuns }: Imitated,
  earlier: readonly Report[],
): string[] {
  const { [auditedPage]: proof } = report.audits
  return [
    ...(proof.score === 1 ? [] : [proof.explanation ?? 'nothing proves that this page was audited']),
    ...(report.runtimeError
      ? [`Lighthouse: ${report.runtimeError.code} ${report.runtimeError.message}`]
      : []),
    ...(report.lighthouseVersion.startsWith(lighthouseVersion)
      ? []
      : [`Lighthouse ${report.lighthouseVersion} ran, not ${lighthouseVersion}x`]),
    ...(report.configSettings.formFactor === formFactor
      ? []
      : [`audited as ${report.configSettings.formFactor}, not ${formFactor}`]),
    ...(formFactor === 'mobile'
      ? invalidReasonsOfPhone(report, [
          ...benchmarkSamples,
          ...(followsRuns ? benchmarkSamplesOf(earlier) : []),
        ])
      : []),
  ]
}

function invalidReasonsOfPhone(report: Report, benchmarkSamples: readonly number[]): string[] {
  const { cpuSlowdown, benchmarkIndex } = phoneAfter(benchmarkSamples)
  const used = report.configSettings.throttling.cpuSlowdownMultiplier
  if (used !== cpuSlowdown)
    return [`the phone was ${used} times slower than this machine, not ${cpuSlowdown}`]
  if (cpuSlowdown >= 1) return []
  return [
    `this machine (benchmark index ${Math.round(benchmarkIndex)}) is slower than a phone: nothing can be said of one`,
  ]
}

function measuresOf(results: AssertionResult[]): JudgedPage['measures'] {
  return Object.fromEntries(
    results.flatMap(({ auditId, auditProperty, actual, expected, passed }) => {
      if (actual === null) return []
      const name = [auditId, ...(auditProperty?.split('.') ?? [])].join(':')
      return [[name, { actual, limit: expected, passed }] as const]
    }),
  )
}
