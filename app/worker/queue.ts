import { TooLate } from '@worklane/data/within.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { DelayedError, type Job, Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { backoffStrategy } from './backoff.ts'
import { type Kind, type KindName, kinds } from './kinds.ts'
import { Places } from './places.ts'

/**
 * Brings about what a row of the outbox asks for, once, however often it is called with it.
 * @param signal ends when the job has taken too long, or this worker stops: a long job ends then, and is begun anew
 */
export type Effect = (job: OutboxJob, signal: AbortSignal) => Promise<void>

/** Thrown by an effect whose turn has not come. It is called again after so long, and no try has failed. */
export class NotNow extends Error {
  override name = 'NotNow'
  readonly ms: number

  constructor(ms: number) {
    super(`not now, but in ${ms} ms`)
    this.ms = ms
  }
}

/** A worker that ended keeps its job for so long at most. */
const lockMs = 15_000
const stalledMs = 10_000
/** A worker that stops waits so long for its jobs, then ends those that can be begun anew. */
const patienceMs = 5_000

/** @param prefix of its keys in Redis, where it is not the usual one */
export function openQueue(name: KindName, connection: Redis, prefix?: string): Queue<OutboxJob> {
  const { attempts, deadLetters } = kinds[name]
  return new Queue(name, {
    connection,
    ...(prefix === undefined ? {} : { prefix }),
    defaultJobOptions: {
      attempts,
      backoff: { type: 'capped' },
      removeOnComplete: { age: 3_600, count: 10_000 },
      removeOnFail: deadLetters,
      // BullMQ keeps one of each try: of 250 that is more than Redis has room for.
      stackTraceLimit: 1,
    },
  })
}

export type RunningWorker = {
  worker: Worker<OutboxJob>
  /** Takes no more jobs, and waits until those that run have ended or were put back. */
  stop(): Promise<void>
}

/**
 * Works a queue off as its kind says.
 * @param kind other settings than those of its name
 * @param prefix as in `openQueue`
 */
export function startWorker(
  name: KindName,
  connection: Redis,
  effect: Effect,
  { kind = kinds[name], prefix }: { kind?: Kind; prefix?: string } = {},
): RunningWorker {
  const stopping = new AbortController()
  const places = new Places(kind.perOrganisation ?? kind.concurrency)
  const worker = new Worker<OutboxJob>(
    name,
    async (job, token) => {
      const { orgId } = job.data
      const waits = places.take(orgId)
      if (waits !== null) return putBack(job, token, waits)
      try {
        await inTime(kind.timeoutMs, stopping.signal, (signal) => effect(job.data, signal))
      } catch (error) {
        if (error instanceof NotNow) return await putBack(job, token, error.ms)
        if (stopping.signal.aborted) return await putBack(job, token, 0)
        throw error
      } finally {
        places.give(orgId)
      }
    },
    {
      connection,
      ...(prefix === undefined ? {} : { prefix }),
      concurrency: kind.concurrency,
      lockDuration: lockMs,
      stalledInterval: stalledMs,
      maxStalledCount: kind.stalledAtMost,
      settings: { backoffStrategy },
    },
  )
  return {
    worker,
    async stop() {
      const timer = setTimeout(() => stopping.abort(new Error('this worker stops')), patienceMs)
      await worker.close().finally(() => clearTimeout(timer))
    },
  }
}

/** Its turn comes again after so long; no try is counted. @throws DelayedError, which tells BullMQ so */
async function putBack(job: Job<OutboxJob>, token: string | undefined, ms: number): Promise<never> {
  await job.moveToDelayed(Date.now() + ms, token)
  throw new DelayedError()
}

/** @throws TooLate what goes on after that has a signal that says so */
async function inTime(
  ms: number,
  stopping: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = new TooLate(`the job took longer than ${ms / 1_000} s`)
    late.abort(error)
    reject(error)
  }, ms)
  try {
    await Promise.race([work(AbortSignal.any([late.signal, stopping])), promise])
  } finally {
    clearTimeout(timer)
  }
}
