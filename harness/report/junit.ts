import { create } from 'xmlbuilder2'
import type { Compared } from '../gate/gate.ts'
import type { Result } from '../judge/result.ts'
import type { LighthouseResult } from '../lighthouse/lighthouse.ts'

type Outcome = { failure: string } | { error: string } | { skipped: true } | { passed: true }
type Case = { of: string; name: string; outcome: Outcome }

const passed: Outcome = { passed: true }
const failure = (text: string): Outcome => ({ failure: text })

/**
 * The same results for CIs that know no other: a test case for each limit, which fails when the limit was broken. A
 * run that says nothing is an error of one more test case, never a suite without any.
 * Source: the elements that Jenkins and GitLab read, https://github.com/testmoapp/junitxml
 */
function junit(name: string, cases: readonly Case[]): string {
  const count = (kind: string) => cases.filter(({ outcome }) => kind in outcome).length
  const counts = {
    ...{
      name,
      tests: cases.length,
      failures: count('failure'),
      errors: count('error'),
      skipped: count('skipped'),
    },
  }
  const document = create({ version: '1.0', encoding: 'UTF-8' })
  const suite = document.ele('testsuites', counts).ele('testsuite', counts)
  for (const { of, name, outcome } of cases) {
    const one = suite.ele('testcase', { classname: of, name })
    if ('failure' in outcome) one.ele('failure', { message: outcome.failure })
    if ('error' in outcome) one.ele('error', { message: outcome.error })
    if ('skipped' in outcome) one.ele('skipped')
  }
  return `${document.end({ prettyPrint: true })}\n`
}

function verdictCase(verdict: string, reasons: readonly string[]): Case {
  const said = reasons.join('; ')
  const outcomes: Record<string, Outcome> = {
    fail: failure(said),
    invalid: { error: `invalid: ${said}` },
    // Neither broken nor kept: told, and no failure.
    undecided: { skipped: true },
  }
  return { of: 'verdict', name: 'verdict', outcome: outcomes[verdict] ?? passed }
}

export const junitOfResult = ({ scenario, verdict, reasons, evidence }: Result): string =>
  junit(`loadtest ${scenario}`, [
    verdictCase(verdict, reasons),
    ...evidence.map(
      ({ limit, route = 'whole run', phase, wanted, measured, passed: held }): Case => ({
        ...{ of: route, name: phase ? `${limit} (${phase})` : limit },
        outcome: held ? passed : failure(`${measured}, wanted ${wanted}`),
      }),
    ),
  ])

export const junitOfGate = ({ verdict, findings, counters, reasons }: Compared): string =>
  junit('gate', [
    verdictCase(verdict, reasons),
    ...findings.map(({ name, call, ratio, interval: [low, high] }): Case => {
      const range = `${ratio.toFixed(3)} of base (${low.toFixed(3)} to ${high.toFixed(3)})`
      const undecided: Outcome = call === 'undecided' ? { skipped: true } : passed
      return { of: 'timed', name, outcome: call === 'worse' ? failure(range) : undecided }
    }),
    ...counters.findings.map(
      ({ kind, route, base, head, call }): Case => ({
        ...{ of: 'counted', name: `${kind} of ${route}` },
        outcome: call === 'worse' ? failure(`${base} to ${head}`) : passed,
      }),
    ),
  ])

export function junitOfLighthouse({ verdict, forms }: LighthouseResult): string {
  const pages = forms.flatMap(({ formFactor, pages }) =>
    pages.map((page) => ({ ...page, what: `${page.name} (${formFactor})` })),
  )
  const reasons = pages.flatMap(({ what, reasons }) => reasons.map((reason) => `${what}: ${reason}`))
  return junit('lighthouse', [
    verdictCase(verdict, reasons),
    ...pages.flatMap(({ what, measures }) =>
      Object.entries(measures).map(
        ([name, { actual, limit, passed: held }]): Case => ({
          ...{ of: what, name },
          outcome: held ? passed : failure(`${actual}, wanted ${limit}`),
        }),
      ),
    ),
  ])
}
