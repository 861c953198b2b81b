import { stripVTControlCharacters } from 'node:util'
import { create } from 'xmlbuilder2'
import { actualOf, expectedOf } from '../result/evidence.ts'
import type { Result } from '../result/result.ts'

export type Outcome = { failure: string } | { error: string } | { skipped: true } | { passed: true }
/** @property of what it is about: a route, a page */
export type Case = { of: string; name: string; outcome: Outcome }

export const passed: Outcome = { passed: true }
export const failure = (text: string): Outcome => ({ failure: text })

/**
 * The same results for CIs that know no other: a test case for each limit, which fails when the limit was broken. A
 * run that says nothing is an error of one more test case, never a suite without any.
 * Source: the elements that Jenkins and GitLab read, https://github.com/testmoapp/junitxml
 */
export function junit(name: string, cases: readonly Case[]): string {
  const count = (kind: string) => cases.filter(({ outcome }) => kind in outcome).length
  const counts = {
    name,
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
  }
  const document = create({ version: '1.0', encoding: 'UTF-8' })
  const suite = document.ele('testsuites', counts).ele('testsuite', counts)
  for (const { of, name, outcome } of cases) {
    const one = suite.ele('testcase', { classname: of, name })
    if ('failure' in outcome) one.ele('failure', { message: allowed(outcome.failure) })
    if ('error' in outcome) one.ele('error', { message: allowed(outcome.error) })
    if ('skipped' in outcome) one.ele('skipped')
  }
  return `${document.end({ prettyPrint: true })}\n`
}

/** What a log says may hold characters that make a document none. Source: https://www.w3.org/TR/xml/#charsets */
const allowed = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')

/** So many broken cases are named where the verdict is; each is told by itself as well. */
const namedBroken = 10

function brokenOf(cases: readonly Case[]): string[] {
  const broken = cases.flatMap(({ of, name, outcome }) =>
    'failure' in outcome ? [`${of}: ${name}: ${outcome.failure}`] : [],
  )
  const more = broken.length - namedBroken
  return [...broken.slice(0, namedBroken), ...(more > 0 ? [`and ${more} more`] : [])]
}

/**
 * What a CI shows first.
 * @param cases of which the broken ones are named, where the reasons of a failure do not name them
 */
export function verdictCase(verdict: string, reasons: readonly string[], cases: readonly Case[] = []): Case {
  const outcomes: Record<string, Outcome> = {
    fail: failure([...reasons, ...brokenOf(cases)].join('; ')),
    invalid: { error: `invalid: ${reasons.join('; ')}` },
    // Neither broken nor kept: told, and no failure.
    undecided: { skipped: true },
  }
  return { of: 'verdict', name: 'verdict', outcome: outcomes[verdict] ?? passed }
}

export const junitOfResult = ({ scenario, verdict, reasons, evidence }: Result): string =>
  junit(`loadtest ${scenario}`, [
    verdictCase(verdict, reasons),
    ...evidence.map(
      (each): Case => ({
        of: each.where.route ?? 'whole run',
        name: each.where.phase ? `${each.limit} (${each.where.phase})` : each.limit,
        outcome: each.passed ? passed : failure(`${actualOf(each)}, expected ${expectedOf(each)}`),
      }),
    ),
  ])
