import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { execa } from 'execa'
import pc from 'picocolors'
import { z } from 'zod'
import { errorsFile } from './error-reporter.ts'
import { playSmoke } from './smoke-step.ts'
import { notHere, type Step } from './steps.ts'

export type Tally = { passed: number; failed: number }

/** What a step found, and what its reader has to know: for each failed test its name and its first line. */
type Found = Tally & {
  notes?: string[]
  /** How long it took, where it did not begin when its turn came. */
  milliseconds?: number
  printed?: string
}

/**
 * Runs the steps one after another, all of them even when one fails, and counts what passed. Those that only read the
 * sources run at the same time, and what each prints is shown when its turn has come.
 */
export async function runSteps(chosen: readonly Step[]): Promise<Tally> {
  const total: Tally = { passed: 0, failed: 0 }
  const lines: string[] = []
  const reading = new Map(chosen.filter(isStatic).map((step) => [step, check(step.command)]))
  for (const step of chosen) {
    const started = performance.now()
    console.log(`\n${pc.bold(`▶ ${step.name}`)}  ${pc.dim(step.command.join(' '))}`)
    const found = await (reading.get(step) ?? runStep(step))
    const { notes = [], milliseconds = performance.now() - started, printed = '', ...tally } = found
    if (printed !== '') console.log(printed)
    const seconds = (milliseconds / 1000).toFixed(0)
    total.passed += tally.passed
    total.failed += tally.failed
    const wasDone = tally.passed + tally.failed > 0
    const mark = tally.failed > 0 ? pc.red('✗') : wasDone ? pc.green('✓') : pc.dim('–')
    const count = `${tally.passed} passed, ${tally.failed} failed`
    lines.push(`${mark} ${step.name.padEnd(18)} ${count.padEnd(24)} ${seconds.padStart(4)} s`)
    for (const note of notes) lines.push(`  ${pc.yellow(note)}`)
    if (tally.failed > 0) lines.push(`  ${pc.dim(step.about)}`)
  }
  console.log(`\n${lines.join('\n')}\n`)
  return total
}

const isStatic = ({ counts }: Step) => counts === 'one'

async function check([file, ...args]: Step['command']): Promise<Found> {
  const started = performance.now()
  const env = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  const { all, exitCode } = await execa(file, args, { all: true, preferLocal: true, reject: false, env })
  const milliseconds = performance.now() - started
  return { ...one(exitCode === 0 ? 'passed' : 'failed'), milliseconds, printed: all }
}

async function runStep(step: Step): Promise<Found> {
  if (step.counts === 'loadtest') {
    const { passed, note } = await playSmoke(step.command)
    return { ...one(passed ? 'passed' : 'failed'), notes: note ? [note] : [] }
  }
  if (step.counts === 'where possible') return whereItIsPossible(step.command)
  const directory = await mkdtemp(join(tmpdir(), 'headroom-test-'))
  try {
    const report = join(directory, 'report.json')
    const errors = join(directory, 'errors.json')
    const reporters = ['default', 'json', join(import.meta.dirname, 'error-reporter.ts')]
    const ended = await succeeds(
      [
        ...step.command,
        ...reporters.map((reporter) => `--reporter=${reporter}`),
        `--outputFile.json=${report}`,
      ],
      { [errorsFile]: errors },
    )
    const read = (file: string) => readFile(file, 'utf8').catch(() => '')
    const text = await read(report)
    const notes =
      text === '' ? ['ended before it reported: what it printed above says why'] : failuresIn(text)
    return { ...countVitest(text, ended), notes: [...notes, ...errorsIn(await read(errors))] }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** What was not done has not passed, and is no failure of ours either: it is told. */
async function whereItIsPossible([file, ...args]: [string, ...string[]]): Promise<Found> {
  const result = await execa(file, args, { stdout: ['inherit', 'pipe'], preferLocal: true, reject: false })
  if (result.exitCode === notHere) return { passed: 0, failed: 0, notes: [result.stdout.trim()] }
  return one(result.exitCode === 0 ? 'passed' : 'failed')
}

async function succeeds(
  [file, ...args]: [string, ...string[]],
  env: Record<string, string> = {},
): Promise<boolean> {
  const result = await execa(file, args, { stdio: 'inherit', preferLocal: true, reject: false, env })
  return result.exitCode === 0
}

const VitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
})

/**
 * Reads vitest's JSON report. A run that died, ran nothing or skipped something is a failure of its own:
 * what was not run has not passed.
 */
export function countVitest(report: string, ended: boolean): Tally {
  const parsed = VitestReport.safeParse(report === '' ? undefined : JSON.parse(report))
  if (!parsed.success) return one('failed')
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = parsed.data
  const notRun = numPendingTests + numTodoTests
  const silent = numFailedTests + notRun === 0 && (!ended || numPassedTests === 0) ? 1 : 0
  return { passed: numPassedTests, failed: numFailedTests + notRun + silent }
}

const VitestFailures = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
})

/** A line for each test of vitest's JSON report that did not pass, and for each file that could not run: CI keeps little more than the end of a log. */
export function failuresIn(report: string): string[] {
  const parsed = VitestFailures.safeParse(report === '' ? undefined : JSON.parse(report))
  if (!parsed.success) return []
  return parsed.data.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name)
    const failed = assertionResults.filter((test) => test.status !== 'passed')
    if (failed.length === 0 && status === 'failed') return [`${file}: ${firstLine(message)}`]
    return failed.map(
      (test) => `${file}: ${test.fullName}: ${firstLine(test.failureMessages?.[0] ?? test.status)}`,
    )
  })
}

/** A line for each error outside of every test, which fails a run in which none failed. */
const errorsIn = (text: string): string[] =>
  text === '' ? [] : z.array(z.string()).parse(JSON.parse(text)).map(firstLine)

const firstLine = (text: string) => stripVTControlCharacters(text).split('\n', 1)[0]?.slice(0, 300) ?? ''

const one = (which: keyof Tally): Tally => ({ passed: 0, failed: 0, [which]: 1 })
