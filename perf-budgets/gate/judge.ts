import {
  hodgesLehmann,
  hodgesLehmannInterval,
  holm,
  logRatios,
  median,
  minimumPairs,
  type Pair,
  signFlip,
} from './statistics.ts'

/** A figure that a change must not make greater, measured of base and head in pairs. */
export type Metric = {
  name: string
  unit: string
  pairs: readonly Pair[]
  /** A difference of the medians below it is nobody's matter, in the metric's unit. */
  floor: number
  /** A change passes when it is certain that head is less than so many times base. */
  tolerated: number
}

export type Rules = {
  /** How often all metrics together may report a false positive, over all interim analyses. */
  alpha: number
  /** Ratios below it are not a regression, however certain. */
  leastRatio: number
  /** How many pairs there are at each analysis: first, and again when that left it undecided. */
  interimAnalyses: readonly number[]
}

export type Call = 'worse' | 'better' | 'fine' | 'undecided'

export type Finding = {
  name: string
  unit: string
  call: Call
  /** Medians over the slices. */
  base: number
  head: number
  /** Head over base, by Hodges and Lehmann, with what it may be at 95%. */
  ratio: number
  interval: [number, number]
  /** How likely so much would be by chance, made greater for the number of metrics (Holm). */
  p: number
  pairs: number
  /** The ratio that must be ruled out. */
  tolerated: number
}

export type GateVerdict = 'pass' | 'fail' | 'undecided' | 'invalid'

export type GateJudgement = { verdict: GateVerdict; findings: Finding[]; reasons: string[] }

/**
 * Whether head is worse than base. A metric is worse when three things hold: its pairs went up too consistently for
 * chance, by a ratio that matters, and by an amount that matters. It is fine when a ratio that matters can be ruled
 * out, or is too small an amount; between the two nothing is known, and more pairs may tell.
 * @returns invalid, with the reasons, when there is too little to judge
 */
export function judgePairs(metrics: readonly Metric[], rules: Rules): GateJudgement {
  const reasons = reasonsAgainst(metrics, rules)
  if (reasons.length > 0) return { verdict: 'invalid', findings: [], reasons }
  const measured = metrics.map((metric) => ({ metric, ratios: logRatios(metric.pairs) }))
  const ps = holm(measured.map(({ ratios }) => signFlip(ratios)))
  // In the other direction for the praise, which blocks nothing.
  const praise = holm(measured.map(({ ratios }) => signFlip(ratios.map((ratio) => -ratio))))
  const findings = measured.map(({ metric, ratios }, place): Finding => {
    const { name, unit, pairs, tolerated } = metric
    const [low, high] = hodgesLehmannInterval(ratios)
    const found = {
      name,
      unit,
      tolerated,
      pairs: pairs.length,
      base: median(pairs.map(({ base }) => base)),
      head: median(pairs.map(({ head }) => head)),
      ratio: Math.exp(hodgesLehmann(ratios)),
      interval: [Math.exp(low), Math.exp(high)] as [number, number],
      p: ps[place] as number,
    }
    return { ...found, call: callOf(found, metric.floor, praise[place] as number, rules) }
  })
  return { verdict: verdictOf(findings.map(({ call }) => call)), findings, reasons: [] }
}

function callOf(
  { base, ratio, interval, p, tolerated }: Omit<Finding, 'call'>,
  floor: number,
  praise: number,
  { alpha, leastRatio, interimAnalyses }: Rules,
): Call {
  const perAnalysis = alpha / interimAnalyses.length
  const amount = (of: number) => Math.abs(base * (of - 1))
  if (p <= perAnalysis && ratio >= leastRatio && amount(ratio) >= floor) return 'worse'
  const [, high] = interval
  const harmless = high < tolerated || (high > 1 && amount(high) < floor)
  if (!harmless) return 'undecided'
  return praise <= perAnalysis && ratio <= 1 / leastRatio && amount(ratio) >= floor ? 'better' : 'fine'
}

function verdictOf(calls: readonly Call[]): GateVerdict {
  if (calls.includes('worse')) return 'fail'
  return calls.includes('undecided') ? 'undecided' : 'pass'
}

function reasonsAgainst(metrics: readonly Metric[], { alpha, interimAnalyses }: Rules): string[] {
  if (metrics.length === 0) return ['there is no metric that both sides have']
  const least = minimumPairs(metrics.length, alpha / interimAnalyses.length)
  return metrics
    .filter(({ pairs }) => pairs.length < least)
    .map(
      ({ name, pairs }) => `${name}: ${pairs.length} pairs are left, and below ${least} nothing can be told`,
    )
}
