import type { QueueName } from '@worklane/data/queues.ts'
import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { oneAtATime } from './one-at-a-time.ts'

export const schedulesName = 'schedules' satisfies QueueName

/** What is done every so often, by its name; for the first time at once, or later. */
export type Repeated = Record<string, { everyMs: number; firstAfterMs?: number; run: () => Promise<unknown> }>

/**
 * Does what the queue says is due. Each name holds one place at most: one that waits for Stripe, or for the object
 * store, keeps none of the others waiting.
 * @param prefix of the queue's keys in Redis, where it is not the usual one
 */
export function schedulesWorker(connection: Redis, repeated: Repeated, prefix?: string): Worker {
  const run = oneAtATime()
  return new Worker(
    schedulesName,
    // One that an earlier configuration scheduled is none any more.
    async ({ name }) => {
      const each = repeated[name]
      if (each) await run(name, each.run)
    },
    { connection, concurrency: 4, ...(prefix === undefined ? {} : { prefix }) },
  )
}
