import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { defaultPopulation } from '@headroom/fixtures/population.ts'
import { unit } from '@headroom/fixtures/random.ts'
import { judgeBudgets, type Limits } from '@headroom/perf-budgets/gate/budgets.ts'
import {
  type CounterJudgement,
  type Counters,
  counterKinds,
  judgeCounters,
  lesser,
  together,
} from '@headroom/perf-budgets/gate/counters.ts'
import * as slo from '@headroom/perf-budgets/slo.ts'
import pc from 'picocolors'
import { phoneOn } from '../lighthouse/benchmark.ts'
import type { PageName } from '../lighthouse/pages.ts'
import { measureAlone } from '../lighthouse/quiet.ts'
import { planOf } from '../plan/plan.ts'
import type { Plan } from '../plan/scenarios.ts'
import { assertForBrowser, reachable, sessionSecretFor, targetOf } from '../plan/target.ts'
import { exitCodes, UsageError } from '../plan/usage.ts'
import { project } from '../project.ts'
import { asJson, assertWritable, runId, writeTogether } from '../report/write.ts'
import { run } from '../run/run.ts'
import { type Guard, startGuard } from '../stack/guard.ts'
import { provideHeadless } from '../toolchain/chromium.ts'
import { provide } from '../toolchain/provide.ts'
import { countersOf, failedPages } from './counters.ts'
import { allEnded } from './ended.ts'
import { type Compared, type Comparison, compare, noCounters, withCounters } from './gate.ts'
import { junitOfGate } from './junit.ts'
import { audited } from './lighthouse.ts'
import { interimLines, markdown, terminalTable } from './present.ts'
import {
  assertAlike,
  assertClean,
  checkOut,
  commitOf,
  deployed,
  distanceTo,
  GateInvalid,
  type Side,
  serve,
  started,
} from './sides.ts'
import { notWatchedIn, type SideName, type Slice, sideNames, sliceOf } from './slices.ts'

export type GateOptions = {
  base?: string
  baseUrl?: string
  headUrl?: string
  baseCommand?: string
  headCommand?: string
  /** Takes any certificate of a deployment. */
  insecure?: boolean
  journey?: string
  pairs?: number
  users: number
  think: number
  ramp: number
  duration: number
  seed: number
  /** Known-bad cases that head is started with. */
  fault: string[]
  /** Pages whose Lighthouse timings are compared as well. */
  lighthouse: PageName[]
  /** Counters that may rise. */
  accept: string[]
  json?: boolean
}

const { gate: rules } = slo

type Sides = Record<SideName, Side>

/** Compares two revisions, or two deployments, and says whether head is worse. */
export async function gate(options: GateOptions): Promise<Compared> {
  await assertWritable(runId('gate'))
  const gate: Gate = {
    id: runId('gate'),
    guard: startGuard(),
    endings: [],
    played: [],
    counters: noCounters,
    names: {
      base: options.base ?? shownOf(options.baseUrl, '--base-url') ?? '',
      head: shownOf(options.headUrl, '--head-url') ?? 'HEAD',
    },
  }
  const end = async () => {
    for (const ending of gate.endings.toReversed()) await ending()
    gate.endings.length = 0
    gate.guard.end()
  }
  let isInterrupted = false
  const interrupted = () => {
    isInterrupted = true
    void end().finally(() => process.exit(exitCodes.invalid))
  }
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    const measured = await compared(options, gate).catch((error: unknown): Promise<Compared> | Compared => {
      // What fails because all is being stopped says nothing of either side.
      if (isInterrupted) return new Promise<never>(() => {})
      if (error instanceof UsageError) throw error
      if (!(error instanceof GateInvalid)) console.error(error)
      const reasons = [error instanceof Error ? error.message : String(error)]
      return { verdict: 'invalid', findings: [], counters: noCounters, reasons, slices: gate.played }
    })
    const found = withCounters(measured, gate.counters)
    // From here on there is a verdict, which is written and told whoever ends it.
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
    tell(found, options, await writeFiles(gate, found))
    process.exitCode = exitCodes[found.verdict]
    return found
  } finally {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
    await end()
  }
}

