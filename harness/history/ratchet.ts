import { type Entry, isMoreBetter, type RunEntry } from './entry.ts'

/** One metric of one scenario on one kind of machine, oldest first. */
export type Series = {
  name: string
  metric: string
  points: { at: string; run: string; revision: string | null; value: number }[]
}

/** Where a series changed its level: the first point of the new one. */
export type ChangePoint = { index: number; before: number; after: number; p: number }

export const seriesName = ({ scenario, machine }: RunEntry, metric: string) =>
  `${scenario}: ${metric} (${machine})`

export function seriesOf(entries: readonly Entry[]): Series[] {
  const series = new Map<string, Series>()
  for (const entry of entries) {
    if (entry.kind !== 'run') continue
    for (const [metric, value] of Object.entries(entry.metrics)) {
      const name = seriesName(entry, metric)
      const known = series.get(name) ?? { name, metric, points: [] }
      series.set(name, known)
      known.points.push({ at: entry.at, run: entry.run, revision: entry.revision, value })
    }
  }
  return [...series.values()]
}

export type Level = { from: number; to: number; mean: number }

/** The stretches between the changes, each with its mean. */
export function levelsOf({ points }: Series, changes: readonly ChangePoint[]): Level[] {
  const starts = [0, ...changes.map(({ index }) => index)]
  return starts.map((from, place) => {
    const to = starts[place + 1] ?? points.length
    const values = points.slice(from, to).map(({ value }) => value)
    return { from, to, mean: values.reduce((sum, value) => sum + value, 0) / values.length }
  })
}

/** How much worse than its best level a metric may be before it counts as fallen back. */
const slack = 0.05

export type Fallback = {
  series: string
  best: number
  now: number
  since: { run: string; revision: string | null }
}

/**
 * The series that once were better than they are, by more than the slack and for good: their level fell back, and
 * nobody accepted that since.
 */
export function fallbacks(
  series: readonly Series[],
  changes: ReadonlyMap<string, readonly ChangePoint[]>,
  entries: readonly Entry[],
): Fallback[] {
  return series.flatMap((one) => {
    const levels = levelsOf(one, changes.get(one.name) ?? [])
    const accepted =
      entries.findLast((entry) => entry.kind === 'accepted' && entry.series === one.name)?.at ?? ''
    // The level that was there when it was accepted, and those after it.
    const from = levels.findLastIndex(({ from }) => (one.points[from]?.at ?? '') <= accepted)
    const counted = levels.slice(Math.max(0, from))
    const now = levels.at(-1)
    if (!now || counted.length < 2) return []
    const sign = isMoreBetter(one.metric) ? -1 : 1
    const best = Math.min(...counted.map(({ mean }) => sign * mean)) * sign
    if (sign * (now.mean - best) <= slack * Math.abs(best)) return []
    const { run, revision } = one.points[now.from] as Series['points'][0]
    return [{ series: one.name, best, now: now.mean, since: { run, revision } }]
  })
}
