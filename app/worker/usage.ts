import { orgId } from '@worklane/data/ids.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import type { stripe } from '@worklane/domain/billing/stripe.ts'
import { type Difference, reconcile } from '@worklane/domain/billing/usage-reconciled.ts'
import { tellUsage } from '@worklane/domain/billing/usage-told.ts'
import type pg from 'pg'
import { z } from 'zod'

/** Hears which books of an organisation's usage do not agree. */
export type OnDifference = (orgId: string, differences: Difference[]) => void

const Payload = z.object({ reconcile: z.boolean().default(false) })

/** Tells Stripe what an organisation used; of a reconciliation, looks first whether all books say the same. */
export async function usageJob(
  client: NonNullable<ReturnType<typeof stripe>>,
  { orgId: organisation, payload }: OutboxJob,
  onDifference: OnDifference,
): Promise<void> {
  const actor = { orgId: orgId(organisation) }
  await tellUsage(client, actor)
  if (!Payload.parse(payload).reconcile) return
  const differences = await reconcile(client, actor)
  if (differences.length > 0) onDifference(organisation, differences)
}

/** Has the hours told that are over, or that Stripe is not known to have. @returns of how many organisations */
export async function sendUsage(intake: pg.Pool): Promise<number> {
  const { rowCount } = await intake.query(waiting)
  return rowCount ?? 0
}

// Bounded as what is told: of before it was a customer, or too old for Stripe, nothing is ever sent.
const waiting = `
  insert into outbox (org_id, topic, payload)
  select org_id, 'billing.usage', '{}' from (
    select org_id from usage_events where not rolled_up and hour < date_trunc('hour', now(), 'UTC')
    union
    select h.org_id from usage_hours h join billing_customers c on c.org_id = h.org_id
    where h.sent_at is null and h.hour > now() - interval '34 days'
      and h.hour >= date_trunc('hour', c.created_at, 'UTC')
  ) as organisations`

/** Has the books compared of whoever used something in the last days. @returns of how many organisations */
export async function reconcileUsage(intake: pg.Pool): Promise<number> {
  const { rowCount } = await intake.query(
    `insert into outbox (org_id, topic, payload)
     select distinct org_id, 'billing.usage', '{"reconcile": true}'::jsonb from usage_months
     where month >= date_trunc('month', (now() - interval '2 days') at time zone 'UTC')`,
  )
  return rowCount ?? 0
}
