import { orgId } from '@worklane/data/ids.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { Plan } from '@worklane/domain/actor.ts'
import { plans } from '@worklane/domain/billing/plans.ts'
import { tenantDb } from '@worklane/domain/runtime.ts'
import { Happened } from '@worklane/domain/webhooks/events.ts'
import { deliveryTopic, lostAfterSeconds } from '@worklane/domain/webhooks/job.ts'

/** Of what is longer than this no receiver could be sure to take it; the longest task is half of it. Bytes. */
export const longestBody = 128 * 1024

/**
 * Gives each endpoint that wants to be told of an event its delivery, and each delivery the job of its first try, in one
 * statement: once, however often it is called with the job.
 */
export async function fanOut(job: OutboxJob): Promise<void> {
  const tenant = orgId(job.orgId)
  const happened = Happened.parse(job.payload)
  const body = JSON.stringify(happened)
  if (Buffer.byteLength(body) > longestBody)
    throw new Error(
      `an event ${happened.type} has ${Buffer.byteLength(body)} bytes, and ${longestBody} at most are sent`,
    )
  await tenantDb({ orgId: tenant }).read((db) =>
    db.$executeRawUnsafe(insertDeliveries, tenant, job.id, happened.type, body, withWebhooks),
  )
}

const withWebhooks = Plan.options.filter((plan) => plans[plan].features.webhooks)

const insertDeliveries = `
  with event as (
    insert into webhook_events (org_id, id, type, body)
    select o.id, $2::uuid, $3::text, $4::text from organisations o
    where o.id = $1::uuid and o.plan::text = any($5::text[])
    on conflict do nothing returning org_id, id, type
  ), deliveries as (
    insert into webhook_deliveries (org_id, event_id, endpoint_id, next_at, ask_at)
    select event.org_id, event.id, w.id, now(), now() + interval '${lostAfterSeconds} seconds'
    from event join webhook_endpoints w
      on w.org_id = event.org_id and w.disabled_at is null and event.type = any(w.events)
    returning org_id, id
  )
  insert into outbox (org_id, topic, payload)
  select org_id, '${deliveryTopic}', jsonb_build_object('deliveryId', id, 'attempt', 0) from deliveries`
