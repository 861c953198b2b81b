import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { converge } from '@worklane/domain/billing/converge.ts'
import { stripe } from '@worklane/domain/billing/stripe.ts'
import { usageTopic } from '@worklane/domain/billing/usage-told.ts'
import { DelayedError, Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type pg from 'pg'
import { bornAt } from './relay.ts'
import { type OnDifference, usageJob } from './usage.ts'

export const billingQueueName = 'billing'

/**
 * Readings at the same time, of each worker process. One asks Stripe some four times in turn, at a tenth of a second or
 * more: twenty requests a second at most, of the 100 that Stripe takes (25 of a sandbox of its own). What needs no
 * reading waits for nobody.
 */
const readingsAtOnce = 2
/** An outage of Stripe is waited for so long, a minute at most between two tries; then the nightly sweep sees to it. */
const attempts = 250
const longestBackoffMs = 60_000
/** Somebody else reads the same customer, which takes about as long. */
const busyMs = 400

export const billingQueue = (connection: Redis): Queue<OutboxJob> =>
  new Queue(billingQueueName, {
    connection,
    defaultJobOptions: {
      attempts,
      backoff: { type: 'capped' },
      removeOnComplete: { age: 3600, count: 10_000 },
      removeOnFail: { age: 30 * 86_400 },
    },
  })

/**
 * Brings what we hold of a customer's billing up to what Stripe says, for each job that says "look", and tells it what
 * was used.
 * @param onDifference hears of books of usage that do not agree
 */
export function billingWorker(connection: Redis, onDifference: OnDifference): Worker<OutboxJob> {
  return new Worker<OutboxJob>(
    billingQueueName,
    async (job, token) => {
      const client = stripe()
      // The key was taken away since: nothing is lost, the sweep comes when it is back.
      if (!client) return
      if (job.data.topic === usageTopic) return usageJob(client, job.data, onDifference)
      const outcome = await converge(client, job.data.orgId, new Date(bornAt(job.data.id)))
      if (outcome !== 'busy') return
      await job.moveToDelayed(Date.now() + busyMs, token)
      throw new DelayedError()
    },
    {
      connection,
      concurrency: readingsAtOnce,
      settings: { backoffStrategy },
    },
  )
}

/** Doubles from a second up to a minute, a half of it by chance, so that not all come back at once. */
export const backoffStrategy = (made: number): number =>
  Math.min(1_000 * 2 ** (made - 1), longestBackoffMs) * (0.5 + Math.random() / 2)

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

/** Looks at the customers of whom there is something to write though Stripe tells nothing. @returns how many there are */
export async function lookAtDue(intake: pg.Pool): Promise<number> {
  const { rowCount } = await intake.query(
    `with due as (update billing_customers set look_at = null where look_at <= now() returning org_id)
     insert into outbox (org_id, topic, payload) select org_id, 'billing.sync', '{}' from due`,
  )
  return rowCount ?? 0
}
