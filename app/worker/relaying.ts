import { setTimeout } from 'node:timers/promises'
import { relayBeat } from '@worklane/domain/status/status.ts'
import type { Redis } from 'ioredis'
import type pg from 'pg'
import { type IntakeOf, relayOnce, type Turn } from './relay.ts'

const pauseMs = 100

/**
 * Moves what waits in the outbox to the queues, until it is stopped.
 * @param redis answers soon, or fails
 * @returns stops it, after the batch that it is at
 */
export function startRelay(
  pool: pg.Pool,
  redis: Redis,
  intakeOf: IntakeOf,
  onError: (error: unknown) => void,
): () => Promise<void> {
  const turn: Turn = { after: '00000000-0000-0000-0000-000000000000' }
  const beat = relayBeat(redis)
  let isRunning = true
  /** False after a round that failed: then Redis is asked first, or each round would leave something behind that waits. */
  let isAnswering = false

  async function round(): Promise<number> {
    isAnswering ||= await redis.ping().then(
      () => true,
      () => false,
    )
    if (!isAnswering) return 0
    try {
      const moved = await relayOnce(pool, intakeOf, undefined, turn)
      await beat()
      return moved
    } catch (error) {
      onError(error)
      isAnswering = false
      return 0
    }
  }
  const running = (async () => {
    // A batch hints at more; otherwise a short rest, so that an idle relay costs nothing.
    while (isRunning) if ((await round()) === 0) await setTimeout(pauseMs)
  })()
  return () => {
    isRunning = false
    return running
  }
}
