import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { uncaughtIn } from '../plan/journey/blame.ts'
import { segment } from '../plan/segment.ts'
import { project } from '../project.ts'
import type { Guard } from '../stack/guard.ts'
import { usageOf } from '../stack/usage.ts'
import { goRuntime } from './go-runtime.ts'

export type Sample = { at: number; cpuSeconds: number; rssBytes: number }

/** How a process of k6 ended, or all of them. */
type GeneratorEnd = {
  code: number | null
  lastLines: string
  /** The first that it said of errors. */
  errors: string[]
}

export type Shard = {
  pid: number
  samples: Sample[]
  exited: Promise<GeneratorEnd>
  signal(signal: NodeJS.Signals): void
}

/** All k6 processes of a run. */
export type Generator = {
  shards: Shard[]
  exited: Promise<GeneratorEnd>
  signal(signal: NodeJS.Signals): void
}

type GeneratorOptions = {
  id: string
  k6: string
  scenario: string
  /** VUs of all shards together. */
  vus: number
  /** Processes, each of which plays an equal part of the VUs. */
  shards: number
  env: Record<string, string>
  prometheusUrl: string
}

const sampleEvery = 500
const priority = '-10'
/** For all shards together, in MiB; what the verdict allows (perf-budgets/slo.ts) is more. */
const memoryLimit = 2_600

/** Starts k6 on a scenario, as one process or as several on execution segments, and watches what it costs. */
export function startGenerator(guard: Guard, options: GeneratorOptions): Generator {
  const shards = Array.from({ length: options.shards }, (_, index) => startShard(guard, options, index))
  // What ended one of them is wrong with all.
  for (const { exited } of shards)
    void exited.then(({ errors }) => {
      if (errors.some(isAbort)) for (const shard of shards) shard.signal('SIGINT')
    })
  return {
    shards,
    exited: Promise.all(shards.map(({ exited }) => exited)).then((ends) => ({
      code: ends.find(({ code }) => code !== 0)?.code ?? (ends.some(({ code }) => code === null) ? null : 0),
      lastLines: ends
        .map(({ lastLines }) => lastLines)
        .filter(Boolean)
        .join(' '),
      errors: ends.flatMap(({ errors }) => errors),
    })),
    signal: (signal) => {
      for (const shard of shards) shard.signal(signal)
    },
  }
}

function startShard(guard: Guard, options: GeneratorOptions, index: number): Shard {
  const output = options.prometheusUrl ? ['--out', 'experimental-prometheus-rw'] : []
  const ownVus = Math.ceil(options.vus / options.shards)
  const child = spawn(
    // Before what it tests, where we may: on a machine that both share, who is late is the one that measures.
    'nice',
    [
      ...['-n', priority, options.k6, 'run'],
      ...['--quiet', '--no-color', '--no-usage-report', '--address', ''],
      // The collector judges. With neither k6 leaves its own books alone, which keep every value (k6 #763).
      ...['--summary-mode=disabled', '--no-thresholds'],
      ...['--tag', `testid=${options.id}`],
      ...(options.shards > 1 ? ['--tag', `shard=${index + 1}`] : []),
      ...segment(index, options.shards),
      ...output,
      join(project, 'loadtests/scenarios', `${options.scenario}.ts`),
    ],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...goRuntime({ vus: ownVus, cores: availableParallelism(), memoryMiB: memoryLimit / options.shards }),
        ...(options.prometheusUrl
          ? {
              K6_PROMETHEUS_RW_SERVER_URL: `${options.prometheusUrl}/api/v1/write`,
              K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM: 'true',
              K6_PROMETHEUS_RW_PUSH_INTERVAL: '10s',
            }
          : {}),
        ...options.env,
      },
    },
  )
  prefer(child.pid)
  const held = child.pid === undefined ? undefined : guard.process(child.pid)
  const said: string[] = []
  const errors: string[] = []
  for (const output of [child.stdout, child.stderr])
    createInterface({ input: output }).on('line', (line) => {
      if (line !== '') said.push(line)
      said.splice(0, said.length - 8)
      const error = errorIn(line)
      if (error !== null && (errors.length < errorsKept || isAbort(error) || isNewlyUncaught(error, errors)))
        errors.push(error)
    })

  const samples: Sample[] = []
  const { pid = -1 } = child
  const sampling = setInterval(async () => {
    const usage = (await usageOf([pid])).get(pid)
    if (usage) samples.push({ at: Date.now(), ...usage })
  }, sampleEvery)

  const exited = new Promise<GeneratorEnd>((resolve) => {
    const end = (code: number | null, why = '') => {
      clearInterval(sampling)
      held?.release()
      resolve({ code, lastLines: [...said, why].join(' ').trim(), errors })
    }
    child.on('error', (error) => end(127, error.message))
    child.on('close', (code) => end(code))
  })
  return {
    pid,
    samples,
    exited,
    signal(signal) {
      try {
        process.kill(-pid, signal)
      } catch {
        // It ended in between.
      }
    },
  }
}

/** Of those that each process tells, beside what ended it. */
const errorsKept = 20
const isNewlyUncaught = (error: string, errors: readonly string[]): boolean =>
  uncaughtIn(error) !== null && !errors.includes(error)
const isAbort = (error: string): boolean => error.startsWith('test aborted')

/** What k6's log calls an error, without its time and quotes; null of a line of another kind. */
function errorIn(line: string): string | null {
  const [, quoted] = /level=error msg=("(?:[^"\\]|\\.)*")/.exec(line) ?? []
  if (quoted === undefined) return null
  try {
    return JSON.parse(quoted) as string
  } catch {
    // Go quotes a few characters otherwise than JSON does.
    return quoted.slice(1, -1)
  }
}

/**
 * Linux shares CPU between sessions first, whatever `nice` says, and the generator has one of its own: the session
 * needs the priority, too. Where there is nothing of the kind, or we may not, nothing happens. Source: sched(7).
 */
function prefer(pid: number | undefined): void {
  if (pid === undefined) return
  writeFile(`/proc/${pid}/autogroup`, priority).catch(() => {})
}

/** Stands in where no load may be sent. */
export const startNothing = (): Generator => ({
  shards: [],
  exited: Promise.resolve({ code: 0, lastLines: '', errors: [] }),
  signal() {},
})

/** The most memory that all shards had at once, nearly: each one's own most, added up; null unless all were watched. */
export const peakRss = ({ shards }: Generator): number | null =>
  shards.length > 0 && shards.every(({ samples }) => samples.length > 0)
    ? shards.reduce((sum, { samples }) => sum + mostOf(samples), 0)
    : null

/** Not Math.max of all: a run of a day has more samples than a call may have arguments. */
const mostOf = (samples: readonly Sample[]): number =>
  samples.reduce((most, { rssBytes }) => Math.max(most, rssBytes), 0)

/** What was used between two moments, the counters taken as straight lines between their samples. */
export function between(samples: readonly Sample[], from: number, to: number): { cpuSeconds: number } | null {
  const start = at(samples, from)
  const end = at(samples, to)
  return start === null || end === null || to <= from ? null : { cpuSeconds: end - start }
}

function at(samples: readonly Sample[], time: number): number | null {
  const after = samples.findIndex((sample) => sample.at >= time)
  const last = samples.at(-1)
  if (last === undefined) return null
  if (after === -1) return last.cpuSeconds
  const [a, b] = [samples[after - 1], samples[after]]
  if (!a || !b) return b?.cpuSeconds ?? null
  return a.cpuSeconds + ((b.cpuSeconds - a.cpuSeconds) * (time - a.at)) / (b.at - a.at)
}
