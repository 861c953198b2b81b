import { setTimeout as sleep } from 'node:timers/promises'
import type { Lack } from '@headroom/loadtests/wire/lacks.ts'
import { lengthOf, stagesOf, vusFor } from '@headroom/loadtests/wire/workloads.ts'
import { type Collected, lostMessages, startCollector } from '../collect/collector.ts'
import type { Order } from '../collect/order.ts'
import { Timeline } from '../collect/timeline.ts'
import { lacksOf } from '../plan/lacks.ts'
import { judgedTimes } from '../plan/scenarios.ts'
import { ask } from '../plan/target/ask.ts'
import { UsageError } from '../plan/usage.ts'
import { nothingObserved, type Result } from '../result/result.ts'
import { span } from '../result/words.ts'
import { conclude, unseenGenerator } from '../run/conclude.ts'
import { probePopulation } from '../run/probe.ts'
import type { Progress } from '../run/run.ts'
import { answerFor, type State } from './answers.ts'

export type CollectOptions = {
  id: string
  order: Order
  host: string
  port: number
  token: string
  sessionSecret: string
  /** How long the first message may take from when this is ready, in ms. */
  startWithin: number
  /** How long the last VU may take beyond the length of the run, in ms. */
  grace: number
  say?: (line: string) => void
  onProgress?: (progress: Progress) => void
}

/** A collector that waits for a run which somebody else plays. */
export type Collecting = {
  url: string
  /** Once there is a verdict; who asks over HTTP gets it from then on. */
  result: Promise<Result>
  /** Judges what has come so far: invalid. */
  interrupt(): void
  close(): Promise<void>
}

/** Waits for a target that is just being started, at most. Milliseconds. */
const targetWithin = 30_000
/** A message that another one overtook comes within k6's timeout of it, or never. Milliseconds. */
const stragglers = 10_000

/** Listens at once; a wrong population, VUs that never finish, and nothing at all end in `invalid`. */
export async function startCollecting(options: CollectOptions): Promise<Collecting> {
  const { order, host, port, token } = options
  const timeline = new Timeline(lengthOf(stagesOf(order.plan)))
  let state: State = { is: 'asking' }
  let interrupted = false
  const collector = await startCollector(
    (message) => timeline.add(message, Date.now() - (collector.collected.startedAt ?? Date.now())),
    { host, port, token, answer: (path) => answerFor(path, state) },
  )
  const { collected } = collector

  const play = async (): Promise<Result> => {
    const startedAt = new Date()
    await untilAnswering(order.target, () => interrupted)
    const population = await probePopulation(order.target, order.plan.population, options.sessionSecret)
    const invalidReasons: string[] = []
    const lacks: Lack[] = []
    if (population === null && !interrupted) {
      lacks.push(...(await lacksOf(order.target, order.plan, options.sessionSecret)))
      state = { is: 'ready', collected, lacks }
      options.say?.(`ready for ${order.plan.shards} runners`)
      invalidReasons.push(...(await untilOver(options, collected, () => interrupted)))
    }
    timeline.close()
    const result = conclude({
      id: options.id,
      ...order,
      startedAt,
      collected,
      timeline,
      population,
      interrupted,
      invalidReasons,
      times: judgedTimes(stagesOf(order.plan), collected.startedAt, endOf(options, collected)),
      generator: unseenGenerator,
      observed: nothingObserved,
      memory: [],
      crashes: [],
      faultTexts: [],
      evidence: [],
      facts: [],
      lacks,
    })
    state = { is: 'over', result }
    return result
  }
  return {
    url: collector.url,
    result: play(),
    interrupt: () => {
      interrupted = true
    },
    close: collector.close,
  }
}

/** @returns why it ended, when that was not because all VUs were done */
async function untilOver(
  { order: { plan }, startWithin, grace, onProgress }: CollectOptions,
  collected: Collected,
  isInterrupted: () => boolean,
): Promise<string[]> {
  const readyAt = Date.now()
  const vus = vusFor(plan.users, plan.shards)
  const length = lengthOf(stagesOf(plan))
  let firstAt: number | null = null
  let doneAt: number | null = null
  let shownAt = readyAt
  while (!isInterrupted()) {
    const now = Date.now()
    if (collected.vus.size > 0) firstAt ??= now
    if (isDone(collected, vus)) doneAt ??= now
    if (doneAt !== null && (lostMessages(collected) === 0 || now - doneAt > stragglers)) return []
    if (firstAt === null && now - readyAt > startWithin)
      return [
        `no message came within ${span(startWithin)}: the runners did not start, or do not reach this collector`,
      ]
    // By our own clock: those of the runners may differ.
    if (firstAt !== null && now - firstAt > length + grace)
      return [`what did not end within ${span(grace)} after its time was not waited for`]
    if (now - shownAt >= 1_000) {
      shownAt += 1_000
      onProgress?.({ collected, plan, elapsed: firstAt === null ? 0 : now - firstAt })
    }
    await sleep(100)
  }
  return []
}

const isDone = ({ vus }: Collected, expected: number): boolean =>
  vus.size >= expected && [...vus.values()].every(({ final }) => final)

/** When all VUs say that they are done, the whole time was played, whatever our clock says. */
function endOf({ order: { plan } }: CollectOptions, collected: Collected): number {
  const { startedAt } = collected
  const whole = startedAt !== null && isDone(collected, vusFor(plan.users, plan.shards))
  return whole ? startedAt + lengthOf(stagesOf(plan)) : Date.now()
}

async function untilAnswering(target: string, isInterrupted: () => boolean): Promise<void> {
  for (const until = Date.now() + targetWithin; Date.now() < until && !isInterrupted(); await sleep(500)) {
    const init = { redirect: 'manual', signal: AbortSignal.timeout(5_000) } as const
    const answer = await ask(target, '/', init).catch((error: unknown) => {
      // Waiting changes nothing about a wrong proxy or authority.
      if (error instanceof UsageError) throw error
      return null
    })
    // What breaks off while it is let go did answer.
    await answer?.body?.cancel().catch(() => {})
    if (answer) return
  }
}
