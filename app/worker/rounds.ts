import { setTimeout } from 'node:timers/promises'
import type { Redis } from 'ioredis'

export type Rounds = {
  /** Moves some of what waits to Redis. @returns how much it was */
  round: () => Promise<number>
  /** The rest after a round that moved nothing, so that it costs little to have nothing to do. Milliseconds. */
  restMs: number
  /** Hears of failures; the next round tries again. */
  onError: (error: unknown) => void
}

/**
 * Goes from round to round until it is stopped. After one that failed Redis is asked first, or each of them would leave
 * something behind that waits for it.
 * @param redis answers soon, or fails
 * @returns stops it, after the round that it is at
 */
export function startRounds(redis: Redis, { round, restMs, onError }: Rounds): () => Promise<void> {
  let isRunning = true
  let isAnswering = false

  async function oneMore(): Promise<number> {
    isAnswering ||= await redis.ping().then(
      () => true,
      () => false,
    )
    if (!isAnswering) return 0
    return round().catch((error) => {
      onError(error)
      isAnswering = false
      return 0
    })
  }
  const running = (async () => {
    // A round that moved something hints at more.
    while (isRunning) if ((await oneMore()) === 0) await setTimeout(restMs)
  })()
  return () => {
    isRunning = false
    return running
  }
}
