import type { Lack } from '@headroom/loadtests/wire/lacks.ts'
import { isJudged, lengthOf, stageAt, stagesOf, vusFor } from '@headroom/loadtests/wire/workloads.ts'
import { type Collected, lacking, startCollector } from '../collect/collector.ts'
import { Timeline } from '../collect/timeline.ts'
import { environmentOf } from '../plan/environment.ts'
import { type Fault, starve } from '../plan/faults.ts'
import { assertPlayable } from '../plan/journey/blame.ts'
import { lacksOf } from '../plan/lacks.ts'
import { judgedSpan, judgedTimes, type Plan } from '../plan/scenarios.ts'
import type { Access } from '../plan/target/access.ts'
import type { MemorySlope, Result } from '../result/result.ts'
import { revision } from '../result/revision.ts'
import { startGuard } from '../stack/guard.ts'
import { MachineWatch } from '../stack/machine-load.ts'
import { addressesOfOwnServers } from '../stack/own-servers.ts'
import { isOnThisMachine, portHere } from '../stack/serving.ts'
import type { Crash, Stack } from '../stack/stack.ts'
import { isMarked } from '../toolchain/sends-once.ts'
import { conclude } from './conclude.ts'
import { between, type Generator, peakRss, startGenerator, startNothing } from './generator.ts'
import { Observer, slopeOfSamples } from './observe.ts'
import { probePopulation } from './probe.ts'
import type { Sidecar } from './sidecar.ts'
import { limitStart } from './start-limit.ts'

export type Progress = { collected: Collected; plan: Plan; elapsed: number }

export type RunOptions = {
  id: string
  plan: Plan
  k6: string
  target: string
  sessionSecret: string
  /** How the target lets us in; undefined where it is our own. */
  access?: Access | undefined
  /** Our own stack, when the target is that; else null. */
  stack: Stack | null
  faults: readonly Fault[]
  faultTexts: readonly string[]
  onProgress?: (progress: Progress) => void
  /** Called twice: when the judged time begins, and when it ends. */
  onJudged?: () => void
  /** What was found before it began that makes it worth nothing. */
  invalidReasons?: readonly string[]
  /** What runs beside the swarm, and is judged with it. */
  sidecar?: Sidecar
  /** Other targets that have load of ours at the same time. */
  alsoOurs?: readonly string[]
}

/** A stack of ours has everything, but for files beside somebody's database or store: what it refuses is a fault. */
async function lacksHere({ stack, target, plan, sessionSecret, access }: RunOptions): Promise<Lack[]> {
  if (stack === null) return lacksOf(target, plan, sessionSecret, access)
  const { S3_ENDPOINT, S3_PUBLIC_ENDPOINT = S3_ENDPOINT } = stack.env
  return S3_PUBLIC_ENDPOINT && new URL(S3_PUBLIC_ENDPOINT).origin === new URL(target).origin ? [] : ['files']
}

/** Plays a scenario against a target and judges it. */
export async function run(options: RunOptions): Promise<Result> {
  const { plan, stack, target, sessionSecret, access } = options
  const startedAt = new Date()
  const { journey } = plan
  const population = journey ? null : await probePopulation(target, plan.population, sessionSecret, access)
  const lacks = population !== null ? [] : await lacksHere(options)
  const guard = startGuard()
  const machine = new MachineWatch(await portsOf(options)).start()
  const stages = stagesOf(plan)
  const length = lengthOf(stages)
  const vus = vusFor(plan.users, plan.shards)
  const timeline = new Timeline(length)
  const collector = await startCollector(
    (message) => timeline.add(message, Date.now() - (collector.collected.startedAt ?? Date.now())),
    { answer: lacking(...lacks) },
  )
  const { collected } = collector
  // Strangers are not sent any load: with another population each request would be about somebody else.
  const start = population === null ? startGenerator : startNothing
  const generator = start(guard, {
    id: options.id,
    k6: options.k6,
    scenario: plan.scenario,
    vus,
    shards: plan.shards,
    prometheusUrl: stack?.prometheusUrl ?? '',
    env: environmentOf(plan, { target, sessionSecret, access, collector: collector.url }),
  })
  const starting = limitStart(generator, collected)
  const crashes: Crash[] = []
  stack?.onCrash((crash) => {
    crashes.push(crash)
    // Nothing more can be learned: k6 ends in order and tells what it has.
    generator.signal('SIGINT')
  })
  let interrupted = false
  const interrupt = () => {
    interrupted = true
    generator.signal('SIGINT')
  }
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)

  let edges = 0
  const edge = () => {
    edges++
    options.onJudged?.()
  }
  const edgesAt = options.onJudged ? [judgedAt(plan, 0), judgedAt(plan, 1)] : []
  const endings = [
    ...startFaults(options, generator, collected, (crash) => crashes.push(crash)),
    ...edgesAt.map((at) => onceStarted(collected, at, edge)),
  ]
  const isJudgedNow = () => {
    const stage = collected.startedAt === null ? null : stageAt(stages, Date.now() - collected.startedAt)
    return stage !== null && isJudged(stage)
  }
  const observer = new Observer(stack, isJudgedNow)
  observer.start()
  const beside = options.sidecar?.({
    guard,
    stages,
    scenario: plan.scenario,
    env: environmentOf(plan, { target, sessionSecret, access, collector: '' }),
    began: startOf(collected),
    ended: generator.exited.then(() => {}),
    stop: () => generator.signal('SIGINT'),
  })
  const progress = setInterval(() => {
    const elapsed = collected.startedAt === null ? 0 : Date.now() - collected.startedAt
    options.onProgress?.({ collected, plan, elapsed })
  }, 1_000)

  const { code, lastLines, errors } = await generator.exited
  starting.end()
  // k6 can be done a moment before our own clock says so.
  if (edges === 1) edge()
  const found = await beside
  clearInterval(progress)
  for (const end of endings) end()
  const { observed, memory, missing } = await observer.end()
  await machine.stop()
  await collector.close()
  timeline.close()
  guard.end()
  const isSilent = collected.vus.size === 0
  if (journey) assertPlayable(journey, { code, errors, isSilent, isOverdue: starting.isOverdue() })

  const times = judgedTimes(stages, collected.startedAt, Date.now())
  const { shards } = generator
  const [ofCode, sendsOnce] = [await revision(), await isMarked(options.k6)]
  // Whoever ends it before there is a verdict gets one that says so.
  process.off('SIGINT', interrupt)
  process.off('SIGTERM', interrupt)
  return conclude({
    id: options.id,
    plan,
    target,
    startedAt,
    times,
    collected,
    timeline,
    observed,
    revision: ofCode,
    generator: {
      exitCode: code,
      lastLines,
      cpuSeconds: shards.map(({ samples }) => between(samples, times.from, times.to)?.cpuSeconds ?? null),
      rssBytes: peakRss(generator),
      sendsOnce,
    },
    memory: [...memory, ...slopesOfGenerator(generator, times.from)],
    missing: stack ? missing : null,
    lacks,
    // What runs beside the swarm is judged from the beginning.
    machine: machine.between(options.sidecar ? (collected.startedAt ?? times.from) : times.from, times.to),
    crashes: crashes.filter(isOfTarget).map(({ part, code, signal, lastLines }) => ({
      part,
      detail: `${signal ?? `exit code ${code}`}; ${lastLines}`,
    })),
    interrupted,
    population: population ?? found?.abandoned ?? null,
    faultTexts: options.faultTexts,
    invalidReasons: [
      ...(options.invalidReasons ?? []),
      ...starting.invalidReasons(),
      ...crashes.filter((crash) => !isOfTarget(crash)).map(({ part }) => `${part} ended during the run`),
    ],
    thin: found?.invalidReasons ?? [],
    facts: found?.facts ?? [],
    evidence: found?.evidence ?? [],
  })
}

