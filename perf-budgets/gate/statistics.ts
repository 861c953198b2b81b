/**
 * What paired measurements say of a change. Base and head are measured on one machine, at the same time or one right
 * after the other; each pair gives the logarithm of head over base, so that a slow minute, which both met, cancels out.
 */

export type Pair = { base: number; head: number }

/** @throws RangeError for a figure that is not above zero: it has no ratio */
export function logRatios(pairs: readonly Pair[]): number[] {
  return pairs.map(({ base, head }, place) => {
    if (base > 0 && head > 0 && Number.isFinite(base) && Number.isFinite(head)) return Math.log(head / base)
    throw new RangeError(`pair ${place + 1}: base ${base} and head ${head} must both be above 0`)
  })
}

/** The middle value, or the mean of the two; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]]
  return (low + high) / 2
}

/** How far a single pair may weigh, in medians of all that differ: one wild pair decides nothing. */
const clip = 1.5
/** Steps that a weight is rounded to. What is tested are the rounded weights, so that the test stays exact. */
const steps = 200

/**
 * How likely sums as great as this one are when the change does nothing: each pair might then as well have gone the
 * other way. One-sided, for values whose centre is above zero; exact over all 2^n ways. Zeros are the same either way.
 *
 * Source: Fisher's randomization test (The Design of Experiments, 1935), on clipped values as Maritz (1979) does.
 * @returns p between 1 / 2^n and 1; 1 of nothing, and of nothing but zeros
 */
export function signFlip(values: readonly number[]): number {
  const scale = median(values.map(Math.abs).filter((size) => size > 0))
  if (!(scale > 0)) return 1
  // The size is rounded, not the value: rounding halves upwards would weigh a fall differently from a rise.
  const weights = values.map(
    (value) => Math.sign(value) * Math.round(steps * Math.min(clip, Math.abs(value) / scale)),
  )
  const observed = weights.reduce((sum, weight) => sum + weight, 0)
  const most = weights.reduce((sum, weight) => sum + Math.abs(weight), 0)
  // ways[most + s]: the share of all flips whose sum is s.
  let ways = new Float64Array(2 * most + 1)
  ways[most] = 1
  let reach = 0
  for (const weight of weights.map(Math.abs)) {
    const next = new Float64Array(2 * most + 1)
    for (let at = most - reach; at <= most + reach; at++) {
      const half = (ways[at] as number) / 2
      if (half === 0) continue
      next[at - weight] = (next[at - weight] as number) + half
      next[at + weight] = (next[at + weight] as number) + half
    }
    ways = next
    reach += weight
  }
  let p = 0
  for (let at = most + observed; at <= 2 * most; at++) p += ways[at] as number
  return Math.min(1, p)
}

/**
 * The centre of values that scatter evenly about it: the median of the means of all two of them.
 * Source: Hodges and Lehmann, "Estimates of Location Based on Rank Tests", 1963.
 */
export const hodgesLehmann = (values: readonly number[]): number => median(walshAverages(values))

/**
 * Where that centre is, at a confidence: the ends that Wilcoxon's signed-rank test would not refuse.
 * @returns everything when there are too few values for this confidence
 */
export function hodgesLehmannInterval(values: readonly number[], confidence = 0.95): [number, number] {
  const averages = walshAverages(values).sort((a, b) => a - b)
  const outside = rankSumsBelow(values.length, (1 - confidence) / 2)
  if (outside === 0) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  return [averages[outside - 1] as number, averages[averages.length - outside] as number]
}

function walshAverages(values: readonly number[]): number[] {
  return values.flatMap((value, place) => values.slice(place).map((other) => (value + other) / 2))
}

/** How many of the least signed-rank sums of n values together are no likelier than `tail`. */
function rankSumsBelow(n: number, tail: number): number {
  const most = (n * (n + 1)) / 2
  const ways = new Float64Array(most + 1)
  ways[0] = 1
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = most; sum >= 0; sum--) {
      const without = ways[sum] as number
      ways[sum] = (without + (sum >= rank ? (ways[sum - rank] as number) : 0)) / 2
    }
  }
  let likely = 0
  for (let sum = 0; sum <= most; sum++) {
    likely += ways[sum] as number
    if (likely > tail) return sum
  }
  return 0
}

/**
 * p values made so much greater that all together are wrong no more often than one would be.
 * Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, place) => place).sort((a, b) => (ps[a] as number) - (ps[b] as number))
  const adjusted = new Array<number>(ps.length).fill(1)
  let least = 0
  order.forEach((place, rank) => {
    least = Math.max(least, Math.min(1, (ps.length - rank) * (ps[place] as number)))
    adjusted[place] = least
  })
  return adjusted
}

/** Pairs below which no outcome whatever could be significant, for so many metrics. */
export const minimumPairs = (metrics: number, alpha: number): number => Math.ceil(Math.log2(metrics / alpha))
