import type { CounterFinding, CounterJudgement } from '@headroom/perf-budgets/gate/counters.ts'
import type { Call, Finding, GateVerdict } from '@headroom/perf-budgets/gate/judge.ts'
import pc from 'picocolors'
import { plainTable } from '../result/table.ts'
import { inColour, kilobytes, symbols } from '../result/words.ts'
import type { Compared } from './gate.ts'
import { notWatchedIn } from './slices.ts'

const figure = (value: number, unit: string) =>
  `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)} ${unit}`
const ratioOf = ({ ratio }: Finding) => `${ratio.toFixed(3)}×`
const intervalOf = ({ interval: [low, high] }: Finding) => `${low.toFixed(3)} to ${high.toFixed(3)}`
const toleratedOf = ({ tolerated }: Finding) => `< ${tolerated.toFixed(2)}`
const chance = (p: number) => (p < 0.001 ? '< 0.001' : p.toFixed(3))

const colours: Record<Call, (text: string) => string> = {
  worse: pc.red,
  undecided: pc.yellow,
  fine: pc.green,
  better: pc.green,
}
const meaning: Record<GateVerdict, string> = {
  pass: 'a slowdown that matters is ruled out',
  fail: 'head is worse than base',
  undecided: 'neither a slowdown nor its absence could be shown on this machine',
  invalid: 'nothing can be said',
}

const shownAs: Record<CounterFinding['kind'], (value: number) => string> = {
  budget: String,
  queries: String,
  bytes: kilobytes,
  script: kilobytes,
  allocated: kilobytes,
}

const counterColours: Record<CounterFinding['call'], (text: string) => string> = {
  worse: pc.red,
  accepted: pc.yellow,
  better: pc.green,
}

const shown = ({ kind, base, head }: CounterFinding): [string, string] => [
  shownAs[kind](base),
  head === null ? 'none' : shownAs[kind](head),
]

function counterLines({ compared, findings }: CounterJudgement): string[] {
  if (compared === 0) return []
  const changed = findings.map((finding) => {
    const { kind, route, call } = finding
    return `  ${counterColours[call](call.padEnd(8))} ${kind} of ${route}: ${shown(finding).join(' → ')}`
  })
  const same = compared - findings.length
  return [...changed, `  ${pc.dim(`${same} of ${compared} counters are as they were`)}`, '']
}

/** What a look that was not the last one leaves open: a line each. */
export function interimLines({ verdict, findings }: Compared): string[] {
  if (verdict !== 'undecided') return []
  const open = findings.filter(({ call }) => call === 'undecided')
  const what = open.map((each) => `${each.name} ${ratioOf(each)} (${intervalOf(each)}, ${toleratedOf(each)})`)
  return [
    `undecided after ${Math.max(...open.map(({ pairs }) => pairs))} pairs:`,
    ...what.map((line) => `  ${line}`),
  ]
}

/** The comparison for a terminal. */
export function terminalTable({ verdict, findings, counters, reasons, slices }: Compared): string {
  const table = plainTable(
    ['metric', 'base', 'head', 'head / base', '95% interval', 'tolerated', 'p', 'pairs', ''],
    ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  )
  for (const finding of findings) {
    const { name, unit, base, head, p, pairs, call } = finding
    table.push([
      ...[name, figure(base, unit), figure(head, unit), colours[call](ratioOf(finding)), intervalOf(finding)],
      ...[toleratedOf(finding), chance(p), String(pairs), colours[call](call)],
    ])
  }
  return [
    '',
    ...(findings.length > 0 ? [table.toString(), ''] : []),
    ...counterLines(counters),
    `${inColour(verdict)}  ${meaning[verdict]}`,
    ...reasonsOf(findings, counters, reasons).map((reason) => `  ${pc.dim('·')} ${reason}`),
    ...notWatchedIn(slices).map((what) => `  ${pc.dim(`· not watched: ${what}`)}`),
  ].join('\n')
}

/** The same for a comment on a pull request. */
export function markdown(
  { verdict, findings, counters, reasons, slices }: Compared,
  base: string,
  head: string,
): string {
  const rows = findings.map((finding) => {
    const { name, unit, base, head, p, pairs, call } = finding
    const figures = [
      ...[figure(base, unit), figure(head, unit)],
      ...[ratioOf(finding), intervalOf(finding), toleratedOf(finding), chance(p), String(pairs)],
    ].map((text) => text.replaceAll(' ', unbroken))
    return `| ${[name, ...figures, call === 'worse' ? '**worse**' : call].join(' | ')} |`
  })
  return [
    `### ${symbols[verdict]} Performance: ${verdict}`,
    '',
    `${meaning[verdict]} (base \`${base}\`, head \`${head}\`)`,
    '',
    ...(rows.length > 0
      ? [
          '| metric | base | head | head / base | 95% interval | tolerated | p | pairs | |',
          '|---|--:|--:|--:|--:|--:|--:|--:|---|',
          ...rows,
          '',
        ]
      : []),
    ...counterRows(counters),
    ...reasonsOf(findings, counters, reasons).map((reason) => `- ${reason}`),
    ...notWatchedIn(slices).map((what) => `- not watched: ${what}`),
    '',
  ].join('\n')
}

function counterRows({ compared, findings }: CounterJudgement): string[] {
  if (compared === 0) return []
  const rows = findings.map((finding) => {
    const { kind, route, call } = finding
    const cells = [kind, route, ...shown(finding), call === 'worse' ? '**worse**' : call]
    return `| ${cells.join(' | ')} |`
  })
  const table = ['| counted | route | base | head | |', '|---|---|--:|--:|---|', ...rows, '']
  return [
    ...(rows.length > 0 ? table : []),
    `${compared - findings.length} of ${compared} counters are as they were.`,
    '',
  ]
}

function reasonsOf(
  findings: readonly Finding[],
  counters: CounterJudgement,
  reasons: readonly string[],
): string[] {
  return [
    ...reasons,
    ...counters.findings
      .filter(({ call }) => call === 'worse')
      .map(
        (finding) =>
          `${whatOf(finding)}; if it must be so, accept it: --accept "${finding.kind} ${finding.route}"`,
      ),
    ...findings
      .filter(({ call }) => call === 'worse')
      .map((finding) => `${finding.name} went up by ${percent(finding.ratio)} (${intervalOf(finding)})`),
    ...findings
      .filter(({ call }) => call === 'better')
      .map(
        (finding) => `${finding.name} went down by ${percent(finding.ratio)}: its budget can be tightened`,
      ),
  ]
}

function whatOf({ kind, route, base, head }: CounterFinding): string {
  if (kind === 'budget')
    return base === 0 && head === 1
      ? `slo.ts leaves out ${route}, which base does not`
      : `the limit ${route} of slo.ts holds less than base's does`
  return head === null ? `${route} has no count of ${kind} any more` : `${kind} of ${route} rose`
}

/** A space that no line is broken at: a table that is too wide breaks its words instead. */
const unbroken = '\u00a0'

const percent = (ratio: number) => `${Math.abs((ratio - 1) * 100).toFixed(1)}%`
