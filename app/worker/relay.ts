import { inTransaction } from '@worklane/data/transaction.ts'
import { within } from '@worklane/data/within.ts'
import { retrySeconds } from '@worklane/domain/billing/converge.ts'
import type pg from 'pg'
import type { Intake } from './fair.ts'
import { settle } from './settled.ts'

const batch = 200
/** How long Redis has to take a batch. */
export const enqueuedWithinMs = 5_000

/** Where the jobs of a topic go. */
export type IntakeOf = (topic: string) => Intake

/** Whose turn it is: the organisation that a relay took from last. */
export type Turn = { after: string }
const nobody = '00000000-0000-0000-0000-000000000000'
export const firstTurn = (): Turn => ({ after: nobody })

/**
 * Moves waiting outbox rows to their queues and marks them, in one transaction. A crash between the two enqueues
 * again under the same job id, and the effect is unique as well: nothing is lost, nothing doubled. Organisations take
 * turns: whoever has ten thousand rows has its share of a batch, and not all of it.
 * @param most rows at once
 * @param turn is moved on; with more organisations waiting than a batch has rows, each has its turn
 * @returns how many rows were moved
 */
export function relayOnce(
  pool: pg.Pool,
  intakeOf: IntakeOf,
  most: number = batch,
  turn: Turn = firstTurn(),
): Promise<number> {
  return inTransaction(pool, async (client) => {
    // Several relays share the work: each skips what another one holds.
    const { rows } = await client.query<Omit<Waiting, 'seenAt'>>({
      name: 'take',
      text: waitingInTurn,
      values: [most, turn.after],
    })
    if (rows.length === 0) return 0
    // Marked first, since the database's clock says when they were seen: a millisecond later, as more is not kept.
    const { rows: marked } = await client.query<{ seenAt: Date }>({
      name: 'mark',
      text: `update outbox o set relayed_at = seen.at
             from (select date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond' as at) seen,
               unnest($1::uuid[], $2::uuid[]) as taken (org_id, id)
             where o.org_id = taken.org_id and o.id = taken.id returning relayed_at as "seenAt"`,
      values: [rows.map(({ org_id }) => org_id), rows.map(({ id }) => id)],
    })
    const seenAt = new Date(Math.max(...marked.map((row) => row.seenAt.getTime())))
    // The rows are locked meanwhile. What is enqueued too late is enqueued once more, under the same id.
    await enqueue(
      rows.map((row) => ({ ...row, seenAt })),
      intakeOf,
    )
    turn.after = rows.at(-1)?.org_id ?? nobody
    return rows.length
  })
}

// Walks from one organisation that has rows waiting to the next by the index alone, and takes of each its oldest.
const waitingInTurn = `
  with recursive later (org_id) as (
    (select org_id from outbox where relayed_at is null and org_id > $2::uuid order by org_id limit 1)
    union all
    select (select o.org_id from outbox o where o.relayed_at is null and o.org_id > l.org_id order by o.org_id limit 1)
    from later l where l.org_id is not null
  ), earlier (org_id) as (
    (select org_id from outbox where relayed_at is null and org_id <= $2::uuid order by org_id limit 1)
    union all
    select (
      select o.org_id from outbox o
      where o.relayed_at is null and o.org_id > e.org_id and o.org_id <= $2::uuid order by o.org_id limit 1
    ) from earlier e where e.org_id is not null
  ), tenants as materialized (
    select org_id, count(*) over () as many from (
      select org_id from later where org_id is not null
      union all
      select org_id from earlier where org_id is not null
      limit $1::int
    ) as waiting
  )
  select o.id, o.org_id, o.topic, o.payload from tenants t cross join lateral (
    select id, org_id, topic, payload from outbox
    where org_id = t.org_id and relayed_at is null
    order by id limit greatest(1, $1::int / t.many) for update skip locked
  ) o`

type Waiting = { id: string; org_id: string; topic: string; payload: unknown; seenAt: Date }

async function enqueue(rows: readonly Waiting[], intakeOf: IntakeOf): Promise<void> {
  const jobs = rows.map(({ id, org_id, topic, payload, seenAt }) => ({
    name: topic,
    data: { id, orgId: org_id, topic, payload, seenAt: seenAt.toISOString() },
    opts: { jobId: id },
  }))
  const byIntake = [...Map.groupBy(jobs, ({ name }) => intakeOf(name))]
  const added = byIntake.map(([intake, its]) => intake.addBulk(its))
  await within(enqueuedWithinMs, Promise.all(added))
}

/** So long a reading may be under way before it is asked for once more. Seconds. */
const readingSeconds = 20
/** Any other job, which is not looked for where it waits behind others. Seconds. */
const unsettledSeconds = 60
const againAtOnce = 1_000
const pagesEach = 10

/** How far a walk over all that waits has come; null at its beginning. What one round leaves the next one goes on with. */
export type Walk<Place> = { after: Place | null }

/**
 * Whatever wants a customer read is enqueued again where no reading that began after it was relayed was written: a
 * Redis that lost its memory lost the job. Where it is there still, the same id changes nothing. What is a day old the
 * nightly sweep has seen to.
 * @param seconds how long ago it was relayed at least
 * @param walk is moved on, by organisation
 * @returns how many were waiting, of those that this round came to
 */
