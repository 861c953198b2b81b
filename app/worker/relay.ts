import type { QueueName } from '@worklane/data/queues.ts'
import { inTransaction } from '@worklane/data/transaction.ts'
import { within } from '@worklane/data/within.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import type { Queue } from 'bullmq'
import type pg from 'pg'

const batch = 200
/** How long Redis has to take a batch. */
const enqueuedWithinMs = 5_000

export const queueName = 'outbox' satisfies QueueName

/**
 * Moves waiting outbox rows to the queue and marks them, in one transaction. A crash between the two enqueues
 * again under the same job id, and the effect is unique as well: nothing is lost, nothing doubled.
 * @param most rows at once
 * @returns how many rows were moved
 */
export function relayOnce(
  pool: pg.Pool,
  queueOf: (topic: string) => Queue<OutboxJob>,
  most: number = batch,
): Promise<number> {
  return inTransaction(pool, async (client) => {
    // Several relays share the work: each skips what another one holds.
    const { rows } = await client.query<{ id: string; org_id: string; topic: string; payload: unknown }>({
      name: 'take',
      text: `select id, org_id, topic, payload from outbox where relayed_at is null
             order by id limit $1 for update skip locked`,
      values: [most],
    })
    if (rows.length > 0) {
      const jobs = rows.map(({ id, org_id, topic, payload }) => ({
        name: topic,
        data: { id, orgId: org_id, topic, payload },
        opts: { jobId: id },
      }))
      // The rows are locked meanwhile. What is enqueued too late is enqueued once more, under the same id.
      const byQueue = [...Map.groupBy(jobs, ({ name }) => queueOf(name))]
      const added = byQueue.map(([queue, its]) => queue.addBulk(its))
      await within(enqueuedWithinMs, Promise.all(added))
      const ids = rows.map(({ id }) => id)
      await client.query('update outbox set relayed_at = now() where id = any($1)', [ids])
    }
    return rows.length
  })
}

/** When a row of the outbox was written, by its id, a UUID of version 7: epoch milliseconds. */
export const bornAt = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

/** How long the oldest row waits that was not moved yet; 0 when none does. Milliseconds. */
export async function oldestWaiting(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ id: string }>(
    'select id from outbox where relayed_at is null order by id limit 1',
  )
  const [oldest] = rows
  return oldest ? Math.max(0, Date.now() - bornAt(oldest.id)) : 0
}

/** Rows that were relayed long ago have done their work, keys of a day ago are sent no more, and links are good no more. */
export async function prune(pool: pg.Pool): Promise<number> {
  const outbox = await pool.query("delete from outbox where relayed_at < now() - interval '7 days'")
  const keys = await pool.query("delete from idempotency where created_at < now() - interval '24 hours'")
  const links = await pool.query("delete from verification_tokens where expires < now() - interval '1 day'")
  return (outbox.rowCount ?? 0) + (keys.rowCount ?? 0) + (links.rowCount ?? 0)
}
