import { addAll, count, percentile } from '@headroom/loadtests/wire/histogram.ts'
import { lengthOf, stageAt, stagesOf } from '@headroom/loadtests/wire/workloads.ts'
import { createLogUpdate } from 'log-update'
import pc from 'picocolors'
import type { RouteTally } from '../collect/collector.ts'
import { lengthOfPlan } from '../plan/scenarios.ts'
import { amount, span, time } from '../result/words.ts'
import type { Progress } from '../run/run.ts'

export type Screen = { show(progress: Progress): void; end(): void }

const plainEvery = 5

/** Live lines: redrawn in place on a terminal, one line each few seconds elsewhere. */
export function progressScreen(stream: NodeJS.WriteStream = process.stdout): Screen {
  let lastCount = 0
  let calls = 0
  if (!stream.isTTY) {
    return {
      show(progress) {
        const seen = view(progress, lastCount)
        lastCount = seen.requests
        if (calls++ % plainEvery === 0) stream.write(`  ${seen.line}\n`)
      },
      end() {},
    }
  }
  const update = createLogUpdate(stream)
  return {
    show(progress) {
      const seen = view(progress, lastCount)
      lastCount = seen.requests
      update(`  ${bar(progress)}\n  ${seen.line}`)
    },
    end: () => update.clear(),
  }
}

/** What the run is at, from the last second's view of it. */
function view({ collected, plan, elapsed }: Progress, lastCount: number): { line: string; requests: number } {
  const vus = [...collected.vus.values()]
  const active = vus.reduce((sum, vu) => sum + vu.activeUsers, 0)
  const stages = stagesOf(plan)
  const stage = elapsed === 0 ? null : stageAt(stages, elapsed)
  const phase = elapsed === 0 ? 'starting' : (stage?.phase ?? 'drain')
  const steady =
    collected.routes.get(stage?.phase ?? stages.at(-1)?.phase ?? '') ?? new Map<string, RouteTally>()
  const all = new Map<number, number>()
  let errors = 0
  for (const tally of steady.values()) {
    addAll(all, tally.latency)
    for (const n of tally.errors.values()) errors += n
  }
  let requests = 0
  for (const routes of collected.routes.values())
    for (const tally of routes.values()) requests += count(tally.latency)
  const left = lengthOf(stages) - elapsed
  const cells = [
    pc.bold(phase.padEnd(8)),
    `${amount(active)} / ${amount(plan.users)} users`,
    `${amount(Math.max(0, requests - lastCount))} req/s`,
    `p95 ${time(percentile(all, 0.95))}`,
    errors > 0 ? pc.red(`${amount(errors)} errors`) : '0 errors',
    pc.dim(`${span(left)} left`),
  ]
  return { line: cells.join(pc.dim('  ·  ')), requests }
}

function bar({ plan, elapsed }: Progress): string {
  const width = 60
  const share = Math.min(1, elapsed / lengthOfPlan(plan))
  const done = Math.round(share * width)
  return `${pc.cyan('━'.repeat(done))}${pc.dim('━'.repeat(width - done))}`
}
