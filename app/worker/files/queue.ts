import type { QueueName } from '@worklane/data/queues.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { backoffStrategy } from '../billing.ts'
import { checkFile } from './check.ts'

export const filesQueueName = 'files' satisfies QueueName

/** Checks at the same time, of each worker process: each may hold a file in memory, and pictures take a core. */
const checksAtOnce = 2
/** An outage of the object store is waited for so long, a minute at most between two tries; then the hourly sweep. */
const attempts = 60

/** Checks of files have a queue of their own: a large picture holds up nobody's notification. */
export const filesQueue = (connection: Redis): Queue<OutboxJob> =>
  new Queue(filesQueueName, {
    connection,
    defaultJobOptions: {
      attempts,
      backoff: { type: 'capped' },
      removeOnComplete: { age: 3600, count: 10_000 },
      removeOnFail: { age: 7 * 86_400 },
    },
  })

export const filesWorker = (connection: Redis): Worker<OutboxJob> =>
  new Worker<OutboxJob>(filesQueueName, ({ data }) => checkFile(data), {
    connection,
    concurrency: checksAtOnce,
    settings: { backoffStrategy },
  })
