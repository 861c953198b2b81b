import pc from 'picocolors'
import { exampleInWords } from '../judge/errors.ts'
import { actualOf, type Evidence, expectedOf } from '../result/evidence.ts'
import type { Result } from '../result/result.ts'
import { plainTable } from '../result/table.ts'
import { amount, inColour, megabytes, span, time } from '../result/words.ts'
import { browserMarkdown, browserTable, costLine } from './browser.ts'

const errorsOf = (errors: Record<string, number | undefined>) =>
  Object.entries(errors)
    .map(([kind, count]) => `${amount(count ?? 0)} ${kind}`)
    .join(', ')

/** The end of a run, for a terminal of 100 columns. */
export function terminalSummary(result: Result, files: string): string {
  const table = plainTable(
    ['route', 'count', 'p50', 'p95', 'p99', 'TTFB p95', 'limit', 'errors', ''],
    ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  )
  const severalPhases = new Set(result.routes.map(({ phase }) => phase)).size > 1
  for (const [index, route] of result.routes.entries()) {
    const errors = errorsOf(route.errors)
    if (severalPhases && route.phase !== result.routes[index - 1]?.phase) table.push([pc.bold(route.phase)])
    table.push([
      route.route,
      amount(route.count),
      time(route.p50),
      isWholeLate(route) ? pc.red(time(route.p95)) : time(route.p95),
      time(route.p99),
      route.passed ? time(route.ttfbP95) : pc.red(time(route.ttfbP95)),
      time(route.ttfbLimit ?? Number.NaN),
      errors ? pc.red(errors) : '0',
      route.passed ? pc.green('✓') : pc.red('✗'),
    ])
  }
  const { totals, workload, browser } = result
  return [
    '',
    table.toString(),
    '',
    ...(result.phases.filter(({ users }) => users > 0).length > 2 ? [phaseTable(result), ''] : []),
    ...(browser ? [browserTable(browser, workload.users), ''] : []),
    `  ${usersOf(result)}, ${span(workload.thinkMs)} mean think time, ${span(workload.durationMs)} judged`,
    `  ${amount(totals.requests)} requests, ${totals.requestsPerSecond.toFixed(1)}/s; ${generatorLine(result)}`,
    ...result.evidence
      .filter(({ where }) => where.route === undefined)
      .map((evidence) => `  ${evidenceLine(evidence)}`),
    ...explanations(result).map((line) => `  ${line}`),
    '',
    `${inColour(result.verdict)}  ${result.verdict === 'pass' ? `all ${result.evidence.length} limits held` : ''}`.trimEnd(),
    ...result.reasons.map((reason) => `  ${pc.dim('·')} ${reason}`),
    ...notesOf(result).map((note) => `  ${pc.dim('·')} ${pc.yellow(note)}`),
    ...result.notWatched.map((what) => `  ${pc.dim(`· not watched: ${what}`)}`),
    pc.dim(`  ${files}`),
    '',
  ].join('\n')
}

/** Of those that are no reason as well. */
const notesOf = ({ notes, reasons }: Result): string[] => notes.filter((note) => !reasons.includes(note))

/** The whole answer, not its first byte alone. */
const isWholeLate = ({ p95, latencyLimit }: Result['routes'][number]) =>
  latencyLimit !== null && p95 >= latencyLimit

const usersOf = ({ workload: { users, tenants } }: Result): string =>
  `${amount(users)} users${tenants === null ? '' : ` of ${amount(tenants)} tenants`}`

/** The stages of a run that has more than one of them. */
function phaseTable({ phases }: Result): string {
  const table = plainTable(
    ['phase', 'users', 'requests/s', 'p50', 'p95', 'p99', 'errors', 'judged'],
    ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  )
  for (const { phase, users, requestsPerSecond, p50, p95, p99, errors, judged } of phases) {
    const figures = [
      amount(users),
      requestsPerSecond.toFixed(1),
      time(p50),
      time(p95),
      time(p99),
      amount(errors),
    ]
    table.push([phase, ...figures, { all: 'by every limit', errors: 'by its errors', none: 'no' }[judged]])
  }
  return table.toString()
}

