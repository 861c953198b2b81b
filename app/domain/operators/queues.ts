import type { deadLetters } from '@worklane/data/dead-letters.ts'
import { billingSyncTopic } from '../billing/intake.ts'
import { Problem } from '../errors.ts'
import { beforeClosing, runtime } from '../runtime.ts'

type DeadLetters = ReturnType<typeof deadLetters>

let opened: Promise<DeadLetters> | undefined

/** The queues' dead letters, over a connection of their own that is made at the first use: few processes need it. */
function open(): Promise<DeadLetters> {
  opened ??= (async () => {
    const { deadLetters } = await import('@worklane/data/dead-letters.ts')
    const redis = runtime().redis.duplicate({ enableAutoPipelining: false, commandTimeout: answerWithinMs })
    redis.on('error', () => {})
    const letters = deadLetters(redis)
    const close = async () => {
      beforeClosing.delete(close)
      opened = undefined
      await letters.close()
      redis.disconnect()
    }
    beforeClosing.add(close)
    return letters
  })()
  return opened
}

const answerWithinMs = 3_000

/** Asks the queues. @throws Problem unavailable while Redis is away */
export async function atQueues<T>(ask: (letters: DeadLetters) => Promise<T>): Promise<T> {
  const letters = await open()
  try {
    return await ask(letters)
  } catch (error) {
    if (error instanceof Problem || !isLost(error)) throw error
    throw new Problem('unavailable', 'The queues do not answer at the moment. Look again soon.')
  }
}

/** As ioredis says it: no connection, or no answer in time. */
const isLost = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'MaxRetriesPerRequestError' ||
    /timed out|Connection is closed|ECONNREFUSED|ECONNRESET/.test(error.message))

/** So many of the latest are looked at; more have one cause, and show it. */
const most = 1_000

/** The organisations of which a reading has failed for good, with when the latest of those was asked for. */
export async function failedReadings(): Promise<Map<string, Date>> {
  const letters = await atQueues((queues) => queues.latest(['billing'], null, most))
  const failed = new Map<string, Date>()
  for (const { name, orgId, id, createdAt } of letters) {
    if (orgId === null || name !== billingSyncTopic) continue
    const [at, known] = [bornAt(id) ?? createdAt, failed.get(orgId)]
    if (!known || known < at) failed.set(orgId, at)
  }
  return failed
}

/** When a row of the outbox was written, by its id, a UUID of version 7; null for what is none. */
function bornAt(id: string): Date | null {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id)) return null
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
}
