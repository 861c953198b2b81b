import { orgId } from '@worklane/data/ids.ts'
import { z } from 'zod'
import { forgetTags } from '../cache.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { Announcement } from './announce.ts'

export const OutboxJob = z.object({
  id: z.uuid(),
  orgId: z.string(),
  topic: z.string(),
  payload: z.unknown(),
  /** When the relay saw it, by the database's clock: whatever was written with it can be seen since. */
  seenAt: z.iso.datetime().optional(),
})
export type OutboxJob = z.infer<typeof OutboxJob>

/**
 * Turns an announcement into an entry of the activity feed and notifications, once, however often it is called
 * with it.
 */
export async function recordActivity(job: OutboxJob): Promise<void> {
  const tenant = orgId(job.orgId)
  const { notify, ...announced } = Announcement.parse(job.payload)
  await tenantDb({ orgId: tenant }).transaction(async (tx) => {
    await tx.activity.createMany({
      data: [{ ...announced, orgId: tenant, outboxId: job.id }],
      skipDuplicates: true,
    })
    if (notify.length === 0) return
    // Who left, or a task that is gone, since: there is nobody or nothing to tell any more.
    await tx.$executeRaw`
      insert into notifications (org_id, user_id, outbox_id, kind, actor_id, task_id, excerpt, created_at)
      select m.org_id, m.user_id, ${job.id}::uuid, n.kind::notification_kind, ${announced.actorId}::uuid,
        t.id, ${announced.detail}, ${announced.at}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(notify)}::jsonb) as n ("userId" uuid, kind text)
      join memberships m on m.org_id = ${tenant}::uuid and m.user_id = n."userId"
      join tasks t on t.org_id = m.org_id and t.id = ${announced.taskId}::uuid
      on conflict (org_id, user_id, outbox_id) do nothing`
  })
  await forgetTags({ orgId: tenant }, [tags.tasks, ...notify.map(({ userId }) => tags.person(userId))])
}
