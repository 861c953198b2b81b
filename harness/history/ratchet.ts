import { unusual } from './asked.ts'
import { type Entry, isMoreBetter, type RunEntry } from './entry.ts'

/** One metric of one scenario, asked for in one way, on one kind of machine; by when runs began. */
export type Series = {
  name: string
  metric: string
  points: { at: string; run: string; revision: string | null; value: number }[]
}

/** Where a series changed its level: the first point of the new one. */
export type ChangePoint = { index: number; before: number; after: number; p: number }

/** "load --users 200: TTFB p95 of page /dashboard, ms (linux, 2 cores, 8 GiB)" */
const seriesName = ({ scenario, asked, machine }: RunEntry, metric: string) =>
  `${scenario}${unusual(scenario, asked)}: ${metric} (${machine})`

export function seriesOf(entries: readonly Entry[]): Series[] {
  const series = new Map<string, Series>()
  const runs = entries.filter((entry) => entry.kind === 'run')
  // By time and not by line: a run can be added later than those that came after it.
  for (const entry of runs.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
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
    const accepted = Math.max(
      ...entries.flatMap((entry) =>
        entry.kind === 'accepted' && entry.series === one.name ? [Date.parse(entry.at)] : [],
      ),
    )
    // The level that was there when it was accepted, and those after it.
    const from = levels.findLastIndex(({ from }) => Date.parse(one.points[from]?.at ?? '') <= accepted)
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
