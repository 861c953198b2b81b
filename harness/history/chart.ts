import { escaped } from '../result/words.ts'
import { isMoreBetter } from './entry.ts'
import { type ChangePoint, type Fallback, levelsOf, type Series } from './ratchet.ts'

const width = 560
const height = 120
const margin = 10

/** One page with a chart of each series: its points, its levels, and where they changed. */
export function historyHtml(
  series: readonly Series[],
  changes: ReadonlyMap<string, readonly ChangePoint[]>,
  fallen: readonly Fallback[],
): string {
  const sections = series
    // What changed first.
    .toSorted((a, b) => (changes.get(b.name)?.length ?? 0) - (changes.get(a.name)?.length ?? 0))
    .map((one) => {
      const found = changes.get(one.name) ?? []
      const isFallen = fallen.some(({ series }) => series === one.name)
      const last = one.points.at(-1)?.value ?? 0
      return `<section${isFallen ? ' class="fallen"' : ''}><h2>${escaped(one.name)}</h2>
<p>${figure(last)} now, ${one.points.length} runs${found.map((change) => `<br>${escaped(inWords(one, change))}`).join('')}</p>
${svg(one, found)}</section>`
    })
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>History</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem; display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 34rem), 1fr)) }
h1 { grid-column: 1 / -1; margin: 0 } h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere } p { margin: .2rem 0; opacity: .8 }
section { border: 1px solid #8884; border-radius: .5rem; padding: 1rem } .fallen { border-color: light-dark(#b91c1c, #f87171) }
svg { width: 100%; height: auto } circle { fill: light-dark(#2563eb, #60a5fa) } .level { stroke: light-dark(#15803d, #4ade80); stroke-width: 2 } .zero { stroke: #8888 } .change { stroke: light-dark(#b91c1c, #f87171); stroke-dasharray: 4 3 }
</style>
<h1>History</h1>
${sections.join('\n')}
</html>
`
}

function svg(series: Series, changes: readonly ChangePoint[]): string {
  const values = series.points.map(({ value }) => value)
  // From zero: a scale that begins elsewhere makes mountains of noise.
  const most = Math.max(...values, Number.MIN_VALUE) * 1.1
  const x = (at: number) => margin + ((width - 2 * margin) * (at + 0.5)) / values.length
  const y = (value: number) => height - margin - ((height - 2 * margin) * value) / most
  const dots = series.points.map(
    ({ value, run }, at) =>
      `<circle cx="${x(at).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3"><title>${escaped(run)}: ${figure(value)}</title></circle>`,
  )
  const levels = levelsOf(series, changes).map(
    ({ from, to, mean }) =>
      `<line class="level" x1="${x(from - 0.5).toFixed(1)}" x2="${x(to - 0.5).toFixed(1)}" y1="${y(mean).toFixed(1)}" y2="${y(mean).toFixed(1)}"/>`,
  )
  const breaks = changes.map(
    ({ index }) =>
      `<line class="change" x1="${x(index - 0.5).toFixed(1)}" x2="${x(index - 0.5).toFixed(1)}" y1="${margin}" y2="${height - margin}"/>`,
  )
  const zero = `<line class="zero" x1="${margin}" x2="${width - margin}" y1="${y(0)}" y2="${y(0)}"/>`
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(series.name)}">${[zero, ...breaks, ...levels, ...dots].join('')}</svg>`
}

/** "12% worse from 4f2a9c1 on: 41.0 → 46.1" */
export function inWords({ metric, points }: Series, { index, before, after, p }: ChangePoint): string {
  const point = points[index]
  const isBetter = isMoreBetter(metric) ? after > before : after < before
  const share = before === 0 ? 'much' : `${Math.abs((after / before - 1) * 100).toFixed(0)}%`
  const chance = p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`
  return `${share} ${isBetter ? 'better' : 'worse'} from ${point?.revision ?? point?.run} on: ${figure(before)} → ${figure(after)} (${chance})`
}

export const figure = (value: number): string =>
  Math.abs(value) < 1_000
    ? value.toLocaleString('en', { maximumSignificantDigits: 3 })
    : Math.round(value).toLocaleString('en')
