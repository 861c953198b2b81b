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
    const { rows } = await client.query<Omit<Waiting, 'seenAt'>>({
      name: 'take',
      text: `select id, org_id, topic, payload from outbox where relayed_at is null
             order by id limit $1 for update skip locked`,
      values: [most],
    })
    if (rows.length === 0) return 0
    // Marked first, since the database's clock says when they were seen: a millisecond later, as more is not kept.
    const { rows: marked } = await client.query<{ seenAt: Date }>({
      name: 'mark',
      text: `update outbox set relayed_at = seen.at
             from (select date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond' as at) seen
             where id = any($1) returning relayed_at as "seenAt"`,
      values: [rows.map(({ id }) => id)],
    })
    const seenAt = new Date(Math.max(...marked.map((row) => row.seenAt.getTime())))
    // The rows are locked meanwhile. What is enqueued too late is enqueued once more, under the same id.
    await enqueue(
      rows.map((row) => ({ ...row, seenAt })),
      queueOf,
    )
    return rows.length
  })
}

type Waiting = { id: string; org_id: string; topic: string; payload: unknown; seenAt: Date }

async function enqueue(
  rows: readonly Waiting[],
  queueOf: (topic: string) => Queue<OutboxJob>,
): Promise<void> {
  const jobs = rows.map(({ id, org_id, topic, payload, seenAt }) => ({
    name: topic,
    data: { id, orgId: org_id, topic, payload, seenAt: seenAt.toISOString() },
    opts: { jobId: id },
  }))
  const byQueue = [...Map.groupBy(jobs, ({ name }) => queueOf(name))]
  const added = byQueue.map(([queue, its]) => queue.addBulk(its))
  await within(enqueuedWithinMs, Promise.all(added))
}

/** So long a reading may be under way before it is asked for once more. Seconds. */
const readingSeconds = 20

/**
 * Enqueues again what was relayed a while ago and had no effect: a Redis that lost its memory lost the job. Where it is
 * there still, the same id changes nothing.
 * @param seconds how long ago it was relayed at least
 * @returns how many were waiting
 */
type Again = (
  pool: pg.Pool,
  queueOf: (topic: string) => Queue<OutboxJob>,
  seconds?: number,
) => Promise<number>

const enqueuingAgain =
  (lost: string): Again =>
  async (pool, queueOf, seconds = readingSeconds) => {
    const { rows } = await pool.query<Waiting>(lost, [seconds, againAtOnce])
    if (rows.length > 0) await enqueue(rows, queueOf)
    return rows.length
  }

const againAtOnce = 1_000

// The latest of each organisation: a reading that knows of it knows of those before it.
const unreadSince = `
  select * from (
    select distinct on (o.org_id) o.id, o.org_id, o.topic, o.payload, o.relayed_at as "seenAt"
    from outbox o join billing_customers c on c.org_id = o.org_id
    where o.topic = 'billing.sync'
      and o.relayed_at between now() - interval '1 day' and now() - make_interval(secs => $1)
      and o.relayed_at >= coalesce(c.written_began_at, '-infinity')
    order by o.org_id, o.relayed_at desc
  ) latest order by "seenAt" limit $2`

/**
 * Whatever wants a customer read, where no reading that began after it was relayed was written. What is a day old the
 * nightly sweep has seen to.
 */
export const relayAgain = enqueuingAgain(unreadSince)

// Of a day ago nobody is told any more: where the letter was discarded, or nothing takes it, operators have seen it.
const unsentSince = `
  select o.id, o.org_id, o.topic, o.payload, o.relayed_at as "seenAt"
  from billing_letters l join outbox o on o.org_id = l.org_id and o.id = l.outbox_id
  where l.sent_at is null and l.written_at > now() - interval '1 day'
    and o.relayed_at < now() - make_interval(secs => $1)
  order by l.written_at limit $2`

/** Mails of billing that were not sent: each cause is written of once, so nothing else would bring them back. */
export const mailAgain = enqueuingAgain(unsentSince)

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
