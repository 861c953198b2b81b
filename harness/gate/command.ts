import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { defaultPopulation } from '@headroom/fixtures/population.ts'
import { unit } from '@headroom/fixtures/random.ts'
import { judgeBudgets, type Limits } from '@headroom/perf-budgets/gate/budgets.ts'
import {
  type CounterJudgement,
  type Counters,
  judgeCounters,
  lesser,
  together,
} from '@headroom/perf-budgets/gate/counters.ts'
import * as slo from '@headroom/perf-budgets/slo.ts'
import pc from 'picocolors'
import { planOf } from '../cli/plan.ts'
import { reachable } from '../cli/target.ts'
import type { PageName } from '../lighthouse/pages.ts'
import { phoneOn } from '../lighthouse/phone.ts'
import { junitOfGate } from '../report/junit.ts'
import { asJson, runId, writeTogether } from '../report/write.ts'
import { run } from '../run/run.ts'
import type { Plan } from '../run/scenarios.ts'
import { type Guard, startGuard } from '../stack/guard.ts'
import { project } from '../stack/project.ts'
import { provideForLighthouse } from '../toolchain/chromium.ts'
import { provide } from '../toolchain/provide.ts'
import { countersOf } from './counters.ts'
import { type Compared, type Comparison, compare, noCounters, withCounters } from './gate.ts'
import { audited } from './lighthouse.ts'
import { markdown, terminalTable } from './present.ts'
import { assertClean, checkOut, commitOf, deployed, GateInvalid, type Side, serve } from './sides.ts'
import { type SideName, type Slice, sideNames, sidesFrom, sliceOf } from './slices.ts'

export type GateOptions = {
  base?: string
  baseUrl?: string
  headUrl?: string
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
  const id = runId('gate')
  const guard = startGuard()
  const endings: (() => Promise<void>)[] = []
  const played: Slice[] = []
  const end = async () => {
    for (const ending of endings.toReversed()) await ending()
    endings.length = 0
    guard.end()
  }
  let isInterrupted = false
  const interrupted = () => {
    isInterrupted = true
    void end().then(() => process.exit(130))
  }
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    return await compared(options, { id, guard, endings, played })
  } catch (error) {
    // What fails because all is being stopped says nothing of either side.
    if (isInterrupted) return await new Promise<never>(() => {})
    if (!(error instanceof GateInvalid)) throw error
    const nothing: Compared = {
      ...{ verdict: 'invalid', findings: [], counters: noCounters },
      ...{ reasons: [error.message], slices: played },
    }
    const { base, baseUrl, headUrl } = options
    tell(nothing, options, await writeFiles(id, nothing, { base: base ?? baseUrl, head: headUrl ?? 'HEAD' }))
    return nothing
  } finally {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
    await end()
  }
}

type Gate = {
  id: string
  guard: Guard
  /** What has to be done at the end, the last first. */
  endings: (() => Promise<void>)[]
  /** Gets each slice once it was played: what there is of a gate that did not come to its end. */
  played: Slice[]
}

async function compared(options: GateOptions, { id, guard, endings, played }: Gate): Promise<Compared> {
  const say = (line: string) =>
    void (options.json ? process.stderr : process.stdout).write(`  ${pc.dim(line)}\n`)
  const commits = options.base === undefined ? null : await commitsOf(options.base)
  const { users, think, ramp, duration } = options
  const plan = await planOf(options.journey ?? 'smoke', {
    ...{ users, think, ramp, duration, shards: 1, seed: defaultPopulation.seed },
    ...(options.headUrl === undefined ? {} : { target: options.headUrl }),
  })
  const { k6 } = await provide(['k6'], say)
  const { sides, renew } = commits
    ? await revisions(commits, {
        ...{ guard, endings, say, logs: join(project, '.headroom/gate') },
        faults: options.fault,
      })
    : { sides: await deployments(options, !plan.journey), renew: undefined }
  if (commits) say(`base is up at ${sides.base.origin}, head at ${sides.head.origin}`)
  const counters = together(
    commits && sides.base.directory ? await budgets(sides.base.directory, options.accept) : noCounters,
    plan.journey ? noCounters : await count(sides, options.accept, say),
  )
  const more = await timedByLighthouse(sides, options, guard, say)
  const measured = await measure(sides, { ...options, id, k6: k6.path, plan, more, renew, played }, say)
  const found = withCounters(measured, counters)
  tell(found, options, await writeFiles(id, found, { base: sides.base.what, head: sides.head.what }))
  return found
}

function tell(found: Compared, { json }: GateOptions, directory: string): void {
  const { slices, ...rest } = found
  if (json) process.stdout.write(asJson({ ...rest, sliceCount: slices.length }))
  else console.log(`${terminalTable(found)}\n${pc.dim(`  ${relative(process.cwd(), directory)}\n`)}`)
}

type Commits = Record<SideName, string>

