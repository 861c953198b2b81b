import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Part as PartName, parts } from '@headroom/loadtests/wire/visits.ts'
import { lengthOf, type Stage } from '@headroom/loadtests/wire/workloads.ts'
import { chromiumFlags } from '@headroom/perf-budgets/lighthouserc.ts'
import { project } from '../project.ts'
import type { BrowserResult, Result } from '../result/result.ts'
import { between, type Sample } from '../run/generator.ts'
import type { Sidecar, SidecarContext } from '../run/sidecar.ts'
import { lastLines, launch, type Part } from '../stack/part.ts'
import { usageOf } from '../stack/usage.ts'
import { type BrowserJudgement, judgeVisits } from './judge.ts'
import { readSeen } from './samples.ts'

export type BrowserOptions = {
  k6: string
  chromium: { path: string; version: string }
  /** Samples of a vital without which it is not judged; perf-budgets/slo.ts says how many. */
  minimum?: number
}

/** How long the last visit may take after the run. Milliseconds. */
const patience = 25_000

/** Plays a run with a real browser beside it, and judges both. */
export async function withBrowser(
  options: BrowserOptions,
  play: (sidecar: Sidecar) => Promise<Result>,
): Promise<Result> {
  let browser: BrowserResult | undefined
  const result = await play(async (beside) => {
    const made = await visitBeside(options, beside)
    if ('evidence' in made) {
      const { parts, vitals } = made
      const ofParts = parts.map((part) => ({ ...part, cores: made.cores(part.part) }))
      browser = { chromium: options.chromium.version, parts: ofParts, vitals }
    }
    return { evidence: [], invalidReasons: [], facts: [], ...made }
  })
  return browser ? { ...result, browser } : result
}

/** How many cores it took in a part; null where nobody can tell. */
type Cores = (part: PartName) => number | null

/** @returns what was measured, or why nothing was */
async function visitBeside(
  options: BrowserOptions,
  beside: SidecarContext,
): Promise<(BrowserJudgement & { cores: Cores }) | { abandoned?: string }> {
  const { guard, stages, began, ended, stop } = beside
  const startedAt = await Promise.race([began, ended.then(() => null)])
  // Then nothing was played, and the run itself says why.
  if (startedAt === null) return {}
  const endsAt = startedAt + lengthOf(stages)
  const directory = await mkdtemp(join(tmpdir(), 'headroom-browser-'))
  const held = guard.directory(directory)
  try {
    const samples = join(directory, 'samples.json')
    const part = startVisits(options, beside, { directory, samples, startedAt })
    const used = watch(part.pid)
    let isSwarmGone = false
    const stopped = ended.then(async () => {
      isSwarmGone = true
      // Who ends a run before its time ends its browser too; else the last visit may finish.
      if (Date.now() >= endsAt) await Promise.race([part.exited, pause(patience)])
      await part.stop(5_000)
    })
    const { code, signal } = await part.exited
    used.end()
    const seen = await readSeen(samples)
    if (!seen.finished && !isSwarmGone) {
      const said = messagesIn(await lastLines(part.logFile, 4))
      stop()
      await stopped
      return {
        abandoned: `the visits of the browser ended too early (${signal ?? `exit code ${code}`}): ${said}`,
      }
    }
    await stopped
    const judgement = {
      ...judgeVisits(seen, options.minimum),
      cores: coresIn(used.samples, stages, startedAt),
    }
    // How little there is of each vital then goes without saying.
    return seen.finished
      ? judgement
      : { ...judgement, invalidReasons: ['the visits of the browser were cut short'] }
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 })
    held.release()
  }
}

function watch(pid: number): { samples: Sample[]; end: () => void } {
  const samples: Sample[] = []
  const timer = setInterval(async () => {
    const usage = (await usageOf([pid])).get(pid)
    if (usage) samples.push({ at: Date.now(), ...usage })
  }, 1_000)
  return { samples, end: () => clearInterval(timer) }
}

const coresIn =
  (samples: readonly Sample[], stages: readonly Stage[], startedAt: number): Cores =>
  (part) => {
    const place = stages.findIndex(({ phase }) => parts[phase as keyof typeof parts] === part)
    const from = startedAt + lengthOf(stages.slice(0, place))
    const to = startedAt + lengthOf(stages.slice(0, place + 1))
    const used = between(samples, from, to)
    return used && (1_000 * used.cpuSeconds) / (to - from)
  }

/** k6's words without its times and places; all of it where it said something in another form. */
function messagesIn(log: string): string {
  const messages = [...log.matchAll(/msg="((?:[^"\\]|\\.)*)"/g)].map(([, message]) => message)
  return (messages.length > 0 ? messages.join('; ') : log).replaceAll(/\s+/g, ' ').slice(0, 600)
}

function startVisits(
  { k6, chromium }: BrowserOptions,
  { guard, env, scenario }: SidecarContext,
  { directory, samples, startedAt }: { directory: string; samples: string; startedAt: number },
): Part {
  return launch(guard, {
    name: 'browser',
    command: k6,
    args: [
      ...[
        'run',
        '--quiet',
        '--no-color',
        '--no-usage-report',
        '--address',
        '',
        '--summary-mode=disabled',
        '--no-thresholds',
      ],
      ...['--out', `json=${samples}`],
      join(project, 'loadtests/scenarios', `${scenario}.ts`),
    ],
    logFile: join(directory, 'k6.log'),
    // k6 closes Chromium on its way out; its whole process group dies with us in any case.
    stopSignal: 'SIGINT',
    env: {
      ...env,
      HEADROOM_BEGAN_AT: String(startedAt),
      K6_BROWSER_EXECUTABLE_PATH: chromium.path,
      K6_BROWSER_HEADLESS: 'true',
      K6_BROWSER_ARGS: chromiumFlags.join(','),
      // Chromium's profile goes with the directory.
      TMPDIR: directory,
    },
  })
}

const pause = (milliseconds: number) =>
  new Promise<void>((resolve) => void setTimeout(resolve, milliseconds).unref())