/** What stands behind the numbers: whether users were kept, where it broke first, and why. */
function explanations(result: Result): string[] {
  const { little, firstBreak, observed, groups } = result
  const tiers = groups.filter(({ phase }) => phase === groups[0]?.phase)
  return [
    ...little.map(
      ({ phase, users, stepsPerSecond, responseMs, thinkMs, ratio }) =>
        `Little's law in ${phase}: ${stepsPerSecond.toFixed(1)} steps/s × (${time(responseMs)} + ${time(thinkMs)}) = ${(ratio * 100).toFixed(1)}% of ${amount(Math.round(users))} users`,
    ),
    ...(tiers.length > 0
      ? [
          `p95 by who asked: ${tiers.map(({ group, p95 }) => `${group.replace(/^\S+ /, '')} ${time(p95)}`).join(', ')}`,
        ]
      : []),
    ...(firstBreak
      ? [
          `first broken: ${firstBreak.route}, TTFB p95 ${time(firstBreak.ttfbP95)} of ${time(firstBreak.limit)}, ${span(firstBreak.at)} after the start with ${amount(firstBreak.users)} users and ${firstBreak.requestsPerSecond.toFixed(0)} requests/s`,
        ]
      : []),
    ...capacityLines(result),
    ...(result.browser ? [costLine(result.browser)] : []),
    ...(observed.limiting ? [`limiting: ${observed.limiting.part}; ${observed.limiting.why}`] : []),
  ]
}

function capacityLines({ capacity }: Result): string[] {
  if (!capacity) return []
  const { lastPass, firstFail, confirmations, brokenBy, limiting, law, probes } = capacity
  const edge = firstFail === null ? 'all that there are' : `${amount(firstFail)} no more`
  return [
    `capacity: ${amount(lastPass)} users held${confirmations > 0 ? `, ${confirmations} times again` : ''}; ${edge} (${probes.length} runs)`,
    ...brokenBy.map((reason) => `broken by ${reason}`),
    ...(limiting ? [`limiting beyond it: ${limiting.part}; ${limiting.why}`] : []),
    ...(law
      ? [
          `scalability law: ${(law.gamma * 1000).toFixed(1)} steps/s per 1,000 users of whom none waits for another, contention (α) ${law.alpha.toExponential(1)}, coherency (β) ${law.beta.toExponential(1)}; ${law.peakUsers === null ? 'no peak within twice what was measured' : `most work at ${amount(law.peakUsers)} users`}`,
        ]
      : []),
  ]
}

function evidenceLine(evidence: Evidence): string {
  const { limit, passed } = evidence
  const actual = actualOf(evidence)
  return `${limit}: ${passed ? actual : pc.red(actual)} ${pc.dim(`(expected: ${expectedOf(evidence)})`)}`
}

function generatorLine({ generator }: Result): string {
  const { cpuMsPerRequest, peakRssBytes, scheduleLagP99Ms, connectionWaits } = generator
  return [
    'generator',
    cpuMsPerRequest === null ? '' : `${cpuMsPerRequest.toFixed(2)} ms CPU a request`,
    peakRssBytes === null ? '' : megabytes(peakRssBytes),
    scheduleLagP99Ms === null ? '' : `late by ${time(scheduleLagP99Ms)} at p99`,
    connectionWaits.requests === 0
      ? ''
      : `${amount(connectionWaits.requests)} requests waited for one of its connections (p99 ${time(connectionWaits.p99Ms)})`,
  ]
    .filter(Boolean)
    .join(', ')
    .replace(',', '')
}

/** One of each kind of error of each route. */
const examplesOf = ({ examples }: Result): string[] =>
  examples.length === 0
    ? []
    : [
        '| error | route | for example |',
        '|---|---|---|',
        ...examples.map(
          (example) => `| ${example.class} | ${example.route} | ${inCell(exampleInWords(example))} |`,
        ),
        '',
      ]

const inCell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll(/\s+/g, ' ')

