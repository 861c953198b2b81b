import pc from 'picocolors'
import { playedAgain } from '../judge/machine.ts'
import { exitCodes, UsageError } from '../plan/usage.ts'
import { plainTable } from '../result/table.ts'
import { untilQuiet } from '../test/steady.ts'
import { provide } from '../toolchain/provide.ts'
import type { BehaviourName } from './truth/behaviours.ts'
import { caseNames, caseOf } from './truth/cases.ts'
import { kindsOf, timesTold } from './truth/compare.ts'
import { type Played, playCase } from './truth/play.ts'

type Row = Played & { name: BehaviourName; shards: number; outcome: Outcome }
type Outcome = 'right' | 'wrong' | 'disturbed'

/** How long others are waited for before a case that they disturbed is played again. Milliseconds. */
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
      rows.push(await rowOf(name, count, k6.path, (line) => say(pc.dim(`  ${line}`))))
    }
  }
  say('')
  say(tableOf(rows))
  for (const row of rows.filter(({ outcome }) => outcome !== 'right')) say(explained(row))
  const outcomes = new Set(rows.map(({ outcome }) => outcome))
  return outcomes.has('wrong')
    ? exitCodes.fail
    : outcomes.has('disturbed')
      ? exitCodes.invalid
      : exitCodes.pass
}

async function rowOf(
  name: BehaviourName,
  shards: number,
  k6: string,
  say: (line: string) => void,
): Promise<Row> {
  let plays = 0
  const play = async () => {
    if (plays++ > 0) await untilQuiet(quietWithin)
    return playCase(name, shards, k6)
  }
  const played = await playedAgain(play, disturbanceOf, say)
  return { ...played, name, shards, outcome: outcomeOf(played) }
}

/** What is right stays right, whatever else ran; times that are wrong beside other processes say nothing. */
const disturbanceOf = ({ miscounted, mistimed, disturbances }: Played): string | null =>
  miscounted.length === 0 && mistimed.length > 0 ? (disturbances[0] ?? null) : null

function outcomeOf(played: Played): Outcome {
  if (played.miscounted.length + played.mistimed.length === 0) return 'right'
  return disturbanceOf(played) === null ? 'wrong' : 'disturbed'
}

const inShards = (count: number) => `${count} ${count === 1 ? 'shard' : 'shards'}`

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
  for (const { name, shards, told, truth, wanted, mistimed, outcome } of rows) {
    const { unseen } = caseOf(name)
    table.push([
      name,
      shards,
      pair(told.requests, truth.requests),
      kindsOf(told, truth)
        .map((kind) => `${pair(told.errors[kind] ?? 0, truth.errors[kind] ?? 0)} ${kind}`)
        .join(', ') || '0 / 0',
      ...timesTold.map((time) =>
        unseen
          ? '—'
          : timePair(
              told[time],
              truth[time],
              mistimed.some((why) => why.startsWith(`${time}: `)),
            ),
      ),
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

function timePair(told: number, truth: number, isWrong: boolean): string {
  const off = told - truth
  const share = truth > 0 ? ` (${off >= 0 ? '+' : ''}${((100 * off) / truth).toFixed(1)}%)` : ''
  const text = `${told.toFixed(1)} / ${truth.toFixed(1)}${share}`
  return isWrong ? pc.red(text) : text
}

function explained({ name, shards, miscounted, mistimed, disturbances, told, outcome }: Row): string {
  const lines = [
    ...miscounted,
    ...mistimed,
    ...disturbances,
    ...told.reasons.map((reason) => `the run said: ${reason}`),
  ]
  return [`\n${marks[outcome]} ${name}, ${inShards(shards)}`, ...lines.map((line) => `  · ${line}`)].join(
    '\n',
  )
}
