import type { OrgId } from '@worklane/data/ids.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import { writtenAdmins } from '@worklane/domain/mail/admins.ts'
import { type Mail, mailTopic } from '@worklane/domain/mail/mail.ts'
import { runtime, tenantDb } from '@worklane/domain/runtime.ts'
import { stopWaiting } from '@worklane/domain/webhooks/endpoints.ts'
import type { Answer } from './post.ts'
import { failingDays, pauseAfter } from './retries.ts'

export type Attempted = Answer & {
  deliveryId: string
  endpointId: string
  /** How many tries there were before. */
  attempt: number
  at: Date
  durationMs: number
}

/** The receiver says that it will never take anything again. */
const gone = 410

/**
 * Writes down what came of a try: its line in the log, when the next one is, and what it says of the endpoint. Once for
 * each try, whoever made it.
 */
export async function recordAttempt(owner: { orgId: OrgId }, attempted: Attempted): Promise<void> {
  const { deliveryId, endpointId, attempt, at, durationMs, status, error, response, askedPauseMs } = attempted
  const isDelivered = status !== null && status >= 200 && status < 300
  await tenantDb(owner).transaction(async (tx) => {
    // Before its deliveries, as whoever disables or removes it: nobody waits for each other.
    await tx.$queryRaw`
      select from webhook_endpoints where org_id = ${owner.orgId}::uuid and id = ${endpointId}::uuid for no key update`
    const [delivery] = await tx.$queryRaw<{ retries: number }[]>`
      select retries from webhook_deliveries
      where org_id = ${owner.orgId}::uuid and id = ${deliveryId}::uuid and state = 'waiting' and attempts = ${attempt}
      for update`
    // Another one was recorded meanwhile, or the endpoint was removed or disabled.
    if (!delivery) return
    await tx.$executeRaw`
      insert into webhook_attempts (org_id, delivery_id, number, at, duration_ms, status, error, response)
      values (${owner.orgId}::uuid, ${deliveryId}::uuid, ${attempt + 1}::int, ${at.toISOString()}::timestamptz,
        ${durationMs}::int, ${status}::int, ${error}, ${response})`
    const pause = isDelivered || status === gone ? null : pauseAfter(delivery.retries + 1, askedPauseMs)
    const next = pause === null ? null : new Date(at.getTime() + durationMs + pause).toISOString()
    const state = isDelivered ? 'delivered' : next === null ? 'failed' : 'waiting'
    await tx.$executeRaw`
      update webhook_deliveries set state = ${state}, attempts = attempts + 1, retries = retries + 1,
        last_at = ${at.toISOString()}::timestamptz, last_status = ${status}::int, last_error = ${error},
        next_at = ${next}::timestamptz, ask_at = ${next}::timestamptz
      where org_id = ${owner.orgId}::uuid and id = ${deliveryId}::uuid`
    if (isDelivered) await works(tx, endpointId)
    else await fails(tx, owner, endpointId, status === gone)
  })
}

const works = (tx: Transaction, endpointId: string) =>
  tx.$executeRaw`
    update webhook_endpoints set failing_since = null
    where org_id = (select current_org_id()) and id = ${endpointId}::uuid and failing_since is not null`

/** Notes since when nothing arrives, and disables the endpoint where that is long ago, or where it is gone. */
async function fails(
  tx: Transaction,
  owner: { orgId: OrgId },
  endpointId: string,
  isGone: boolean,
): Promise<void> {
  await tx.$executeRaw`
    update webhook_endpoints set failing_since = now()
    where org_id = (select current_org_id()) and id = ${endpointId}::uuid and failing_since is null`
  const because = isGone ? 'gone' : 'failing'
  const [disabled] = await tx.$queryRaw<{ url: string }[]>`
    update webhook_endpoints set disabled_at = now(), disabled_because = ${because}, updated_at = now()
    where org_id = (select current_org_id()) and id = ${endpointId}::uuid and disabled_at is null
      and (${isGone}::boolean or failing_since < now() - make_interval(days => ${failingDays}::int))
    returning url`
  if (!disabled) return
  await stopWaiting(tx, endpointId)
  const letter: Omit<Mail<'notice'>, 'to'> = {
    template: 'notice',
    data: {
      ...letters[because](new URL(disabled.url).host),
      link: `${runtime().env.ORIGIN}/settings/webhooks`,
    },
  }
  await tx.$executeRawUnsafe(tellAdmins, owner.orgId, mailTopic, JSON.stringify(letter), endpointId, because)
}

const letters = {
  gone: (host: string) => ({
    subject: 'A webhook of yours is disabled',
    text: `${host} answered that it is gone (410), and so we send it nothing any more. Where that was a mistake, enable the webhook again in the settings, under Webhooks. What was missed can be sent again from its log.`,
  }),
  failing: (host: string) => ({
    subject: 'A webhook of yours is disabled',
    text: `Nothing that we sent to ${host} has arrived for ${failingDays} days, and so we have stopped trying. See in the settings, under Webhooks, what it answered, and enable the webhook again once it works. What was missed can be sent again from its log.`,
  }),
}

/** A mail to each of those who can enable it again and have proved their address, and an entry in the log of the organisation. */
const tellAdmins = `
  with entry as (
    insert into audit_log (org_id, operation, target, before, after)
    values ($1::uuid, 'webhook.disable', 'webhook ' || $4::text, '{"enabled": true}',
      jsonb_build_object('enabled', false, 'disabledBecause', $5::text))
  )
  insert into outbox (org_id, topic, payload)
  select $1::uuid, $2, $3::jsonb || jsonb_build_object('to', u.email)
  from ${writtenAdmins}`