/** The same for a pull request or a wiki. */
export function markdownSummary(result: Result): string {
  const { workload, totals, generator } = result
  const rows = result.routes.map(
    (route) =>
      `| ${route.route}${route.phase === 'steady' ? '' : ` (${route.phase})`} | ${amount(route.count)} | ${time(route.p50)} | ${time(route.p95)} | ${time(route.p99)} | ${time(route.ttfbP95)} | ${time(route.ttfbLimit ?? Number.NaN)} | ${time(route.latencyLimit ?? Number.NaN)} | ${errorsOf(route.errors) || '0'} | ${route.passed ? 'pass' : '**fail**'} |`,
  )
  const { observed } = result
  const parts = Object.entries(observed.parts).map(
    ([name, { cores, rssBytes, eventLoopLagP99Ms, poolWaiting }]) =>
      `| ${name} | ${cores.toFixed(2)} | ${megabytes(rssBytes)} | ${eventLoopLagP99Ms === null ? '—' : time(eventLoopLagP99Ms)} | ${poolWaiting ?? '—'} |`,
  )
  const statements = observed.statements.map(
    ({ query, calls, meanMs, share }) =>
      `| ${(share * 100).toFixed(0)}% | ${amount(calls)} | ${time(meanMs)} | \`${query.replaceAll('|', '\\|').replaceAll('`', "'")}\` |`,
  )
  const phases = result.phases.map(
    ({ phase, users, requestsPerSecond, p50, p95, p99, errors, judged }) =>
      `| ${phase} | ${amount(users)} | ${requestsPerSecond.toFixed(1)} | ${time(p50)} | ${time(p95)} | ${time(p99)} | ${amount(errors)} | ${judged} |`,
  )
  const groups = result.groups.map(
    ({ group, phase, count, p50, p95, p99, errors }) =>
      `| ${group} | ${phase} | ${amount(count)} | ${time(p50)} | ${time(p95)} | ${time(p99)} | ${amount(errors)} |`,
  )
  return [
    `# ${result.scenario}: ${result.verdict}`,
    '',
    ...result.reasons.map((reason) => `- ${reason}`),
    ...notesOf(result).map((note) => `- note: ${note}`),
    ...result.notWatched.map((what) => `- not watched: ${what}`),
    '',
    `${usersOf(result)}, ${span(workload.thinkMs)} mean think time, ${span(workload.durationMs)} judged: ${amount(totals.requests)} requests, ${totals.requestsPerSecond.toFixed(1)}/s, ${amount(totals.errors)} errors.`,
    '',
    '| route | count | p50 | p95 | p99 | TTFB p95 | TTFB limit | p95 limit | errors | verdict |',
    '|---|--:|--:|--:|--:|--:|--:|--:|--:|---|',
    ...rows,
    '',
    ...examplesOf(result),
    '| limit | expected | actual | samples | verdict |',
    '|---|---|---|--:|---|',
    ...result.evidence
      .filter(({ where }) => where.route === undefined)
      .map(
        (each) =>
          `| ${each.limit} | ${expectedOf(each)} | ${actualOf(each)} | ${amount(each.samples)} | ${each.passed ? 'pass' : '**fail**'} |`,
      ),
    '',
    ...(result.browser ? browserMarkdown(result.browser) : []),
    '| phase | users | requests/s | p50 | p95 | p99 | errors | judged |',
    '|---|--:|--:|--:|--:|--:|--:|---|',
    ...phases,
    '',
    '| who | phase | requests | p50 | p95 | p99 | errors |',
    '|---|---|--:|--:|--:|--:|--:|',
    ...groups,
    '',
    ...explanations(result).map((line) => `- ${line}`),
    '',
    ...(parts.length > 0
      ? [
          '| part | CPU cores | memory | event loop lag p99 | waited for Postgres |',
          '|---|--:|--:|--:|--:|',
          ...parts,
          '',
        ]
      : []),
    ...(statements.length > 0
      ? ['| of Postgres | calls | mean | statement |', '|--:|--:|--:|---|', ...statements, '']
      : []),
    `Generator: ${generator.cpuMsPerRequest?.toFixed(3) ?? '—'} ms CPU a request, ${generator.peakRssBytes === null ? '—' : megabytes(generator.peakRssBytes)}, schedule lag p99 ${generator.scheduleLagP99Ms === null ? '—' : time(generator.scheduleLagP99Ms)}, ${amount(generator.activeUsers)} users active.`,
    '',
    `Run ${result.run} on ${result.startedAt}, revision ${result.revision ?? 'unknown'}, ${result.machine.cores} cores, target ${result.target}.`,
    ...(workload.faults.length > 0
      ? ['', `Made with faults on purpose: ${workload.faults.join(', ')}.`]
      : []),
    '',
  ].join('\n')
}