const shownOf = (url: string | undefined, option: string) =>
  url === undefined ? undefined : targetOf(url, option).origin

/** What there is of a gate already, should it not come to its end. */
type Gate = {
  id: string
  guard: Guard
  /** What has to be done at the end, the last first. */
  endings: (() => Promise<void>)[]
  /** What base and head are called. */
  names: Record<SideName, string>
  counters: CounterJudgement
  played: Slice[]
}

async function compared(options: GateOptions, gate: Gate): Promise<Compared> {
  const { id, guard, endings, names, played } = gate
  const say = (line: string) =>
    void (options.json ? process.stderr : process.stdout).write(`  ${pc.dim(line)}\n`)
  const commits = options.base === undefined ? null : await commitsOf(options.base)
  endings.push(await measureAlone(join(project, '.headroom/measuring')))
  const { users, think, ramp, duration } = options
  const plan = await planOf(options.journey ?? 'smoke', {
    users,
    think,
    ramp,
    duration,
    shards: 1,
    seed: defaultPopulation.seed,
    ...(options.headUrl === undefined ? {} : { target: options.headUrl }),
  })
  const { k6 } = await provide(['k6'], say)
  const logs = join(project, '.headroom/gate')
  // Those of the gate before; no other one runs in this checkout.
  await rm(logs, { recursive: true, force: true })
  await mkdir(logs, { recursive: true })
  const on: Surroundings = { guard, endings, say, logs }
  const { sides, renew } = commits
    ? await revisions(commits, options.fault, on)
    : await deployments(options, !plan.journey, on)
  for (const name of sideNames) names[name] = sides[name].what
  say(`base is up at ${sides.base.origin}, head at ${sides.head.origin}`)
  if (!plan.journey) gate.counters = await count(sides, options.accept, say)
  if (commits && sides.base.directory)
    gate.counters = together(await budgets(sides.base.directory, options.accept), gate.counters)
  const more = await timedByLighthouse(sides, options, guard, say)
  return measure(sides, { ...options, id, k6: k6.path, plan, more, renew, played }, say)
}

function tell(found: Compared, { json }: GateOptions, files: string): void {
  const { slices, ...rest } = found
  if (json) process.stdout.write(asJson({ ...rest, sliceCount: slices.length }))
  else console.log(`${terminalTable(found)}\n${pc.dim(`  ${files}\n`)}`)
}

type Commits = Record<SideName, string>

/** @throws GateInvalid unless both are revisions, and the checkout is one of them */
async function commitsOf(base: string): Promise<Commits> {
  const commits = { base: await commitOf(base), head: await commitOf('HEAD') }
  await assertClean()
  return commits
}

type Surroundings = {
  guard: Guard
  endings: (() => Promise<void>)[]
  say: (line: string) => void
  logs: string
}

type Started = {
  sides: Sides
  /** Undefined where the processes are not ours. */
  renew: Renew | undefined
}

/** Two that somebody else keeps up, or that commands start. */
async function deployments(
  { baseUrl = '', headUrl = '', baseCommand, headCommand, insecure, lighthouse }: GateOptions,
  hasSecret: boolean,
  on: Surroundings,
): Promise<Started> {
  if (lighthouse.length > 0) {
    assertForBrowser(targetOf(baseUrl, '--base-url', insecure), '--base-url')
    assertForBrowser(targetOf(headUrl, '--head-url', insecure), '--head-url')
  }
  if (baseCommand !== undefined && headCommand !== undefined) {
    const commands = { base: [baseCommand, baseUrl], head: [headCommand, headUrl] } as const
    return startedOneByOne(on, (name) => {
      const [command, url] = commands[name]
      const secret = sessionSecretFor(hasSecret, `--${name}-url`)
      return started(on.guard, {
        name,
        command,
        ...targetOf(url, `--${name}-url`, insecure),
        sessionSecret: secret,
        logs: on.logs,
      })
    })
  }
  const at = async (name: SideName, url: string) => {
    const { origin, sessionSecret, access } = await reachable(url, hasSecret, `--${name}-url`, insecure)
    return deployed(name, origin, sessionSecret, access)
  }
  const sides = { base: await at('base', baseUrl), head: await at('head', headUrl) }
  assertAlike(await distanceTo(sides.base), await distanceTo(sides.head))
  return { sides, renew: undefined }
}

