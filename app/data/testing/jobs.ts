import { randomUUID } from 'node:crypto'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { deadLetters } from '../dead-letters.ts'
import type { QueueName } from '../queues.ts'

export type FailingJob = { name: string; orgId?: string; id?: string }

/** Jobs of a database of Redis that nobody else uses: workers take whatever waits. @param url its address */
export function jobsOf(url: string) {
  const redis = new Redis(url, { maxRetriesPerRequest: null })
  const letters = deadLetters(redis)
  return {
    redis,
    letters,
    queue: (name: QueueName) => new Queue(name, { connection: redis }),
    /** Makes a job that fails as often as it may, whoever takes it: workers of a stack may be there as well. @returns its id */
    async fail(name: QueueName, { name: job, orgId, id = randomUUID() }: FailingJob): Promise<string> {
      const queue = new Queue(name, { connection: redis })
      const failing = async () => {
        throw new Error(`cannot do ${job}`)
      }
      const data = { id, orgId, topic: job, payload: { secret: 'of the payload' } }
      const made = await queue.add(job, data, { jobId: id, attempts: 1 })
      const worker = new Worker(name, failing, { connection: redis })
      while (!(await made.isFailed())) await new Promise((resolve) => setTimeout(resolve, 20))
      await worker.close()
      await queue.close()
      return id
    },
    /** Does a job that waits. @returns its id */
    async work(name: QueueName): Promise<string> {
      const worker = new Worker(name, async () => {}, { connection: redis })
      const id = await new Promise<string>((resolve) =>
        worker.once('completed', (job) => resolve(job.id ?? '')),
      )
      await worker.close()
      return id
    },
    async close(): Promise<void> {
      await letters.close()
      redis.disconnect()
    },
  }
}
