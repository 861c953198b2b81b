import { keptDays } from '@worklane/domain/webhooks/deliveries.ts'
import { deliveryTopic, lostAfterSeconds } from '@worklane/domain/webhooks/job.ts'
import type pg from 'pg'

/** So many at once; what is beyond it is due a moment later as well. */
const batch = 1_000

/**
 * Writes the job of every try that is due. When each is due stands in Postgres: a Redis that loses its memory loses none.
 * @param pool as `worklane_relay`
 * @returns how many there were
 */
export async function askForDue(pool: pg.Pool): Promise<number> {
  let asked = 0
  for (;;) {
    const { rowCount } = await pool.query({ name: 'ask_for_due_webhooks', text: askDue, values: [batch] })
    asked += rowCount ?? 0
    if ((rowCount ?? 0) < batch) return asked
  }
}

// Two workers share them: each skips what the other one holds.
const askDue = `
  with due as (
    select org_id, id from webhook_deliveries where state = 'waiting' and ask_at <= now()
    order by ask_at limit $1 for update skip locked
  ), asked as (
    update webhook_deliveries d set ask_at = now() + interval '${lostAfterSeconds} seconds'
    from due where d.org_id = due.org_id and d.id = due.id
    returning d.org_id, d.id, d.attempts
  )
  insert into outbox (org_id, topic, payload)
  select org_id, '${deliveryTopic}', jsonb_build_object('deliveryId', id, 'attempt', attempts) from asked`

/** Removes what was sent long ago, with its deliveries and their tries. @returns how many events */
export async function pruneWebhooks(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from webhook_events where created_at < now() - interval '${keptDays} days'`,
  )
  return rowCount ?? 0
}
