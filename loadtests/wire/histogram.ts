/**
 * Log-bucketed histograms that merge exactly: bucket i holds the values in (γ^(i−1), γ^i], so that every
 * percentile is within 0.5% of the true one, whatever the range, and merging is adding counts.
 * Source: DDSketch, Masson, Rim and Lee, VLDB 2019, with α = 0.005.
 */
const relativeError = 0.005
const gamma = (1 + relativeError) / (1 - relativeError)
const logGamma = Math.log(gamma)

/** Below this everything is one bucket: no clock here tells smaller times apart. */
const smallest = 0.01

/** Bucket → count, milliseconds. */
export type Histogram = Map<number, number>

/** The bucket of each value, in any order: what goes over the wire. */
export type Buckets = number[]

export const bucketOf = (milliseconds: number): number =>
  Math.ceil(Math.log(Math.max(milliseconds, smallest)) / logGamma)

export const record = (histogram: Histogram, milliseconds: number): void =>
  add(histogram, [bucketOf(milliseconds)])

export function add(histogram: Histogram, buckets: Buckets): void {
  for (const bucket of buckets) histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1)
}

/** Adds all that another one holds, so many times; -1 takes it away. */
export function addAll(into: Histogram, from: Histogram, times = 1): void {
  for (const [bucket, n] of from) into.set(bucket, (into.get(bucket) ?? 0) + times * n)
}

export function count(histogram: Histogram): number {
  let total = 0
  histogram.forEach((n) => {
    total += n
  })
  return total
}

/**
 * The nearest-rank percentile in milliseconds, within 0.5%.
 * @param share between 0 and 1
 * @returns NaN for an empty histogram
 */
export function percentile(histogram: Histogram, share: number): number {
  const rank = Math.max(1, Math.ceil(count(histogram) * share))
  let seen = 0
  for (const bucket of [...histogram.keys()].sort((a, b) => a - b)) {
    seen += histogram.get(bucket) as number
    // The middle of the bucket in the sense that its relative error is the same on both sides.
    if (seen >= rank) return (2 * gamma ** bucket) / (gamma + 1)
  }
  return Number.NaN
}
