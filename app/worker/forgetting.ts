import { inTransaction } from '@worklane/data/transaction.ts'
import { type Forgetting, repeatForgetting } from '@worklane/domain/forgetting.ts'
import type { Redis } from 'ioredis'
import type pg from 'pg'

const batch = 500

/** Longer than anything that Redis keeps of sessions and answers. */
const repeatedMinutes = 10

/**
 * Makes Redis forget what committed transactions wanted forgotten and nobody did: their process died, or Redis was
 * away. The writers get a second of their own first.
 * @returns how many rows were seen to
 */
export const forgetOnce = (pool: pg.Pool, redis: Redis): Promise<number> =>
  inTransaction(pool, async (client) => {
    const { rows } = await client.query<Forgetting>({ name: 'take-forgetting', text: take, values: [batch] })
    await repeatForgetting(redis, rows)
    if (rows.length > 0) await client.query(finish, [rows.map(({ id }) => id)])
    return rows.length
  })

/** A Redis that comes back may hold an older state, in which nothing of this was forgotten yet. */
export async function forgetAgain(pool: pg.Pool): Promise<void> {
  await pool.query(again, [repeatedMinutes])
}

/** @returns how many rows were removed that are repeated no more */
export async function pruneForgetting(pool: pg.Pool): Promise<number> {
  return (await pool.query(prune, [repeatedMinutes])).rowCount ?? 0
}

const take = `select id, keys from cache_outbox
  where applied_at is null and created_at < now() - interval '1 second'
  order by id limit $1 for update skip locked`
const finish = 'update cache_outbox set applied_at = now() where id = any($1)'
const again = `update cache_outbox set applied_at = null
  where created_at > now() - make_interval(mins => $1) and applied_at is not null`
const prune = `delete from cache_outbox
  where created_at < now() - make_interval(mins => $1) and applied_at is not null`

/** Does all of it until it is told to stop. @param report hears of failures; the next round tries again */
export function startForgetting(pool: pg.Pool, redis: Redis, report: (error: unknown) => void) {
  let going = true
  let prunedAt = Date.now()
  const cameBack = () => void forgetAgain(pool).catch(report)
  redis.on('ready', cameBack)
  const rounds = (async () => {
    while (going) {
      const seen = await forgetOnce(pool, redis).catch((error) => {
        report(error)
        return 0
      })
      if (Date.now() - prunedAt > 60_000) {
        prunedAt = Date.now()
        await pruneForgetting(pool).catch(report)
      }
      if (seen < batch) await new Promise((resolve) => setTimeout(resolve, restMs))
    }
  })()
  return async function stop(): Promise<void> {
    going = false
    redis.off('ready', cameBack)
    await rounds
  }
}

const restMs = 250
