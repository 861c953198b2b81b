import Table from 'cli-table3'
import pc from 'picocolors'
import type { AssertionName, JudgedPage, Verdict } from './judge.ts'

type Column = { name: AssertionName; head: string; show: (value: number) => string; bound: '≥' | '≤' }

const milliseconds = (value: number) => `${Math.round(value)} ms`
const kilobytes = (value: number) => `${Math.round(value / 1000)} kB`

const columns: Column[] = [
  {
    name: 'categories:performance',
    head: 'performance',
    show: (score) => String(Math.round(score * 100)),
    bound: '≥',
  },
  { name: 'largest-contentful-paint', head: 'LCP', show: milliseconds, bound: '≤' },
  { name: 'total-blocking-time', head: 'TBT', show: milliseconds, bound: '≤' },
  { name: 'cumulative-layout-shift', head: 'CLS', show: (shift) => shift.toFixed(3), bound: '≤' },
  { name: 'server-response-time', head: 'TTFB', show: milliseconds, bound: '≤' },
  { name: 'total-byte-weight', head: 'bytes', show: kilobytes, bound: '≤' },
  { name: 'resource-summary:script:size', head: 'script', show: kilobytes, bound: '≤' },
]

const colour = { pass: pc.green, fail: pc.red, invalid: pc.yellow } as const

/** The pages and what was found of each, for a terminal. */
export function tableOf(pages: JudgedPage[]): string {
  const table = new Table({
    head: ['page', ...columns.map(headOf(pages)), 'verdict'],
    style: { head: ['bold'] },
  })
  for (const page of pages) {
    const cells = columns.map(({ name, show }) => {
      const measure = page.measures[name]
      if (measure === undefined) return pc.yellow('—')
      return measure.passed ? show(measure.actual) : pc.red(show(measure.actual))
    })
    table.push([page.name, ...cells, colour[page.verdict](page.verdict)])
  }
  const reasons = pages.flatMap((page) =>
    page.reasons.map((reason) => `${pc.yellow('!')} ${page.name}: ${reason}`),
  )
  return [table.toString(), ...reasons].join('\n')
}

export const verdictLine = (verdict: Verdict): string => colour[verdict](pc.bold(verdict.toUpperCase()))

export type ReportLink = { page: string; href: string; typical: boolean }

/** One page that leads to every report. */
export function indexHtml(title: string, verdict: Verdict, pages: JudgedPage[], links: ReportLink[]): string {
  const heads = ['page', ...columns.map(headOf(pages)), 'verdict', 'reports']
  const rows = pages.map((page) => {
    const cells = columns.map(({ name, show }) => {
      const measure = page.measures[name]
      return `<td class="${measure?.passed === true ? 'pass' : 'fail'}">${measure ? show(measure.actual) : '—'}</td>`
    })
    const reports = links
      .filter((link) => link.page === page.url)
      .map(
        ({ href, typical }, index) => `<a href="${escaped(href)}">${typical ? 'median run' : index + 1}</a>`,
      )
    const reasons = page.reasons.map((reason) => `<br><small>${escaped(reason)}</small>`).join('')
    return `<tr><th>${escaped(page.name)}${reasons}</th>${cells.join('')}<td class="${page.verdict}">${page.verdict}</td><td>${reports.join(' · ')}</td></tr>`
  })
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif } body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } th, td { padding: .5rem .75rem; border-bottom: 1px solid #8884; text-align: left }
td { font-variant-numeric: tabular-nums } .pass { color: light-dark(#15803d, #4ade80) } .fail { color: light-dark(#b91c1c, #f87171) } .invalid { color: light-dark(#a16207, #facc15) }
</style>
<h1>${escaped(title)}</h1><p>Verdict: <strong class="${verdict}">${verdict}</strong></p>
<table><thead><tr>${heads.map((head) => `<th>${escaped(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>
</html>
`
}

/** A column's name, with the limit that every page has in common. */
const headOf = (pages: JudgedPage[]) => (column: Column) => {
  const limit = pages.map((page) => page.measures[column.name]?.limit).find((value) => value !== undefined)
  return limit === undefined ? column.head : `${column.head} ${column.bound} ${column.show(limit)}`
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
