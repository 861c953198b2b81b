import type { CounterJudgement } from '@headroom/perf-budgets/gate/counters.ts'
import { type Finding, type GateVerdict, judgePairs, type Metric } from '@headroom/perf-budgets/gate/judge.ts'
import { gate as rules } from '@headroom/perf-budgets/slo.ts'
import { tooManyErrors } from '../judge/errors.ts'
import { allEnded } from './ended.ts'
import { metricsOf, ordersOf, type SideName, type Slice, sidesFrom, soundPairs } from './slices.ts'

export type Compared = {
  verdict: GateVerdict
  findings: Finding[]
  counters: CounterJudgement
  reasons: string[]
  slices: Slice[]
}

export const noCounters: CounterJudgement = { compared: 0, findings: [] }

/** What is counted needs no statistics: a rise that nobody accepted fails, whatever was timed. */
export function withCounters(compared: Compared, counters: CounterJudgement): Compared {
  const isWorse = counters.findings.some(({ call }) => call === 'worse')
  return { ...compared, counters, verdict: isWorse ? 'fail' : compared.verdict }
}

export type Comparison = {
  /** Plays a slice on a side, while the other side's is played. */
  play: (of: Pick<Slice, 'pair' | 'side' | 'turn' | 'seed'>) => Promise<Slice>
  /** Pairs at each interim analysis: the last one is the most. */
  interimAnalyses: readonly number[]
  seed: number
  random: () => number
  /** Times something beside the slices, judged with them, until there are so many pairs of it. */
  more?: (pairs: number) => Promise<readonly Metric[]>
  onInterimAnalysis?: (judged: Compared) => void
  /** Starts the processes of both sides at once, before each pair. */
  renew?: () => Promise<void>
  /** Plays slices that fill caches, at the beginning. */
  warmUp?: () => Promise<Slice[]>
}

/**
 * Measures both sides at the same time until it is clear whether head is worse, or the pairs are used up; further pairs
 * only of what is undecided, and none once a side is broken. A pair of which one slice says nothing is played again, as
 * long as that is the exception.
 */
export async function compare({
  play,
  interimAnalyses,
  seed,
  random,
  more,
  onInterimAnalysis,
  renew,
  warmUp,
}: Comparison): Promise<Compared> {
  const slices: Slice[] = []
  let judged: Compared = {
    verdict: 'invalid',
    findings: [],
    counters: noCounters,
    reasons: ['nothing was measured'],
    slices,
  }
  const warm = (await warmUp?.()) ?? []
  slices.push(...warm)
  if (warm.some(isBroken)) return judgeSlices(slices)
  let pair = 0
  const playUntil = async (count: number) => {
    const orders = ordersOf(count - soundPairs(slices).length, random)
    for (let spare = Math.ceil(count / 4); orders.length > 0; ) {
      await renew?.()
      const first = orders.shift() as SideName
      const both = await allEnded(
        sidesFrom(first).map((side, turn) => play({ pair, side, turn, seed: seed + pair })),
      )
      slices.push(...both)
      pair++
      if (both.some(isBroken)) return
      if (both.some(({ invalidReasons }) => invalidReasons.length > 0) && spare-- > 0) orders.push(first)
    }
  }
  let timed: readonly Metric[] = []
  for (const [time, count] of interimAnalyses.entries()) {
    const undecided = judged.findings.filter(({ call }) => call === 'undecided').map(({ name }) => name)
    const isOpen = (metrics: readonly Metric[]) =>
      time === 0 || metrics.some(({ name }) => undecided.includes(name))
    if (more && isOpen(timed)) timed = await more(count)
    if (isOpen(metricsOf(slices))) await playUntil(count)
    judged = judgeSlices(slices, timed)
    onInterimAnalysis?.(judged)
    if (judged.verdict !== 'undecided') break
  }
  return judged
}

/** What slices say, whoever measured them: of recorded ones it says the same again. */
export function judgeSlices(slices: Slice[], more: readonly Metric[] = []): Compared {
  const [base, head] = [totalsOf(slices, 'base'), totalsOf(slices, 'head')]
  const judged = { ...judgePairs([...metricsOf(slices), ...more], rules), counters: noCounters, slices }
  if (head.leaks > 0)
    return { ...judged, verdict: 'fail', reasons: [`head showed ${head.leaks} texts of other tenants`] }
  if (tooManyErrors(base.errors, base.requests))
    return {
      ...judged,
      verdict: 'invalid',
      reasons: [`${failing('base', base)}: it is nothing to compare with`],
    }
  // A head that answers quickly and wrongly is no faster.
  if (tooManyErrors(head.errors, head.requests) && head.errors > base.errors)
    return {
      ...judged,
      verdict: 'fail',
      reasons: [`${failing('head', head)}, base ${base.errors} of ${base.requests}`],
    }
  const lost =
    judged.verdict === 'invalid' ? [...new Set(slices.flatMap(({ invalidReasons }) => invalidReasons))] : []
  return { ...judged, reasons: [...judged.reasons, ...lost] }
}

/** Nothing that comes after makes it any better, and half an hour of errors tells no more than one slice. */
const isBroken = ({ side, requests, errors, leaks }: Slice) =>
  errors > requests / 2 || (side === 'head' && leaks > 0)

type Totals = { requests: number; errors: number; leaks: number }

function totalsOf(slices: readonly Slice[], side: SideName): Totals {
  const own = slices.filter((slice) => slice.side === side)
  const sum = (figure: keyof Totals) => own.reduce((total, slice) => total + slice[figure], 0)
  return { requests: sum('requests'), errors: sum('errors'), leaks: sum('leaks') }
}

const failing = (side: SideName, { errors, requests }: Totals) =>
  `${side} failed ${errors} of ${requests} requests`
