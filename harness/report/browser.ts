import {
  type Part,
  type VisitedPage,
  type Vital,
  visitedPages,
  vitals,
} from '@headroom/loadtests/wire/visits.ts'
import pc from 'picocolors'
import type { BrowserResult, VitalResult } from '../result/result.ts'
import { plainTable } from '../result/table.ts'
import { limits } from '../result/web-vitals.ts'
import { amount } from '../result/words.ts'

/** One figure of the table, without its unit: the column's head has it. */
const bare = (vital: Vital, value: number) =>
  vital === 'CLS' && value > 0 ? value.toFixed(3) : amount(Math.round(value))

const heads = vitals.map((vital) => (vital === 'CLS' ? 'CLS' : `${vital} ms`))
const limitCells = vitals.map((vital) => `< ${vital === 'CLS' ? limits.CLS : amount(limits[vital])}`)

const at = ({ vitals }: BrowserResult, page: VisitedPage, part: Part, vital: Vital) =>
  vitals.find((result) => result.page === page && result.part === part && result.vital === vital)

/** How much larger the median was beside the swarm; nothing where it was 0, as shifts and quick answers are. */
function ratio(alone: VitalResult | undefined, loaded: VitalResult | undefined): number | null {
  if (!alone?.median || !loaded?.median) return null
  return loaded.median / alone.median
}

const inRatio = (value: number | null) => (value === null ? '' : `${value.toFixed(1)}×`)

/** What the swarm costs, over all pages: the geometric mean of their ratios; null where there is none. */
export function costOf(browser: BrowserResult, vital: Vital): number | null {
  const ratios = visitedPages.flatMap(
    (page) => ratio(at(browser, page, 'alone', vital), at(browser, page, 'loaded', vital)) ?? [],
  )
  return ratios.length > 0
    ? Math.exp(ratios.reduce((sum, each) => sum + Math.log(each), 0) / ratios.length)
    : null
}

/** Pages × vitals, alone and then beside the swarm, for a terminal of 100 columns. */
export function browserTable(browser: BrowserResult, users: number): string {
  const table = plainTable(['median · p75', ...heads], ['left', ...vitals.map(() => 'right' as const)])
  for (const page of visitedPages) {
    const of = (part: Part, vital: Vital) => at(browser, page, part, vital)
    const counts = (['alone', 'loaded'] as const).map((part) => samplesOf(browser, page, part)).join(' + ')
    table.push([{ colSpan: vitals.length + 1, content: `${pc.bold(page)}  ${pc.dim(`${counts} visits`)}` }])
    table.push(['  alone', ...vitals.map((vital) => cell(vital, of('alone', vital)))])
    table.push([`  ${amount(users)} users`, ...vitals.map((vital) => cell(vital, of('loaded', vital)))])
    const ratios = vitals.map((vital) => ratio(of('alone', vital), of('loaded', vital)))
    table.push(['  ratio', ...ratios.map(inRatio)].map((text) => pc.cyan(text)))
  }
  table.push(['limit of the median', ...limitCells].map((text) => pc.dim(text)))
  return [table.toString(), ...footnotes(browser).map((line) => `  ${pc.dim(line)}`)].join('\n')
}

/** Of the vital that was told least often. */
const samplesOf = ({ vitals }: BrowserResult, page: VisitedPage, part: Part) =>
  Math.min(...vitals.filter((each) => each.page === page && each.part === part).map(({ samples }) => samples))

function cell(vital: Vital, result: VitalResult | undefined): string {
  if (!result) return ''
  if (result.median === null || result.p75 === null) return pc.yellow('none')
  const middle = bare(vital, result.median)
  return `${result.passed ? middle : pc.red(middle)} ${pc.dim(`· ${bare(vital, result.p75)}`)}`
}

function footnotes({ chromium, parts }: BrowserResult): string[] {
  const cores = parts.flatMap(({ part, cores }) => (cores === null ? [] : [`${cores.toFixed(2)} ${part}`]))
  return [
    `Chromium ${chromium}, nothing cached${cores.length > 0 ? `; with k6 it took ${cores.join(', ')} of this machine's cores` : ''}.`,
    'A click begins no document: its LCP counts from the click until the new page was painted.',
  ]
}

/** What the swarm costs somebody with a browser, in one sentence. */
export function costLine(browser: BrowserResult): string {
  const words = (['TTFB', 'FCP', 'LCP', 'INP'] as const).flatMap((vital) => {
    const cost = costOf(browser, vital)
    return cost === null ? [] : [`${vital} ${inRatio(cost)}`]
  })
  return `the swarm costs a real browser (geometric mean over the pages): ${words.join(', ') || 'unknown'}`
}

export function browserMarkdown(browser: BrowserResult): string[] {
  const rows = visitedPages.flatMap((page) =>
    (['alone', 'loaded'] as const).map((part) => {
      const samples = samplesOf(browser, page, part)
      const cells = vitals.map((vital) => {
        const found = at(browser, page, part, vital)
        if (!found) return ''
        if (found.median === null || found.p75 === null) return '**none**'
        const middle = bare(vital, found.median)
        const cost = part === 'loaded' ? inRatio(ratio(at(browser, page, 'alone', vital), found)) : ''
        return `${found.passed ? middle : `**${middle}**`} (${bare(vital, found.p75)})${cost ? ` ${cost}` : ''}`
      })
      return `| ${page} | ${part} | ${samples} | ${cells.join(' | ')} |`
    }),
  )
  return [
    `| median (p75) | | visits | ${heads.join(' | ')} |`,
    '|---|---|--:|--:|--:|--:|--:|--:|',
    ...rows,
    `| limit of the median | | | ${limitCells.join(' | ')} |`,
    '',
    footnotes(browser).join(' '),
    '',
  ]
}
