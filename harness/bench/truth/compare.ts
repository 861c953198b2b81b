import { validity } from '@headroom/perf-budgets/slo.ts'
import type { Result, Verdict } from '../../result/result.ts'
import type { Figures, Truth } from './books.ts'
import type { Case } from './cases.ts'

export type Told = Figures & { leaks: number; verdict: Verdict; reasons: string[] }

export const timesTold = ['p50', 'p95', 'p99', 'ttfbP95'] as const

/** What was told beside what was true. */
export type Comparison = {
  told: Told
  truth: Truth
  wanted: Verdict
  /** Each number of something that is wrong, in words: no other process can be to blame. */
  miscounted: string[]
  /** Each time that is wrong, and the verdict; none for a generator that told the truth. */
  mistimed: string[]
}

/** A histogram's own error is part of it (loadtests/wire/histogram.ts). */
const relative = 0.01
const absolute = 2
/** How many standard errors a mean pause may be from the one that was asked for. */
const pauseErrors = 4

/** Of the one stage that a case has. */
export function toldBy({ routes, totals, verdict, reasons }: Result): Told {
  const [route] = routes
  const { count = 0, p50 = 0, p95 = 0, p99 = 0, ttfbP95 = 0, errors = {} } = route ?? {}
  return { requests: count, errors, p50, p95, p99, ttfbP95, leaks: totals.leaks, verdict, reasons }
}

/**
 * Holds what the generator told against the target's books.
 * @param network milliseconds that a byte may be on its way after the target has written it
 */
export function compare(
  told: Told,
  booked: Truth,
  { verdict: wanted, unseen, users, think }: Pick<Case, 'verdict' | 'unseen' | 'users' | 'think'>,
  network: number,
): Comparison {
  const truth = unseen ? withUnseen(booked, told, unseen) : booked
  const [miscounted, mistimed]: [string[], string[]] = [[], []]
  const count = (what: string, was: number, should: number) => {
    if (was !== should) miscounted.push(inWords(what, was, should))
  }
  count('requests', told.requests, truth.requests)
  for (const kind of kindsOf(told, truth))
    count(`${kind} errors`, told.errors[kind] ?? 0, truth.errors[kind] ?? 0)
  count('leaks', told.leaks, truth.errors.leak ?? 0)
  if (unseen) {
    // Each user asks again and again, and is refused at least once.
    const refused = told.errors[unseen] ?? 0
    if (refused < users) miscounted.push(inWords(`${unseen} errors`, refused, `at least ${users}`))
  } else {
    for (const name of timesTold) {
      const [was, should] = [told[name], truth[name]]
      if (deviation(was, should, network) > allowed(should))
        mistimed.push(inWords(name, figure(was), figure(should)))
    }
  }
  if (truth.lateP99 > validity.scheduleLagP99)
    mistimed.push(
      `1 of 100 requests came ${figure(truth.lateP99)} after they were due, allowed ${validity.scheduleLagP99} ms`,
    )
  // Whoever takes a late start for the due time hides what was waited before it, and users seem to pause for longer.
  const { mean, standardError } = truth.pause
  if (Math.abs(mean - think) > pauseErrors * standardError)
    mistimed.push(`users paused for ${figure(mean)} before the next step was due, asked ${think} ms`)
  if (told.verdict !== wanted) mistimed.push(inWords('verdict', told.verdict, wanted))
  return { told, truth, wanted, miscounted, mistimed }
}

const inWords = (what: string, told: number | string, truth: number | string) =>
  `${what}: ${told} told, ${truth} in truth`

export const kindsOf = (told: Figures, truth: Figures) =>
  [...new Set([...Object.keys(told.errors), ...Object.keys(truth.errors)])] as (keyof Figures['errors'])[]

const allowed = (truth: number): number => Math.max(relative * truth, absolute)

/** How far what was told is from where it may be: from when the target had written it until the byte had arrived. */
const deviation = (told: number, truth: number, network: number): number =>
  Math.max(truth - told, told - (truth + network), 0)

const figure = (milliseconds: number) => `${milliseconds.toFixed(1)} ms`

/** The target cannot know how often it was asked in vain: that much is believed, and nothing else. */
function withUnseen(booked: Truth, told: Told, kind: keyof Figures['errors']): Truth {
  const unseen = Math.max(0, (told.errors[kind] ?? 0) - (booked.errors[kind] ?? 0))
  return {
    ...booked,
    requests: booked.requests + unseen,
    errors: { ...booked.errors, [kind]: (booked.errors[kind] ?? 0) + unseen },
  }
}
