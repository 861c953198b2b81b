import Table from 'cli-table3'
import pc from 'picocolors'
import type { Evidence, Result } from '../judge/result.ts'
import { amount, inColour, megabytes, span, time } from './words.ts'

const errorsOf = (errors: Record<string, number | undefined>) =>
  Object.entries(errors)
    .map(([kind, count]) => `${amount(count ?? 0)} ${kind}`)
    .join(', ')

/** A table without lines between its rows. */
export function plainTable(head: string[], alignments: ('left' | 'right')[]) {
  const none = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }
  const edge = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  }
  return new Table({
    head: head.map((text) => pc.dim(text)),
    colAligns: alignments,
    chars: { ...none, ...edge, left: ' ', right: '', middle: ' ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  })
}

/** The end of a run, for a terminal of 100 columns. */
export function terminalSummary(result: Result, files: string): string {
  const table = plainTable(
    ['route', 'count', 'p50', 'p95', 'p99', 'TTFB p95', 'limit', 'errors', ''],
    ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  )
  for (const route of result.routes) {
    const errors = errorsOf(route.errors)
    table.push([
      route.route,
      amount(route.count),
      time(route.p50),
      time(route.p95),
      time(route.p99),
      route.passed ? time(route.ttfbP95) : pc.red(time(route.ttfbP95)),
      time(route.ttfbLimit),
      errors ? pc.red(errors) : '0',
      route.passed ? pc.green('✓') : pc.red('✗'),
    ])
  }
  const { totals, workload } = result
  return [
    '',
    table.toString(),
    '',
    `  ${amount(workload.users)} users of ${amount(workload.tenants)} tenants, ${span(workload.thinkMs)} mean think time, ${span(workload.durationMs)} judged`,
    `  ${amount(totals.requests)} requests, ${totals.requestsPerSecond.toFixed(1)}/s; ${generatorLine(result)}`,
    ...result.evidence
      .filter(({ route }) => route === undefined)
      .map((evidence) => `  ${evidenceLine(evidence)}`),
    '',
    `${inColour(result.verdict)}  ${result.verdict === 'pass' ? `all ${result.evidence.length} limits held` : ''}`.trimEnd(),
    ...result.reasons.map((reason) => `  ${pc.dim('·')} ${reason}`),
    pc.dim(`  ${files}`),
    '',
  ].join('\n')
}

const evidenceLine = ({ limit, wanted, measured, passed }: Evidence) =>
  `${limit}: ${passed ? measured : pc.red(measured)} ${pc.dim(`(wanted: ${wanted})`)}`

function generatorLine({ generator }: Result): string {
  const { cpuMsPerRequest, peakRssBytes, scheduleLagP99Ms } = generator
  return [
    'generator',
    cpuMsPerRequest === null ? '' : `${cpuMsPerRequest.toFixed(2)} ms CPU a request`,
    peakRssBytes === null ? '' : megabytes(peakRssBytes),
    scheduleLagP99Ms === null ? '' : `late by ${time(scheduleLagP99Ms)} at p99`,
  ]
    .filter(Boolean)
    .join(', ')
    .replace(',', '')
}

/** The same for a pull request or a wiki. */
export function markdownSummary(result: Result): string {
  const { workload, totals, generator } = result
  const rows = result.routes.map(
    (route) =>
      `| ${route.route} | ${amount(route.count)} | ${time(route.p50)} | ${time(route.p95)} | ${time(route.p99)} | ${time(route.ttfbP95)} | ${time(route.ttfbLimit)} | ${errorsOf(route.errors) || '0'} | ${route.passed ? 'pass' : '**fail**'} |`,
  )
  const parts = Object.entries(result.parts).map(
    ([name, { cores, rssBytes }]) => `| ${name} | ${cores.toFixed(2)} | ${megabytes(rssBytes)} |`,
  )
  return [
    `# ${result.scenario}: ${result.verdict}`,
    '',
    ...result.reasons.map((reason) => `- ${reason}`),
    '',
    `${amount(workload.users)} users of ${amount(workload.tenants)} tenants, ${span(workload.thinkMs)} mean think time, ${span(workload.durationMs)} judged: ${amount(totals.requests)} requests, ${totals.requestsPerSecond.toFixed(1)}/s, ${amount(totals.errors)} errors.`,
    '',
    '| route | count | p50 | p95 | p99 | TTFB p95 | limit | errors | verdict |',
    '|---|--:|--:|--:|--:|--:|--:|--:|---|',
    ...rows,
    '',
    '| limit | wanted | measured | samples | verdict |',
    '|---|---|---|--:|---|',
    ...result.evidence
      .filter(({ route }) => route === undefined)
      .map(
        ({ limit, wanted, measured, samples, passed }) =>
          `| ${limit} | ${wanted} | ${measured} | ${amount(samples)} | ${passed ? 'pass' : '**fail**'} |`,
      ),
    '',
    ...(parts.length > 0 ? ['| part | CPU cores | memory |', '|---|--:|--:|', ...parts, ''] : []),
    `Generator: ${generator.cpuMsPerRequest?.toFixed(3) ?? '—'} ms CPU a request, ${generator.peakRssBytes === null ? '—' : megabytes(generator.peakRssBytes)}, schedule lag p99 ${generator.scheduleLagP99Ms === null ? '—' : time(generator.scheduleLagP99Ms)}, ${amount(generator.activeUsers)} users active.`,
    '',
    `Run ${result.run} on ${result.startedAt}, revision ${result.revision ?? 'unknown'}, ${result.machine.cores} cores, target ${result.target}.`,
    ...(workload.faults.length > 0
      ? ['', `Made with faults on purpose: ${workload.faults.join(', ')}.`]
      : []),
    '',
  ].join('\n')
}
