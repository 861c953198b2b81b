import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { usageOf } from '../../stack/usage.ts'

/** What processes that are not ours used of this machine, in cores, over each stretch of a time. */
export type Foreign = { cores: number[] }

const every = 1_000

/** Watches until it is told to end. @returns how to end it */
export async function watchForeign(): Promise<() => Promise<Foreign>> {
  const cores: number[] = []
  let before = await look()
  const measure = async () => {
    const after = await look()
    const seconds = (after.at - before.at) / 1_000
    if (seconds > 0.2)
      cores.push(Math.max(0, (after.busy - before.busy - (after.own - before.own)) / seconds))
    before = after
  }
  const timer = setInterval(() => void measure(), every)
  return async () => {
    clearInterval(timer)
    await measure()
    return { cores }
  }
}

/**
 * Whether so much ran beside a measurement that its times are not what they would have been: a process that ran
 * all the time, or one that took nearly a whole core for a second or two.
 */
export const isDisturbed = ({ cores }: Foreign): boolean =>
  cores.length > 0 &&
  (cores.reduce((sum, each) => sum + each, 0) / cores.length > limits.mean ||
    Math.max(...cores) > limits.most)

/** Waits until nothing else runs on this machine, or the time is over. */
export async function untilQuiet(within: number): Promise<void> {
  for (const until = Date.now() + within; Date.now() < until; ) {
    const endWatch = await watchForeign()
    await sleep(2 * every)
    if (!isDisturbed(await endWatch())) return
  }
}

const limits = { mean: 0.15, most: 0.5 }

/** Seconds of CPU since the start of the machine, and of this process with all that it started. */
async function look(): Promise<{ at: number; busy: number; own: number }> {
  const busy =
    cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) / 1_000
  const own = (await usageOf([process.pid])).get(process.pid)?.cpuSeconds ?? 0
  return { at: Date.now(), busy, own }
}
