import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Guard } from '../stack/guard.ts'
import { project } from '../stack/project.ts'
import { usageOf } from '../stack/usage.ts'

export type Sample = { at: number; cpuSeconds: number; rssBytes: number }

export type Generator = {
  pid: number
  samples: Sample[]
  exited: Promise<{ code: number | null; lastLines: string }>
  signal(signal: NodeJS.Signals): void
}

const sampleEvery = 500

/** Starts k6 on a scenario and watches what it costs. */
export function startGenerator(
  guard: Guard,
  options: {
    id: string
    k6: string
    scenario: string
    vus: number
    env: Record<string, string>
    prometheusUrl: string
  },
): Generator {
  const output = options.prometheusUrl ? ['--out', 'experimental-prometheus-rw'] : []
  const child = spawn(
    options.k6,
    [
      'run',
      ...['--quiet', '--no-color', '--no-usage-report', '--summary-mode=disabled', '--address', ''],
      ...['--tag', `testid=${options.id}`],
      ...output,
      join(project, 'loadtests/scenarios', `${options.scenario}.ts`),
    ],
    {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        // Fewer collections for more memory: k6's heap is small here, its time is what counts.
        GOGC: '400',
        // A VU runs on one thread; more threads than VUs only wake each other up (measured: 1.0 → 0.6 ms a request
        // at 40 requests/s, 0.55 → 0.33 ms at 650/s).
        GOMAXPROCS: String(Math.min(cpus().length, options.vus)),
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
  const held = child.pid === undefined ? undefined : guard.process(child.pid)
  const said: string[] = []
  const listen = (chunk: Buffer) => {
    said.push(...chunk.toString().split('\n').filter(Boolean))
    said.splice(0, said.length - 8)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)

  const samples: Sample[] = []
  const { pid = -1 } = child
  const sampling = setInterval(async () => {
    const usage = (await usageOf([pid])).get(pid)
    if (usage) samples.push({ at: Date.now(), ...usage })
  }, sampleEvery)

  const exited = new Promise<{ code: number | null; lastLines: string }>((resolve) => {
    const end = (code: number | null, why = '') => {
      clearInterval(sampling)
      held?.release()
      resolve({ code, lastLines: [...said, why].join(' ').trim() })
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

/** Stands in where no load may be sent. */
export const startNothing = (): Generator => ({
  pid: -1,
  samples: [],
  exited: Promise.resolve({ code: 0, lastLines: '' }),
  signal() {},
})

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
