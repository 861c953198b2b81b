import { cpus, platform, totalmem } from 'node:os'
import { organisationOf } from '@headroom/fixtures/population.ts'
import { percentile } from '@headroom/loadtests/wire/histogram.ts'
import { usersPerVu } from '@headroom/loadtests/wire/shares.ts'
import { execa } from 'execa'
import { type Collected, startCollector } from '../collect/collector.ts'
import { judge } from '../judge/judge.ts'
import type { Result } from '../judge/result.ts'
import { startGuard } from '../stack/guard.ts'
import type { Crash, Stack } from '../stack/stack.ts'
import type { Usage } from '../stack/usage.ts'
import { type Fault, starve } from './faults.ts'
import { between, startGenerator, startNothing } from './generator.ts'
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
}

const cores = cpus().length

/** Plays a scenario against a target and judges it. */
export async function run(options: RunOptions): Promise<Result> {
  const { plan, stack, target } = options
  const startedAt = new Date()
  const population = await probePopulation(target, plan.population, options.sessionSecret)
  const guard = startGuard()
  const collector = await startCollector()
  const { collected } = collector
  // Strangers are not sent any load: with another population each request would be about somebody else.
  const start = population === null ? startGenerator : startNothing
  const generator = start(guard, {
    id: options.id,
    k6: options.k6,
    scenario: plan.scenario,
    vus: Math.ceil(plan.users / usersPerVu),
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
  const watch = watchParts(stack, plan, collected)
  const progress = setInterval(() => {
    const elapsed = collected.startedAt === null ? 0 : Date.now() - collected.startedAt
    options.onProgress?.({ collected, plan, elapsed })
  }, 1_000)

  const { code, lastLines } = await generator.exited
  clearInterval(progress)
  for (const end of endings) end()
  process.off('SIGINT', interrupt)
  process.off('SIGTERM', interrupt)
  const parts = await watch.end()
  await collector.close()
  guard.end()

  const steadyFrom = (collected.startedAt ?? Date.now()) + plan.ramp
  const steadyTo = Math.min(steadyFrom + plan.duration, Date.now())
  const judgedMs = Math.max(0, steadyTo - steadyFrom)
  const used = between(generator.samples, steadyFrom, steadyTo)
  const cpuShareOfCore = used && judgedMs > 0 ? used.cpuSeconds / (judgedMs / 1000) : null
  const judgement = judge(collected, {
    users: plan.users,
    judgedMs,
    k6ExitCode: code,
    k6LastLines: lastLines,
    crashes: crashes.map(({ part, code, signal, lastLines }) => ({
      part,
      detail: `${signal ?? `exit code ${code}`}; ${lastLines}`,
    })),
    generatorCpuShare:
      cpuShareOfCore === null ? null : cpuShareOfCore / Math.min(cores, Math.max(1, collected.vus.size)),
    interrupted,
    population,
  })
  const lag = percentile(collected.lag.get('steady') ?? new Map(), 0.99)
  const activeUsers = [...collected.vus.values()].reduce((sum, vu) => sum + vu.activeUsers, 0)
  const rss = generator.samples.map((sample) => sample.rssBytes)
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
      faults: [...options.faultTexts],
    },
    ...judgement,
    generator: {
      cpuMsPerRequest:
        used && judgement.totals.requests > 0 ? (used.cpuSeconds * 1000) / judgement.totals.requests : null,
      cpuShareOfCore,
      peakRssBytes: rss.length > 0 ? Math.max(...rss) : null,
      scheduleLagP99Ms: Number.isNaN(lag) ? null : lag,
      activeUsers,
    },
    parts,
  }
}

function environmentOf(
  { plan, target, sessionSecret }: RunOptions,
  collector: string,
): Record<string, string> {
  const { users, think, ramp, duration, seed, population } = plan
  const values = {
    ...{ USERS: users, THINK: think, RAMP: ramp, DURATION: duration, SEED: seed },
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
      const wait = onceStarted(collected, plan.ramp, () =>
        endings.push(starve(generator.signal, fault.share)),
      )
      const endings: (() => void)[] = [wait]
      return [() => void endings.map((end) => end())]
    }
    if (fault.kind === 'stop') {
      const stop = () => stack?.parts.find(({ name }) => name === fault.part)?.signal('SIGKILL')
      return [onceStarted(collected, plan.ramp + plan.duration * fault.at, stop)]
    }
    if (fault.kind === 'restart') {
      const restart = () => void stack?.restart(fault.part)
      return [onceStarted(collected, plan.ramp + plan.duration * fault.at, restart)]
    }
    return []
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

type Look = { at: number; usage: Record<string, Usage> }

/** CPU and memory of the stack's parts over the steady phase. */
function watchParts(stack: Stack | null, plan: Plan, collected: Collected) {
  const seen: { first?: Look; last?: Look } = {}
  const look = async () => {
    if (!stack || collected.startedAt === null) return
    const now = Date.now()
    const begins = collected.startedAt + plan.ramp
    if (now < begins || now > begins + plan.duration) return
    const usage = await stack.usage()
    seen.last = { at: now, usage }
    seen.first ??= seen.last
  }
  const timer = setInterval(look, 1_000)
  return {
    async end(): Promise<Result['parts']> {
      clearInterval(timer)
      const { first: from, last: to } = seen
      if (!from || !to || to.at === from.at) return {}
      const seconds = (to.at - from.at) / 1000
      return Object.fromEntries(
        Object.entries(to.usage).map(([name, { cpuSeconds, rssBytes }]) => [
          name,
          { cores: Math.max(0, (cpuSeconds - (from.usage[name]?.cpuSeconds ?? 0)) / seconds), rssBytes },
        ]),
      )
    },
  }
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
