import { randomUUID } from 'node:crypto'
import type { UserId } from '@worklane/data/ids.ts'
import { Problem } from '../errors.ts'
import { runtime } from '../runtime.ts'

/** Streams that a person has open at once, in all processes: a tab needs one. */
export const streamsAPerson = 30

/** A stream whose process died without a word is counted no longer than this. */
const countedSeconds = 60

/**
 * Counts a stream of a person. `renew` says every now and then that it is still open, `end` that it is not.
 * @throws Problem tooMany
 */
export async function openStream(userId: UserId): Promise<{ renew(): Promise<void>; end(): Promise<void> }> {
  const { redis } = runtime()
  const [key, id] = [`streams:${userId}`, randomUUID()]
  const write = () =>
    redis
      .multi()
      .zremrangebyscore(key, '-inf', Date.now())
      .zadd(key, Date.now() + countedSeconds * 1_000, id)
      .zcard(key)
      .expire(key, countedSeconds)
      .exec()
      // Without Redis nothing is counted, as with every limit (docs/decisions/007).
      .catch(() => null)
  const end = async () => void (await redis.zrem(key, id).catch(() => 0))
  const [, , counted] = (await write()) ?? []
  if (Number(counted?.[1] ?? 0) > streamsAPerson) {
    await end()
    const detail = `You have ${streamsAPerson} live streams open: close one of them first.`
    throw new Problem('tooMany', detail, [], { retryAfterSeconds: countedSeconds })
  }
  return { renew: async () => void (await write()), end }
}
