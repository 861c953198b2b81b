import pc from 'picocolors'
import { plainTable } from '../result/table.ts'
import { amount, escaped, kilobytes, symbols } from '../result/words.ts'
import type { FormFactor } from './audit.ts'
import type { AssertionName, JudgedPage, Verdict } from './judge.ts'
import type { LighthouseResult } from './lighthouse.ts'
import type { Phone } from './phone.ts'

type Column = { name: AssertionName; head: string; show: (value: number) => string; bound: '≥' | '≤' }

const milliseconds = (value: number) => `${Math.round(value)} ms`

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
  { name: 'resource-summary:total:count', head: 'requests', show: String, bound: '≤' },
]

const colour = { pass: pc.green, fail: pc.red, invalid: pc.yellow } as const

/** The pages and what was found of each, for a terminal. */
export function tableOf(pages: JudgedPage[]): string {
  const table = plainTable(
    ['page', ...columns.map(headOf(pages)), 'verdict'],
    ['left', ...columns.map(() => 'right' as const), 'left'],
  )
  for (const page of pages) {
    const cells = columns.map(({ name, show }) => {
      const measure = page.measures[name]
      if (measure === undefined) return pc.yellow('—')
      return measure.passed ? show(measure.actual) : pc.red(show(measure.actual))
    })
    table.push([page.name, ...cells, colour[page.verdict](page.verdict)])
  }
  const below = (mark: string, textsOf: (page: JudgedPage) => string[]) =>
    pages.flatMap((page) => textsOf(page).map((text) => `${mark} ${page.name}: ${text}`))
  return [
    table.toString(),
    ...below(pc.yellow('!'), ({ reasons }) => reasons),
    ...below(pc.red('✗'), brokenBeside),
  ].join('\n')
}

/** What is broken of a page and has no column. */
const brokenBeside = ({ measures }: JudgedPage): string[] =>
  Object.entries(measures)
    .filter(([name, { passed }]) => !passed && !columns.some((column) => column.name === name))
    .map(([name, { actual, limit }]) => `${name} is ${actual}, expected ${limit}`)

/** All that no column says of a page. */
const besideColumns = (page: JudgedPage): string[] => [...page.reasons, ...brokenBeside(page)]

export const verdictLine = (verdict: Verdict): string => colour[verdict](pc.bold(verdict.toUpperCase()))

export type ReportLink = { formFactor: FormFactor; page: string; href: string; typical: boolean }

const titles: Record<FormFactor, string> = { mobile: 'On phones', desktop: 'On computers' }

export const phoneLine = ({ benchmarkIndex, cpuSlowdown }: Phone): string =>
  `A phone is ${cpuSlowdown} times slower than this machine (benchmark index ${amount(Math.round(benchmarkIndex))}).`

const faultsLine = (faults: readonly string[]) => `Made with faults on purpose: ${faults.join(', ')}.`

/** The same for a pull request. */
export function markdown(result: LighthouseResult): string {
  const { verdict, phone, runs, forms, faults, crashed } = result
  const tables = forms.map(({ formFactor, pages }) => {
    const rows = pages.map(({ name, measures, verdict }) => {
      const cells = columns.map(({ name, show }) => {
        const measure = measures[name]
        if (!measure) return '—'
        return measure.passed ? show(measure.actual) : `**${show(measure.actual)}**`
      })
      return `| ${[name, ...cells, verdict === 'pass' ? verdict : `**${verdict}**`].join(' | ')} |`
    })
    const heads = ['page', ...columns.map(headOf(pages)), '']
    return [
      ...[`#### ${titles[formFactor]}`, '', `| ${heads.join(' | ')} |`],
      ...[`|---|${columns.map(() => '--:|').join('')}---|`, ...rows, ''],
      ...pages.flatMap((page) => besideColumns(page).map((text) => `- ${page.name}: ${text}`)),
    ].join('\n')
  })
  return [
    `### ${symbols[verdict]} Lighthouse: ${verdict}`,
    '',
    ...(crashed === null ? [] : [quoted(crashed), '']),
    `Median of ${runs}. ${phoneLine(phone)}`,
    '',
    ...(faults.length > 0 ? [faultsLine(faults), ''] : []),
    ...machineLines(result).flatMap((line) => [line, '']),
    ...tables,
    '',
  ].join('\n')
}

/** What others used of the machine, and what was not watched. */
export const machineLines = ({ notes, notWatched }: LighthouseResult): string[] => [
  ...notes,
  ...notWatched.map((what) => `not watched: ${what}`),
]

/** A first line, and a log below it: indented it is code, whatever it holds. */
function quoted(text: string): string {
  const [first, ...log] = text.split('\n')
  return [first, '', ...log.map((line) => `    ${line}`)].join('\n')
}

/** One page that leads to every report. */
export function indexHtml(result: LighthouseResult, links: ReportLink[]): string {
  const { verdict, phone, runs, forms, faults, crashed } = result
  const title = `Lighthouse, median of ${runs}`
  const sections = forms.map(
    ({ formFactor, pages }) =>
      `<h2>${titles[formFactor]}</h2>\n${htmlTable(
        pages,
        links.filter((link) => link.formFactor === formFactor),
      )}`,
  )
  const notes = [
    crashed === null ? '' : `\n<pre class="fail">${escaped(crashed)}</pre>`,
    faults.length > 0 ? `\n<p>${escaped(faultsLine(faults))}</p>` : '',
    ...machineLines(result).map((line) => `\n<p>${escaped(line)}</p>`),
  ]
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif } body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } th, td { padding: .4rem .6rem; border-bottom: 1px solid #8884; text-align: left }
tbody th { font-weight: 500 } td:last-child { white-space: nowrap } td { font-variant-numeric: tabular-nums } pre { overflow-x: auto } .pass { color: light-dark(#15803d, #4ade80) } .fail { color: light-dark(#b91c1c, #f87171) } .invalid { color: light-dark(#a16207, #facc15) }
</style>
<h1>${escaped(title)}</h1><p>Verdict: <strong class="${verdict}">${verdict}</strong>. ${phoneLine(phone)}</p>${notes.join('')}
${sections.join('\n')}
</html>
`
}

function htmlTable(pages: JudgedPage[], links: ReportLink[]): string {
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
    const beside = besideColumns(page).map((text) => `<br><small>${escaped(text)}</small>`)
    return `<tr><th>${escaped(page.name)}${beside.join('')}</th>${cells.join('')}<td class="${page.verdict}">${page.verdict}</td><td>${reports.join(' · ')}</td></tr>`
  })
  return `<table><thead><tr>${heads.map((head) => `<th>${escaped(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`
}

/** A column's name, with the limit that every page has in common. */
const headOf = (pages: JudgedPage[]) => (column: Column) => {
  const limit = pages.map((page) => page.measures[column.name]?.limit).find((value) => value !== undefined)
  return limit === undefined ? column.head : `${column.head} ${column.bound} ${column.show(limit)}`
}