/** @throws GateInvalid unless both are revisions, and the checkout is one of them */
async function commitsOf(base: string): Promise<Commits> {
  const commits = { base: await commitOf(base), head: await commitOf('HEAD') }
  await assertClean()
  return commits
}

async function deployments({ baseUrl, headUrl }: GateOptions, hasSecret: boolean): Promise<Sides> {
  const at = async (name: SideName, url = '') => {
    const { origin, sessionSecret } = await reachable(url, hasSecret)
    return deployed(name, origin, sessionSecret)
  }
  return { base: await at('base', baseUrl), head: await at('head', headUrl) }
}

/** Both from this repository: base in a directory of its own, head as it stands here. */
async function revisions(
  commits: Commits,
  on: {
    guard: Guard
    endings: (() => Promise<void>)[]
    say: (line: string) => void
    logs: string
    /** Of head. */
    faults: readonly string[]
  },
): Promise<{ sides: Sides; renew: Renew }> {
  const { guard, endings, say, logs, faults } = on
  await mkdir(logs, { recursive: true })
  const checkout = await checkOut(guard, commits.base, say)
  endings.push(checkout.remove)
  const directories: Record<SideName, string> = { base: checkout.directory, head: project }
  const start = (name: SideName) =>
    serve(guard, {
      ...{ name, what: commits[name].slice(0, 8), directory: directories[name], logs },
      faults: name === 'head' ? faults : [],
    })
  const sides: Partial<Sides> = {}
  endings.push(async () => {
    await Promise.all(sideNames.map((name) => sides[name]?.stop()))
  })
  // One after the other: two builds at once want twice the memory.
  for (const name of sideNames) {
    say(`${name}: building and starting ${commits[name].slice(0, 8)}`)
    sides[name] = await start(name)
  }
  return {
    sides: sides as Sides,
    async renew(first) {
      say(`starting both anew, ${first} first`)
      for (const name of sideNames) await sides[name]?.stop()
      for (const name of sidesFrom(first)) sides[name] = await start(name)
    },
  }
}

/** Stops both sides, and starts them again in this order. */
type Renew = (first: SideName) => Promise<void>

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
  const found = judged(first.base, first.head)
  if (!found.findings.some(({ call }) => call === 'worse')) return found
  // What only looked like a rise does not come twice.
  say('counting again, since something rose')
  const again = { base: await counted(sides.base, 1), head: await counted(sides.head, 1) }
  return judged(lesser(first.base, again.base), lesser(first.head, again.head))
}

async function timedByLighthouse(
  sides: Sides,
  { lighthouse: pages, seed }: GateOptions,
  guard: Guard,
  say: (line: string) => void,
): Promise<Comparison['more']> {
  if (pages.length === 0) return undefined
  const chromium = await provideForLighthouse(say)
  const phone = await phoneOn(chromium)
  let drawn = 0
  return audited(sides, {
    ...{ guard, chromium, phone, pages, population: defaultPopulation, say },
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
    const { what, origin, sessionSecret, cpuSeconds } = sides[of.side]
    const used: ReturnType<typeof cpuSeconds>[] = []
    const result = await run({
      ...{ id: `${options.id}-${of.pair}-${of.side}`, plan: { ...plan, seed: of.seed }, k6: options.k6 },
      ...{ target: origin, sessionSecret, stack: null, faults: [], faultTexts: [] },
      onJudged: () => void used.push(cpuSeconds()),
    })
    const [before, after] = await Promise.all(used)
    if (result.totals.requests === 0)
      throw new GateInvalid(
        `${of.side} (${what}) answered nothing: ${result.reasons[0] ?? 'no request was made'}`,
      )
    const slice = sliceOf(result, of, before && after ? { before, after } : null)
    const doubts = slice.doubts.length > 0 ? `; says nothing: ${slice.doubts.join(', ')}` : ''
    if (of.pair >= 0) {
      played.push(slice)
      say(`pair ${of.pair + 1}, ${of.side}: ${slice.requests} requests, ${slice.errors} errors${doubts}`)
    }
    return slice
  }
  const warmUp = async () => {
    say('warming up both')
    for (const side of sideNames) await play({ pair: -1, side, turn: 0, seed })
  }
  await warmUp()
  const looks = options.pairs === undefined ? rules.looks : [options.pairs]
  let drawn = 0
  return compare({
    ...{ play, looks, seed, more, random: () => unit(seed, 77, drawn++) },
    renew: async (time) => {
      if (!renew) return
      await renew(time % 2 === 1 ? 'head' : 'base')
      await warmUp()
    },
  })
}

/** @param names what base and head are called */
function writeFiles(
  run: string,
  found: Compared,
  { base = '', head }: { base: string | undefined; head: string },
): Promise<string> {
  const { slices, ...rest } = found
  return writeTogether(run, {
    'gate.json': asJson({ base, head, ...rest }),
    'slices.json': asJson(slices),
    'summary.md': markdown(found, base, head),
    'junit.xml': junitOfGate(found),
  })
}
