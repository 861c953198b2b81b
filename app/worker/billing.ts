import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { converge, type Hears } from '@worklane/domain/billing/converge.ts'
import { stripe } from '@worklane/domain/billing/stripe.ts'
import { runtime } from '@worklane/domain/runtime.ts'
import type pg from 'pg'
import { z } from 'zod'
import { type Effect, NotNow } from './queue.ts'
import { bornAt } from './relay.ts'

/** Somebody else reads the same customer, which takes about as long. */
const busyMs = 400

/**
 * Brings what we hold of a customer's billing up to what Stripe says, for each job that says "look".
 * @param hears is told what keeps no reading from being written
 */
export const readingCustomers =
  (hears: Hears): Effect =>
  async ({ id, orgId, seenAt }) => {
    const client = stripe()
    // The key was taken away since: nothing is lost, the sweep comes when it is back.
    if (!client) return
    const outcome = await converge(client, orgId, new Date(seenAt ?? bornAt(id)), new Date(), hears)
    if (outcome === 'busy') throw new NotNow(busyMs)
    const { env, intake } = runtime()
    if (env.INTAKE_DATABASE_URL) await recordRead(intake, orgId)
  }

const FromWebhook = z.object({ deliveredAt: z.number() })

/** When Stripe delivered what a job comes of, epoch milliseconds; null of one that no webhook began. */
export function webhookDeliveredAt({ payload }: Pick<OutboxJob, 'payload'>): number | null {
  const told = FromWebhook.safeParse(payload)
  return told.success ? told.data.deliveredAt : null
}

/** Ends at Stripe the customers whose organisation is gone, with whatever they subscribed to. @returns how many */
export async function endCustomers(
  client: NonNullable<ReturnType<typeof stripe>>,
  intake: pg.Pool,
): Promise<number> {
  const { rows } = await intake.query<{ id: string }>('select stripe_id as id from ended_customers limit 100')
  for (const { id } of rows) {
    await client.customers.del(id).catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'resource_missing') throw error
    })
    await intake.query('delete from ended_customers where stripe_id = $1', [id])
  }
  return rows.length
}

/**
 * Marks the events whose effect is there: a reading of their customer that began after they came was written. Events of
 * customers that are no more have none.
 * @param organisation whose events; all unless given, for where a worker ended between the reading and this
 * @returns how many
 */
export async function recordRead(intake: pg.Pool, organisation?: string): Promise<number> {
  const { rowCount } = await intake.query({
    name: organisation === undefined ? 'record_all' : 'record_read',
    text: organisation === undefined ? recordAll : recordOne,
    values: organisation === undefined ? [] : [organisation],
  })
  return rowCount ?? 0
}

// What came in the same millisecond may have come after it.
const isRead = "e.received_at < date_trunc('milliseconds', c.written_began_at)"
const recordOne = `
  update stripe_events e set processed_at = now() from billing_customers c
  where e.processed_at is null and e.customer = c.stripe_id and c.org_id = $1 and ${isRead}`
const recordAll = `
  update stripe_events e set processed_at = now()
  where e.processed_at is null
    and not exists (select from billing_customers c where c.stripe_id = e.customer and not coalesce(${isRead}, false))`

/** How long the oldest event waits for its effect; 0 when none does. Seconds. */
export async function oldestEvent(intake: pg.Pool): Promise<number> {
  const { rows } = await intake.query<{ seconds: number }>(
    `select coalesce(extract(epoch from clock_timestamp() - min(received_at)), 0)::float8 as seconds
     from stripe_events where processed_at is null`,
  )
  return Math.max(0, rows[0]?.seconds ?? 0)
}

/**
 * Looks at every customer: whatever Stripe could not tell us is found here. Events of a quarter ago have told what they
 * had to. @returns how many customers there are
 */
export async function sweep(intake: pg.Pool): Promise<number> {
  await intake.query("delete from stripe_events where received_at < now() - interval '90 days'")
  const { rowCount } = await intake.query(
    `insert into outbox (org_id, topic, payload) select org_id, 'billing.sync', '{}' from billing_customers`,
  )
  return rowCount ?? 0
}

/**
 * Looks at the customers of whom there is something to do though Stripe tells nothing: to write to them, or to see what
 * came of a change of their subscription that died in the middle.
 * @returns how many there are
 */
export async function lookAtDue(intake: pg.Pool): Promise<number> {
  const { rowCount } = await intake.query(
    `with due as (
       update billing_customers set look_at = case when look_at > now() then look_at end,
         changing_until = case when changing_until > now() then changing_until end
       where look_at <= now() or changing_until <= now() returning org_id)
     insert into outbox (org_id, topic, payload) select org_id, 'billing.sync', '{}' from due`,
  )
  return rowCount ?? 0
}
