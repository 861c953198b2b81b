import { cpus, platform, totalmem } from 'node:os'
import { organisationOf } from '@headroom/fixtures/population.ts'
import { percentile } from '@headroom/loadtests/wire/histogram.ts'
import { lengthOf, type Stage, stageAt, stagesOf, vusFor } from '@headroom/loadtests/wire/workloads.ts'
import { soak } from '@headroom/perf-budgets/slo.ts'
import { execa } from 'execa'
import { type Collected, startCollector } from '../collect/collector.ts'
import { firstBreak, Timeline, type Window } from '../collect/timeline.ts'
import { budgetOf, judge } from '../judge/judge.ts'
import type { Evidence, MemorySlope, Result } from '../judge/result.ts'
import { startGuard } from '../stack/guard.ts'
import type { Crash, Stack } from '../stack/stack.ts'
import { type Fault, starve } from './faults.ts'
import { between, type Generator, peakRss, startGenerator, startNothing } from './generator.ts'
import { Observer, slopeOfSamples } from './observe.ts'
import { probePopulation } from './probe.ts'
import type { Plan } from './scenarios.ts'

export type Progress = { collected: Collected; plan: Plan; elapsed: number }

export type RunOptions = {
  id: string
  plan: Plan
  k6: string
  target: string
  sessionSecret: string
  /** Our own stack, when the target is that; else null. */
  stack: Stack | null
  faults: readonly Fault[]
  faultTexts: readonly string[]
  onProgress?: (progress: Progress) => void
  /** What was found before it began that makes it worth nothing. */
  doubts?: readonly string[]
}

const cores = cpus().length

