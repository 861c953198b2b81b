import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { converge } from '@worklane/domain/billing/converge.ts'
import { stripe } from '@worklane/domain/billing/stripe.ts'
import { DelayedError, Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type pg from 'pg'
import { z } from 'zod'
import { bornAt } from './relay.ts'

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

/** Brings what we hold of a customer's billing up to what Stripe says, for each job that says "look". */
export function billingWorker(connection: Redis): Worker<OutboxJob> {
  return new Worker<OutboxJob>(
    billingQueueName,
    async (job, token) => {
      const client = stripe()
      // The key was taken away since: nothing is lost, the sweep comes when it is back.
      if (!client) return
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

const FromWebhook = z.object({ deliveredAt: z.number() })

/** When Stripe delivered what a job comes of, epoch milliseconds; null of one that no webhook began. */
export function webhookDeliveredAt({ payload }: Pick<OutboxJob, 'payload'>): number | null {
  const told = FromWebhook.safeParse(payload)
  return told.success ? told.data.deliveredAt : null
}

/** Of those that wait or are under way, how many are looked at: the first in each of their lists. */
const looked = 100

/** How long ago the oldest event was delivered that is not done with; 0 when none is. Milliseconds. */
export async function oldestWebhook(queue: Queue<OutboxJob>): Promise<number> {
  const jobs = await queue.getJobs(['active', 'waiting', 'delayed'], 0, looked - 1, true)
  // One that was done a moment ago is none any more.
  const delivered = jobs.flatMap((job) => (job ? (webhookDeliveredAt(job.data) ?? []) : []))
  return delivered.length > 0 ? Math.max(0, Date.now() - Math.min(...delivered)) : 0
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
