import { type OrgId, orgId } from '@worklane/data/ids.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { runtime, tenantDb } from '@worklane/domain/runtime.ts'
import { stopWaiting } from '@worklane/domain/webhooks/endpoints.ts'
import { messageId } from '@worklane/domain/webhooks/events.ts'
import { DeliveryJob } from '@worklane/domain/webhooks/job.ts'
import { openedSecret } from '@worklane/domain/webhooks/secret.ts'
import { Webhook } from 'standardwebhooks'
import { webhookAttempts } from '../metrics.ts'
import { type Answer, post } from './post.ts'
import { recordAttempt } from './record.ts'

/**
 * Makes one try of a delivery, and writes down what came of it. A worker that ends between the two, or meets itself,
 * sends it twice: the receiver knows it by its `webhook-id`. What was recorded is not sent again.
 */
export async function deliverWebhook(
  job: OutboxJob,
  signal: AbortSignal,
  send: typeof post = post,
): Promise<void> {
  const owner = { orgId: orgId(job.orgId) }
  const { deliveryId, attempt } = DeliveryJob.parse(job.payload)
  const delivery = await waitingDelivery(owner, deliveryId, attempt)
  if (!delivery) return
  if (delivery.isDisabled) {
    await tenantDb(owner).transaction((tx) => stopWaiting(tx, delivery.endpointId))
    return
  }
  const at = new Date()
  const began = performance.now()
  const answer = await send(signed(owner, delivery, at), signal, {
    allowPrivate: runtime().env.WEBHOOKS_ALLOW_PRIVATE,
  })
  const durationMs = Math.round(performance.now() - began)
  await recordAttempt(owner, {
    deliveryId,
    endpointId: delivery.endpointId,
    attempt,
    at,
    durationMs,
    ...answer,
  })
  webhookAttempts.inc({ outcome: outcomeOf(answer) })
}

type Waiting = {
  eventId: string
  endpointId: string
  url: string
  secret: string
  previousSecret: string | null
  isDisabled: boolean
  body: string
}

/** Null where it had its try already, or is not wanted any more. */
async function waitingDelivery(
  owner: { orgId: OrgId },
  deliveryId: string,
  attempt: number,
): Promise<Waiting | null> {
  const [found] = await tenantDb(owner).read(
    (db) => db.$queryRaw<Waiting[]>`
      select d.event_id as "eventId", w.id as "endpointId", w.url, w.secret, w.disabled_at is not null as "isDisabled",
        case when w.previous_until > now() then w.previous_secret end as "previousSecret", e.body
      from webhook_deliveries d
      join webhook_endpoints w on w.org_id = d.org_id and w.id = d.endpoint_id
      join webhook_events e on e.org_id = d.org_id and e.id = d.event_id
      where d.org_id = ${owner.orgId}::uuid and d.id = ${deliveryId}::uuid
        and d.state = 'waiting' and d.attempts = ${attempt}`,
  )
  return found ?? null
}

/** By Standard Webhooks: while a secret takes the place of another both sign. */
function signed(owner: { orgId: OrgId }, delivery: Waiting, at: Date) {
  const id = messageId(delivery.eventId)
  const secrets = [delivery.secret, delivery.previousSecret].filter((sealed) => sealed !== null)
  const signatures = secrets.map((sealed) =>
    new Webhook(openedSecret(owner, sealed)).sign(id, at, delivery.body),
  )
  return {
    url: delivery.url,
    headers: {
      'content-type': 'application/json',
      'user-agent': `Worklane-Webhooks/1 (+${runtime().env.ORIGIN}/docs#webhooks)`,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signatures.join(' '),
    },
    body: delivery.body,
  }
}

const outcomeOf = ({ status }: Answer) =>
  status === null ? 'unreached' : status >= 200 && status < 300 ? 'delivered' : 'refused'