export async function relayAgain(
  pool: pg.Pool,
  intakeOf: IntakeOf,
  seconds: number = readingSeconds,
  walk: Walk<string> = { after: null },
): Promise<number> {
  const values = [seconds, againAtOnce, walk.after ?? nobody]
  const { rows } = await pool.query<Waiting>(unreadSince, values)
  if (rows.length > 0) await enqueue(rows, intakeOf)
  walk.after = rows.length < againAtOnce ? null : (rows.at(-1)?.org_id ?? null)
  return rows.length
}

// The latest of each organisation: a reading that knows of it knows of those before it. Where Stripe refused what follows
// of one, the job that was told first tries again.
const unreadSince = `
  select distinct on (o.org_id) o.id, o.org_id, o.topic, o.payload, o.relayed_at as "seenAt"
  from outbox o join billing_customers c on c.org_id = o.org_id
  where o.topic = 'billing.sync' and o.org_id > $3::uuid
    and o.relayed_at between now() - interval '1 day' and now() - make_interval(secs => $1)
    and o.relayed_at >= coalesce(c.written_began_at, '-infinity')
    and (o.relayed_at < c.read_began_at and c.retried_at > now() - interval '${retrySeconds} seconds') is not true
  order by o.org_id, o.relayed_at desc limit $2`

/** How a queue knows the job of a row: as it is in BullMQ, or `unknown` where Redis has none. */
export type StateOf = (topic: string, id: string) => Promise<string>

/** A row of the outbox, in the order in which rows were relayed. The moment is Postgres' own text of it, to the microsecond. */
export type Relayed = { moment: string; org_id: string; id: string }

/**
 * Enqueues again every other job that has not ended a while after it was relayed, where Redis has none: it lost its
 * memory. Where Redis knows that it ended, whoever worked on it did not get to saying so, and it is said now. What
 * Redis has is passed: a round asks for ten thousand jobs at most, and the next one goes on behind them.
 * @param seconds how long ago it was relayed at least
 * @param walk is moved on; at its end it begins anew
 * @returns how many were enqueued again
 */
export async function relayUnsettled(
  pool: pg.Pool,
  intakeOf: IntakeOf,
  stateOf: StateOf,
  seconds: number = unsettledSeconds,
  walk: Walk<Relayed> = { after: null },
): Promise<number> {
  let again = 0
  for (let page = 0; page < pagesEach; page++) {
    const { moment = '-infinity', org_id = nobody, id = nobody } = walk.after ?? {}
    const values = [seconds, againAtOnce, moment, org_id, id]
    const { rows } = await pool.query<Waiting & Relayed>(unsettledSince, values)
    again += await relayLost(pool, rows, intakeOf, stateOf)
    walk.after = rows.length < againAtOnce ? null : (rows.at(-1) ?? null)
    if (walk.after === null) break
  }
  return again
}

async function relayLost(
  pool: pg.Pool,
  rows: readonly Waiting[],
  intakeOf: IntakeOf,
  stateOf: StateOf,
): Promise<number> {
  const states = await within(enqueuedWithinMs, Promise.all(rows.map(({ topic, id }) => stateOf(topic, id))))
  const ended = rows.filter((_, n) => states[n] === 'completed' || states[n] === 'failed')
  if (ended.length > 0)
    await settle(
      pool,
      ended.map(({ org_id, id }) => ({ orgId: org_id, id })),
    )
  const lost = rows.filter((_, n) => states[n] === 'unknown')
  if (lost.length > 0) await enqueue(lost, intakeOf)
  return lost.length
}

// A mail of a day ago nobody waits for any more: its link is good no longer, or others have written since.
const unsettledSince = `
  select id, org_id, topic, payload, relayed_at as "seenAt", relayed_at::text as moment from outbox
  where settled_at is null and relayed_at is not null and relayed_at < now() - make_interval(secs => $1)
    and topic <> 'billing.sync' and (topic <> 'mail' or relayed_at > now() - interval '1 day')
    and (relayed_at, org_id, id) > ($3::timestamptz, $4::uuid, $5::uuid)
  order by relayed_at, org_id, id limit $2`

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

/**
 * Of each topic with jobs that were relayed and have not ended, how long ago the oldest one was. Seconds. Not of
 * readings of customers: one of them ends many (`oldestEvent`).
 */
export async function oldestUnsettled(pool: pg.Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ topic: string; seconds: number }>(
    `select topic, extract(epoch from now() - min(relayed_at))::float8 as seconds from outbox
     where settled_at is null and relayed_at > now() - interval '1 day' and topic <> 'billing.sync' group by topic`,
  )
  return new Map(rows.map(({ topic, seconds }) => [topic, Math.max(0, seconds)]))
}

/** Rows that were relayed long ago have done their work, keys of a day ago are sent no more, and links are good no more. */
export async function prune(pool: pg.Pool): Promise<number> {
  const outbox = await pool.query("delete from outbox where relayed_at < now() - interval '7 days'")
  const keys = await pool.query("delete from idempotency where created_at < now() - interval '24 hours'")
  const links = await pool.query("delete from verification_tokens where expires < now() - interval '1 day'")
  return (outbox.rowCount ?? 0) + (keys.rowCount ?? 0) + (links.rowCount ?? 0)
}
