import type { After, DeadLetter as Letter } from '@worklane/data/dead-letters.ts'
import { queueNames } from '@worklane/data/queues.ts'
import { inTransaction } from '@worklane/data/transaction.ts'
import { z } from 'zod'
import { Problem } from '../errors.ts'
import { pageOf, pageOfItems, pageSize, timeAndId, timeCursor, timeCursorOf } from '../paging.ts'
import { runtime } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { operatorOperation } from './operation.ts'
import { atQueues } from './queues.ts'

export const QueueName = z.enum(queueNames)
const jobId = '[\\w:-]{1,200}'
const JobId = z.string().regex(new RegExp(`^${jobId}$`), 'must be the id of a job')

export const DeadLetter = z.object({
  queue: QueueName,
  id: z.string(),
  /** What the job is for. */
  name: z.string(),
  /** Whose it is; null for what is nobody's. */
  organisation: z.object({ id: Id, name: z.string() }).nullable(),
  tries: z.number().int(),
  /** Why the last try failed. */
  error: z.string(),
  createdAt: z.iso.datetime(),
  failedAt: z.iso.datetime(),
})
export type DeadLetter = z.infer<typeof DeadLetter>

export const listDeadLetters = operatorOperation({
  name: 'operator.deadLetters',
  rest: 'GET /v1/operator/dead-letters',
  summary: 'Jobs that failed as often as they may, latest first; what they hold is not shown',
  allow: 'operator',
  input: z.strictObject({ queue: QueueName.optional(), cursor: timeCursor(jobId), limit: pageSize }),
  output: pageOfItems(DeadLetter),
  async run(_, { queue, cursor, limit }) {
    const after = cursor === undefined ? null : afterOf(cursor)
    const names = queue === undefined ? queueNames : [queue]
    const letters = await atQueues((queues) => queues.latest(names, after, limit + 1))
    const organisations = await namesOf(letters)
    return pageOf(
      letters,
      limit,
      ({ orgId, createdAt, failedAt, ...letter }): DeadLetter => ({
        ...letter,
        organisation: orgId === null ? null : { id: orgId, name: organisations.get(orgId) ?? '' },
        createdAt: createdAt.toISOString(),
        failedAt: failedAt.toISOString(),
      }),
      ({ failedAt, id }) => timeCursorOf(failedAt, id),
    )
  },
})

function afterOf(cursor: string): After {
  const { at, id } = timeAndId(cursor)
  return { failedAt: at.getTime(), id }
}

/** Of organisations that are there still. */
async function namesOf(letters: readonly Letter[]): Promise<Map<string, string>> {
  const ids = [...new Set(letters.flatMap(({ orgId }) => orgId ?? []))]
  if (ids.length === 0) return new Map()
  const { rows } = await runtime().operator.query<{ id: string; name: string }>(
    'select id, name from organisations where id = any($1::uuid[])',
    [ids],
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}

const OneJob = z.strictObject({ queue: QueueName, jobId: JobId })
const Named = z.object({ queue: QueueName, id: z.string() })
type OneJob = z.output<typeof OneJob>
const target = ({ queue, jobId }: OneJob) => `${queue} ${jobId}`

export const retryDeadLetter = operatorOperation({
  name: 'operator.retry',
  rest: 'POST /v1/operator/dead-letters/:queue/:jobId/retry',
  summary: 'Gives a job all its tries again',
  allow: 'operator',
  target,
  input: OneJob,
  output: Named,
  run: (_, job) => alone(job, () => atQueues((queues) => queues.retry(job.queue, job.jobId))),
})

export const discardDeadLetter = operatorOperation({
  name: 'operator.discard',
  rest: 'DELETE /v1/operator/dead-letters/:queue/:jobId',
  summary: 'Removes a job for good: what it was for does not happen',
  allow: 'operator',
  target,
  input: OneJob,
  output: Named,
  run: (_, job) => alone(job, () => atQueues((queues) => queues.discard(job.queue, job.jobId))),
})

/**
 * Does something to a job while no other operator does: a job that one retries must not be discarded by another. The
 * lock is the database's, and goes with its transaction, whatever becomes of this process.
 * @throws Problem conflict for who comes second
 */
async function alone({ queue, jobId }: OneJob, act: () => Promise<boolean>): Promise<z.infer<typeof Named>> {
  const isDone = await inTransaction(runtime().operator, async (client) => {
    const { rows } = await client.query<{ isOurs: boolean }>(
      'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as "isOurs"',
      [`dead letter ${queue} ${jobId}`],
    )
    return rows[0]?.isOurs ? act() : false
  })
  if (isDone) return { queue, id: jobId }
  throw new Problem('conflict', 'This job is not among the failed any more: somebody else was faster.')
}