/** Who watches, or stands for Stripe, is no part of what is tested: without it nothing is known, and nothing failed. */
const isOfTarget = ({ part }: Pick<Crash, 'part'>) => part !== 'prometheus' && part !== 'payments'

/** Where on this machine what is tested is asked, or asks: of a stack of ours all but what it was given. */
async function portsOf({ target, stack, alsoOurs = [] }: RunOptions): Promise<number[]> {
  const ports = stack
    ? await Promise.all(
        addressesOfOwnServers().map(async ({ host, port }) => ((await isOnThisMachine(host)) ? port : null)),
      )
    : await Promise.all([target, ...alsoOurs].map((address) => (address ? portHere(address) : null)))
  return [...new Set(ports.filter((port) => port !== null))]
}

const slopesOfGenerator = ({ shards }: Generator, from: number): MemorySlope[] =>
  shards.map(({ samples }, index) =>
    slopeOfSamples(
      shards.length > 1 ? `generator-${index + 1}` : 'generator',
      samples.filter(({ at }) => at >= from),
    ),
  )

/** The faults that are ours to make; Worklane makes its own. @returns how to end each */
export function startFaults(
  { faults, stack, plan }: Pick<RunOptions, 'faults' | 'stack' | 'plan'>,
  generator: Pick<Generator, 'signal' | 'exited'>,
  collected: Collected,
  onCrash: (crash: Crash) => void,
): (() => void)[] {
  let isOver = false
  void generator.exited.then(() => {
    isOver = true
  })
  return faults.flatMap((fault) => {
    if (fault.kind === 'starve-generator') {
      // It starts like any other, and gets too little once it is needed.
      const wait = onceStarted(collected, judgedAt(plan, 0), () =>
        endings.push(starve(generator.signal, fault.share)),
      )
      const endings: (() => void)[] = [wait]
      return [() => void endings.map((end) => end())]
    }
    if (fault.kind === 'stop') {
      const stop = () => stack?.parts.find(({ name }) => name === fault.part)?.signal('SIGKILL')
      return [onceStarted(collected, judgedAt(plan, fault.at), stop)]
    }
    if (fault.kind === 'restart') {
      const restart = () =>
        void stack?.restart(fault.part).catch((error: Error) => {
          // What is stopped with its run while it starts need not come up.
          if (!isOver)
            onCrash({ part: fault.part, code: null, signal: 'its restart failed', lastLines: error.message })
        })
      return [onceStarted(collected, judgedAt(plan, fault.at), restart)]
    }
    return []
  })
}

/** A share of the judged time, in ms since the start. */
function judgedAt(plan: Plan, share: number): number {
  const [from, to] = judgedSpan(stagesOf(plan))
  return from + (to - from) * share
}

/** When the swarm said that it began. */
function startOf(collected: Collected): Promise<number> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (collected.startedAt === null) return
      clearInterval(timer)
      resolve(collected.startedAt)
    }, 50)
    timer.unref()
  })
}

/** Does something a while after the generator began. @returns how to cancel it */
function onceStarted(collected: Collected, after: number, act: () => void): () => void {
  const timer = setInterval(() => {
    if (collected.startedAt === null || Date.now() < collected.startedAt + after) return
    clearInterval(timer)
    act()
  }, 50)
  return () => clearInterval(timer)
}