/** Both from this repository: base in a directory of its own, head as it stands here, with its faults. */
async function revisions(commits: Commits, faults: readonly string[], on: Surroundings): Promise<Started> {
  const checkout = await checkOut(on.guard, commits.base, on.say)
  on.endings.push(checkout.remove)
  const directories: Record<SideName, string> = { base: checkout.directory, head: project }
  return startedOneByOne(on, (name) =>
    serve(on.guard, {
      name,
      what: commits[name].slice(0, 8),
      directory: directories[name],
      logs: on.logs,
      faults: name === 'head' ? faults : [],
    }),
  )
}

/** One after the other: two builds at once want twice the memory. */
async function startedOneByOne(
  { endings, say }: Surroundings,
  start: (name: SideName) => Promise<Side>,
): Promise<Started> {
  const sides: Partial<Sides> = {}
  endings.push(async () => {
    await Promise.all(sideNames.map((name) => sides[name]?.stop()))
  })
  for (const name of sideNames) {
    say(`${name}: starting`)
    sides[name] = await start(name)
  }
  return {
    sides: sides as Sides,
    async renew() {
      await Promise.all(sideNames.map((name) => sides[name]?.stop()))
      await allEnded(
        sideNames.map(async (name) => {
          sides[name] = await start(name)
        }),
      )
    },
  }
}

/** Stops both sides, and starts them at the same moment. */
type Renew = () => Promise<void>

/** The limits of base, as its own slo.ts says them, against ours. */
async function budgets(directory: string, accepted: string[]): Promise<CounterJudgement> {
  const base = (await import(pathToFileURL(join(directory, 'perf-budgets/slo.ts')).href)) as Limits
  return judgeBudgets(base, slo, accepted)
}

/** One side after the other, before either has any load. */
async function count(
  sides: Sides,
  accepted: string[],
  say: (line: string) => void,
): Promise<CounterJudgement> {
  say('counting queries, bytes and allocations of both')
  const counted = async (side: Side, round = 0) =>
    countersOf(side, defaultPopulation, round).catch((error: Error) => {
      throw new GateInvalid(`${side.name}: ${error.message}`)
    })
  const judged = (base: Counters, head: Counters) => judgeCounters(base, head, rules.counters, accepted)
  const first = { base: await counted(sides.base), head: await counted(sides.head) }
  const unknown = onlyIn(first.head, first.base)
  if (unknown.length > 0) say(`base has nothing to compare with of ${listed(unknown)}`)
  const found = judged(first.base, first.head)
  if (!found.findings.some(({ call }) => call === 'worse')) return found
  // What only looked like a rise does not come twice.
  say('counting again, since something rose')
  const again = { base: await counted(sides.base, 1), head: await counted(sides.head, 1) }
  return judged(lesser(first.base, again.base), lesser(first.head, again.head))
}

/** The routes of which one side tells something that the other does not. */
const onlyIn = (one: Counters, other: Counters): string[] => [
  ...new Set(
    counterKinds.flatMap((kind) =>
      Object.keys(one[kind] ?? {}).filter((route) => other[kind]?.[route] === undefined),
    ),
  ),
]