/** Plays a scenario against a target and judges it. */
export async function run(options: RunOptions): Promise<Result> {
  const { plan, stack, target } = options
  const startedAt = new Date()
  const population = await probePopulation(target, plan.population, options.sessionSecret)
  const guard = startGuard()
  const stages = stagesOf(plan)
  const length = lengthOf(stages)
  const vus = vusFor(plan.users, plan.shards)
  const timeline = new Timeline(length)
  const collector = await startCollector((message) => {
    timeline.add(message, Date.now() - (collector.collected.startedAt ?? Date.now()))
  })
  const { collected } = collector
  // Strangers are not sent any load: with another population each request would be about somebody else.
  const start = population === null ? startGenerator : startNothing
  const generator = start(guard, {
    id: options.id,
    k6: options.k6,
    scenario: plan.scenario,
    ...{ vus, shards: plan.shards },
    prometheusUrl: stack?.prometheusUrl ?? '',
    env: environmentOf(options, collector.url),
  })
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

  const endings = startFaults(options, generator, collected)
  const isJudged = () => {
    const stage = collected.startedAt === null ? null : stageAt(stages, Date.now() - collected.startedAt)
    return stage !== null && stage.judged !== 'none'
  }
  const observer = new Observer(stack, isJudged)
  observer.start()
  const progress = setInterval(() => {
    const elapsed = collected.startedAt === null ? 0 : Date.now() - collected.startedAt
    options.onProgress?.({ collected, plan, elapsed })
  }, 1_000)

  const { code, lastLines } = await generator.exited
  clearInterval(progress)
  for (const end of endings) end()
  process.off('SIGINT', interrupt)
  process.off('SIGTERM', interrupt)
  const { observed, memory } = await observer.end()
  await collector.close()
  timeline.close()
  guard.end()

  const beginsAt = collected.startedAt ?? Date.now()
  const [judgedFrom, judgedTo] = judgedSpan(stages)
  const steadyFrom = beginsAt + judgedFrom
  const steadyTo = Math.min(beginsAt + judgedTo, Date.now())
  const judgedMs = Math.max(0, Math.min(lengthOfJudged(stages), steadyTo - steadyFrom))
  const used = generator.shards.map(
    ({ samples }) => between(samples, steadyFrom, steadyTo)?.cpuSeconds ?? null,
  )
  const seconds = (steadyTo - steadyFrom) / 1000
  const shares = seconds > 0 ? used.flatMap((cpu) => (cpu === null ? [] : [cpu / seconds])) : []
  const cpuShareOfCore = shares.length > 0 ? sum(shares) : null
  const coresPerShard = Math.min(cores / plan.shards, Math.max(1, vus / plan.shards))
  const rssBytes = peakRss(generator)
  const slopes = [...memory, ...slopesOfGenerator(generator, steadyFrom)]
  const judgement = judge(collected, {
    users: plan.users,
    ...{ stages, vus, shards: plan.shards, judgedMs },
    k6ExitCode: code,
    k6LastLines: lastLines,
    crashes: crashes.map(({ part, code, signal, lastLines }) => ({
      part,
      detail: `${signal ?? `exit code ${code}`}; ${lastLines}`,
    })),
    generatorCpuShare: shares.length > 0 ? Math.max(...shares) / coresPerShard : null,
    generatorRssBytes: rssBytes,
    interrupted,
    population,
    more: {
      evidence: plan.scenario === 'soak' ? slopes.map(slopeEvidence) : [],
      doubts: [...(options.doubts ?? [])],
    },
  })
  const lag = Math.max(
    ...stages.map(({ phase }) => percentile(collected.lag.get(phase) ?? new Map(), 0.99) || 0),
  )
  const vuStates = [...collected.vus.values()]
  const within = timeline.windows.filter(({ at }) => at < length)
  const broke = firstBreak({ windows: within, width: timeline.width }, (route) => budgetOf(route)?.ttfbP95)
  return {
    version: 1,
    run: options.id,
    scenario: plan.scenario,
    startedAt: startedAt.toISOString(),
    revision: await revision(),
    machine: { cores, memoryBytes: totalmem(), platform: platform(), node: process.version },
    target,
    workload: {
      ...{
        users: plan.users,
        thinkMs: plan.think,
        rampMs: plan.ramp,
        durationMs: plan.duration,
        seed: plan.seed,
      },
      population: plan.population,
      tenants: tenantsOf(plan),
      shards: plan.shards,
      faults: [...options.faultTexts],
    },
    ...judgement,
    firstBreak: broke,
    generator: {
      cpuMsPerRequest:
        cpuShareOfCore !== null && judgement.totals.requests > 0
          ? (cpuShareOfCore * seconds * 1000) /
            requestsBetween(within, judgedFrom, judgedTo, judgement.totals.requests)
          : null,
      cpuShareOfCore,
      peakRssBytes: rssBytes,
      scheduleLagP99Ms: lag,
      activeUsers: sum(vuStates.map(({ peakUsers }) => peakUsers)),
      streams: sum(vuStates.map(({ streams }) => streams)),
    },
    observed,
    memory: slopes,
  }
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

const lengthOfJudged = (stages: readonly Stage[]): number =>
  sum(stages.map(({ judged, duration }) => (judged === 'none' ? 0 : duration)))

/** From the first judged moment to the last, in ms since the start. */
function judgedSpan(stages: readonly Stage[]): [number, number] {
  const first = stages.findIndex(({ judged }) => judged !== 'none')
  const last = stages.findLastIndex(({ judged }) => judged !== 'none')
  return [lengthOf(stages.slice(0, first)), lengthOf(stages.slice(0, last + 1))]
}

/** Requests of the whole judged span: what is between two judged stages costs the generator as well. */
const requestsBetween = (windows: readonly Window[], from: number, to: number, judged: number): number =>
  Math.max(judged, sum(windows.filter(({ at }) => at >= from && at < to).map(({ requests }) => requests)))

const slopesOfGenerator = ({ shards }: Generator, from: number): MemorySlope[] =>
  shards.map(({ samples }, index) =>
    slopeOfSamples(
      shards.length > 1 ? `generator-${index + 1}` : 'generator',
      samples.filter(({ at }) => at >= from),
    ),
  )

function slopeEvidence({ process, what, bytesPerMinute, lastBytes }: MemorySlope): Evidence {
  const limit = what === 'resident' ? soak.residentSlope : soak.arrayBuffersSlope
  const inKilobytes = (bytes: number) => `${(bytes / 1024).toFixed(0)} KB`
  return {
    limit: `${what} memory of ${process}`,
    wanted: `slope ≤ ${inKilobytes(limit)} a minute`,
    measured: `${inKilobytes(bytesPerMinute)} a minute, ${(lastBytes / 1024 ** 2).toFixed(0)} MB at the end`,
    samples: 1,
    passed: bytesPerMinute <= limit,
  }
}

function environmentOf(
  { plan, target, sessionSecret }: RunOptions,
  collector: string,
): Record<string, string> {
  const { users, think, ramp, duration, seed, population, shards } = plan
  const values = {
    ...{ USERS: users, THINK: think, RAMP: ramp, DURATION: duration, SEED: seed, SHARDS: shards },
    POPULATION_SEED: population.seed,
    POPULATION_ORGANISATIONS: population.organisations,
    POPULATION_USERS: population.users,
    TARGET: target,
    SESSION_SECRET: sessionSecret,
    COLLECTOR: collector,
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`HEADROOM_${name}`, String(value)]),
  )
}

/** The faults that are ours to make; Worklane makes its own. @returns how to end each */
function startFaults(
  { faults, stack, plan }: RunOptions,
  generator: { signal(signal: NodeJS.Signals): void },
  collected: Collected,
): (() => void)[] {
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
      const restart = () => void stack?.restart(fault.part)
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

/** Does something a while after the generator began. @returns how to cancel it */
function onceStarted(collected: Collected, after: number, act: () => void): () => void {
  const timer = setInterval(() => {
    if (collected.startedAt === null || Date.now() < collected.startedAt + after) return
    clearInterval(timer)
    act()
  }, 50)
  return () => clearInterval(timer)
}

/** How many tenants the run's users belong to. */
function tenantsOf({ users, population }: Plan): number {
  const tenants = new Set<number>()
  for (let k = 0; k < users; k++)
    tenants.add(organisationOf(population, Math.floor((k * population.users) / users)))
  return tenants.size
}

async function revision(): Promise<string | null> {
  const { stdout, failed } = await execa('git', ['describe', '--always', '--dirty'], { reject: false })
  return failed ? null : stdout
}
