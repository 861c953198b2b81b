import { type Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { harmlessReason } from './harmless-reason.ts'
import { type QueueName, queueNames } from './queues.ts'

/** A job that has failed as often as it may, and is tried no more. */
export type DeadLetter = {
  queue: QueueName
  id: string
  /** What it is for: of the outbox its topic. */
  name: string
  /** Whose it is; null for what is nobody's, such as a schedule. */
  orgId: string | null
  tries: number
  /** Why it failed last. */
  error: string
  createdAt: Date
  failedAt: Date
}

/** The last one that was seen: the next page begins after it. */
export type After = { failedAt: number; id: string }

/**
 * Dead letters of all queues, latest first.
 * @param redis a connection of their own; it stays the caller's to end
 */
export function deadLetters(redis: Redis) {
  const queues = new Map(queueNames.map((name) => [name, new Queue(name, { connection: redis })] as const))
  for (const queue of queues.values()) queue.on('error', () => {})
  const known = (name: QueueName) => queues.get(name) as Queue

  return {
    /** @param most of each queue at once, before they are put in order */
    async latest(names: readonly QueueName[], after: After | null, most: number): Promise<DeadLetter[]> {
      const found = await Promise.all(names.map((name) => failedOf(redis, known(name), name, after, most)))
      return found.flat().sort(latestFirst).slice(0, most)
    },
    /** @returns null where it is not there, or has not failed for good */
    async find(name: QueueName, id: string): Promise<DeadLetter | null> {
      const job = await known(name).getJob(id)
      return job && (await job.isFailed()) ? letterOf(name, job) : null
    },
    /** Gives it all its tries again. @returns false where it is not among the failed any more */
    async retry(name: QueueName, id: string): Promise<boolean> {
      const job = await known(name).getJob(id)
      if (!job) return false
      return job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }).then(
        () => true,
        (error: { code?: number }) => {
          if (error.code !== undefined && gone.has(error.code)) return false
          throw error
        },
      )
    },
    /** Removes it for good. Whoever calls sees to it that nobody retries it meanwhile. @returns as `retry` */
    async discard(name: QueueName, id: string): Promise<boolean> {
      const job = await known(name).getJob(id)
      if (!job || !(await job.isFailed())) return false
      await job.remove()
      return true
    },
    close: () => Promise.allSettled([...queues.values()].map((queue) => queue.close())),
  }
}

/** BullMQ's codes (6.7): the job does not exist, or is not in the state that it should be in. */
const gone = new Set([-1, -3])

const latestFirst = (one: DeadLetter, other: DeadLetter) =>
  other.failedAt.getTime() - one.failedAt.getTime() || (one.id < other.id ? 1 : -1)

/**
 * Leans on how BullMQ 6.7 keeps them: in a sorted set of ids, by the milliseconds of their failure. Its own lists go by
 * places, which move whenever one is retried. A test notices when this is no longer so.
 */
async function failedOf(
  redis: Redis,
  queue: Queue,
  name: QueueName,
  after: After | null,
  most: number,
): Promise<DeadLetter[]> {
  const ids: string[] = []
  const [key, chunk] = [queue.toKey('failed'), most + 1]
  for (let offset = 0; ids.length < most; offset += chunk) {
    const from = after ? String(after.failedAt) : '+inf'
    const found = await redis.zrevrangebyscore(key, from, '-inf', 'WITHSCORES', 'LIMIT', offset, chunk)
    for (let n = 0; n < found.length; n += 2) {
      const [id, score] = [found[n] as string, Number(found[n + 1])]
      // Of one millisecond those that were seen come first: ids fall as well.
      if (!after || score < after.failedAt || id < after.id) ids.push(id)
    }
    if (found.length < 2 * chunk) break
  }
  const jobs = await Promise.all(ids.slice(0, most).map((id) => queue.getJob(id)))
  // One that was retried or discarded since is none any more.
  return jobs.flatMap((job) => (job?.finishedOn ? [letterOf(name, job)] : []))
}

const longestError = 500

function letterOf(queue: QueueName, job: Job): DeadLetter {
  const { orgId } = (job.data ?? {}) as { orgId?: unknown }
  return {
    queue,
    id: job.id ?? '',
    name: job.name,
    orgId: typeof orgId === 'string' ? orgId : null,
    tries: job.attemptsMade,
    error: harmlessReason(job.failedReason ?? '')
      .slice(0, longestError)
      .toWellFormed(),
    createdAt: new Date(job.timestamp),
    failedAt: new Date(job.finishedOn ?? job.timestamp),
  }
}