const namedAtMost = 8
const listed = (names: readonly string[]): string => {
  const more = names.length - namedAtMost
  return names.slice(0, namedAtMost).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

async function timedByLighthouse(
  sides: Sides,
  { lighthouse: pages, seed }: GateOptions,
  guard: Guard,
  say: (line: string) => void,
): Promise<Comparison['more']> {
  if (pages.length === 0) return undefined
  const chromium = await provideHeadless(say)
  const phone = await phoneOn(chromium)
  let drawn = 0
  return audited(sides, {
    guard,
    chromium,
    phone,
    pages,
    population: defaultPopulation,
    say,
    random: () => unit(seed, 78, drawn++),
  })
}

type Measured = GateOptions & {
  id: string
  k6: string
  plan: Plan
  more: Comparison['more']
  /** Undefined where the processes are not ours. */
  renew: Renew | undefined
  played: Slice[]
}

async function measure(sides: Sides, options: Measured, say: (line: string) => void): Promise<Compared> {
  const { seed, plan, more, renew, played } = options
  const play = async (of: Pick<Slice, 'pair' | 'side' | 'turn' | 'seed'>): Promise<Slice> => {
    const { what, origin, sessionSecret, access, cpuSeconds } = sides[of.side]
    // Of a web that is down nothing is known but that its requests fail.
    const failed = () => failedPages(sides[of.side]).catch(() => null)
    const seen: Promise<[Record<string, number> | null, number | null]>[] = []
    const result = await run({
      id: `${options.id}-${of.pair}-${of.side}`,
      plan: { ...plan, seed: of.seed },
      k6: options.k6,
      target: origin,
      sessionSecret,
      access,
      stack: null,
      faults: [],
      faultTexts: [],
      alsoOurs: sideNames.map((name) => sides[name].origin),
      onJudged: () => void seen.push(Promise.all([cpuSeconds(), failed()])),
    })
    const [[cpuBefore, failedBefore] = [null, null], [cpuAfter, failedAfter] = [null, null]] =
      await Promise.all(seen)
    if (result.totals.requests === 0)
      throw new GateInvalid(
        `${of.side} (${what}) answered nothing: ${result.reasons[0] ?? 'no request was made'}`,
      )
    const slice = sliceOf(
      result,
      of,
      cpuBefore && cpuAfter ? { before: cpuBefore, after: cpuAfter } : null,
      failedBefore === null || failedAfter === null ? null : failedAfter - failedBefore,
    )
    const invalidReasons =
      slice.invalidReasons.length > 0 ? `; says nothing: ${slice.invalidReasons.join(', ')}` : ''
    played.push(slice)
    if (of.pair >= 0)
      say(
        `pair ${of.pair + 1}, ${of.side}: ${slice.requests} requests, ${slice.errors} errors${invalidReasons}`,
      )
    return slice
  }
  const interimAnalyses = options.pairs === undefined ? rules.interimAnalyses : [options.pairs]
  let drawn = 0
  let looked = 0
  const warmUp = () => {
    say('warming up both')
    return allEnded(sideNames.map((side, turn) => play({ pair: -1, side, turn, seed })))
  }
  return compare({
    play,
    interimAnalyses,
    seed,
    more,
    random: () => unit(seed, 77, drawn++),
    // What is started for each pair has nothing to remember.
    ...(renew ? { renew } : { warmUp }),
    onInterimAnalysis: (judged) => {
      if (++looked < interimAnalyses.length) for (const line of interimLines(judged)) say(line)
    },
  })
}

function writeFiles({ id, names }: Gate, found: Compared): Promise<string> {
  const { slices, ...rest } = found
  return writeTogether(id, {
    'gate.json': () => asJson({ ...names, ...rest, notWatched: notWatchedIn(slices) }),
    'slices.json': () => asJson(slices),
    'summary.md': () => markdown(found, names.base, names.head),
    'junit.xml': () => junitOfGate(found),
  })
}
