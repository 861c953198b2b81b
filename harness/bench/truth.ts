import { setTimeout as sleep } from 'node:timers/promises'
import pc from 'picocolors'
import { exitCodes, UsageError } from '../cli/usage.ts'
import { disturbancesOf } from '../judge/machine.ts'
import { plainTable } from '../report/table.ts'
import { watched } from '../stack/machine-load.ts'
import { provide } from '../toolchain/provide.ts'
import type { BehaviourName } from './truth/behaviours.ts'
import { caseNames, caseOf } from './truth/cases.ts'
import { allowed, kindsOf, timesTold } from './truth/compare.ts'
import { type Played, playCase } from './truth/play.ts'

export type Row = Played & { name: BehaviourName; shards: number; outcome: Outcome }
type Outcome = 'right' | 'wrong' | 'disturbed'

/** How often a case is played again that came out wrong while something else used the machine. */
const repetitions = 2
/** How long that other thing is waited for before. Milliseconds. */
const quietWithin = 20_000

/**
 * Plays targets that misbehave in a known way and keep their own books, and holds what a run tells against them.
 * @returns the exit code: fail when a figure is wrong, invalid when the machine was never quiet enough to say so
 */
export async function benchTruth(
  { names, shards }: { names: readonly BehaviourName[]; shards: readonly number[] },
  say: (line: string) => void,
): Promise<number> {
  const { k6 } = await provide(['k6'], say)
  let interrupted = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      interrupted = true
    })
  const rows: Row[] = []
  for (const name of names.length > 0 ? names : caseNames) {
    for (const count of shards.length > 0 ? shards : caseOf(name).shards) {
      if (interrupted)
        throw new UsageError('bench:truth was interrupted', 'start it again; --cases plays some of it')
      say(pc.dim(`${name}, ${inShards(count)} …`))
      rows.push(await playUntilQuiet(name, count, k6.path, say))
    }
  }
  say('')
  say(tableOf(rows))
  for (const row of rows.filter(({ wrong }) => wrong.length > 0)) say(explained(row))
  const outcomes = new Set(rows.map(({ outcome }) => outcome))
  return outcomes.has('wrong')
    ? exitCodes.fail
    : outcomes.has('disturbed')
      ? exitCodes.invalid
      : exitCodes.pass
}

/** What is right stays right, whatever else ran; what is wrong beside other processes says nothing. */
export async function playUntilQuiet(
  name: BehaviourName,
  shards: number,
  k6: string,
  say: (line: string) => void,
): Promise<Row> {
  for (let again = 0; ; again++) {
    const played = await playCase(name, shards, k6)
    const row = { ...played, name, shards }
    if (played.wrong.length === 0) return { ...row, outcome: 'right' }
    if (played.disturbances.length === 0) return { ...row, outcome: 'wrong' }
    if (again === repetitions) return { ...row, outcome: 'disturbed' }
    say(pc.dim(`  ${played.disturbances.join('; ')}: once more`))
    await untilQuiet(quietWithin)
  }
}

const inShards = (count: number) => `${count} ${count === 1 ? 'shard' : 'shards'}`

/** Waits until nothing else uses the machine, or the time is over. */
async function untilQuiet(within: number): Promise<void> {
  for (const until = Date.now() + within; Date.now() < until; ) {
    const { machine } = await watched(() => sleep(3_000))
    if (disturbancesOf(machine.load).length === 0) return
  }
}

const marks: Record<Outcome, string> = {
  right: pc.green('✓'),
  wrong: pc.red('✗'),
  disturbed: pc.yellow('? disturbed'),
}

/** Each figure as it was told, as it was in truth, and how far that is. */
function tableOf(rows: readonly Row[]): string {
  const table = plainTable(
    [
      'case',
      'shards',
      'requests',
      'errors',
      'p50 ms',
      'p95 ms',
      'p99 ms',
      'TTFB p95',
      'late p99',
      'pause',
      'verdict',
      '',
    ],
    ['left', 'right', 'right', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'left', 'left'],
  )
  for (const { name, shards, told, truth, wanted, outcome } of rows) {
    const { unseen } = caseOf(name)
    table.push([
      name,
      shards,
      pair(told.requests, truth.requests),
      kindsOf(told, truth)
        .map((kind) => `${pair(told.errors[kind] ?? 0, truth.errors[kind] ?? 0)} ${kind}`)
        .join(', ') || '0 / 0',
      ...timesTold.map((time) => (unseen ? '—' : timePair(told[time], truth[time]))),
      truth.lateP99.toFixed(0),
      `${truth.pause.mean.toFixed(0)} / ${caseOf(name).think}`,
      told.verdict === wanted ? told.verdict : pc.red(`${told.verdict} / ${wanted}`),
      marks[outcome],
    ])
  }
  return `${table.toString()}\n  ${pc.dim('told / true, in truth by the books of the target; late: what came after it was due, by nobody’s fault but the generator’s; pause: true / asked')}`
}

const pair = (told: number, truth: number): string =>
  told === truth ? `${told} / ${truth}` : pc.red(`${told} / ${truth}`)

function timePair(told: number, truth: number): string {
  const off = told - truth
  const share = truth > 0 ? ` (${off >= 0 ? '+' : ''}${((100 * off) / truth).toFixed(1)}%)` : ''
  const text = `${told.toFixed(1)} / ${truth.toFixed(1)}${share}`
  return Math.abs(off) <= allowed(truth) ? text : pc.red(text)
}

function explained({ name, shards, wrong, disturbances, told, outcome }: Row): string {
  const lines = [...wrong, ...disturbances, ...told.reasons.map((reason) => `the run said: ${reason}`)]
  return [`\n${marks[outcome]} ${name}, ${inShards(shards)}`, ...lines.map((line) => `  · ${line}`)].join(
    '\n',
  )
}
