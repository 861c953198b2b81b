import { relayBeat } from '@worklane/domain/status/status.ts'
import type { Redis } from 'ioredis'
import type pg from 'pg'
import { firstTurn, type IntakeOf, relayOnce } from './relay.ts'
import { startRounds } from './rounds.ts'

const restMs = 100

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
  const turn = firstTurn()
  const beat = relayBeat(redis)
  const round = async () => {
    const moved = await relayOnce(pool, intakeOf, undefined, turn)
    await beat()
    return moved
  }
  return startRounds(redis, { round, restMs, onError })
}
