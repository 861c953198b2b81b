import { orgId } from '@worklane/data/ids.ts'
import { z } from 'zod'
import type { OutboxJob } from '../activity/record.ts'
import { forgetTags } from '../cache.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'

export const notificationTopic = 'notification'

const Told = z.object({
  userId: z.uuid(),
  kind: z.enum(['joined', 'exported', 'imported']),
  /** Nobody, where Worklane itself has something to tell. */
  actorId: z.uuid().nullable(),
  excerpt: z.string().default(''),
})
export type Told = z.input<typeof Told>

/** Tells one person of something that is about no task, once, however often it is called with the job. */
export async function notify(job: OutboxJob): Promise<void> {
  const tenant = orgId(job.orgId)
  const { userId, kind, actorId, excerpt } = Told.parse(job.payload)
  await tenantDb({ orgId: tenant }).read(
    (db) => db.$executeRaw`
      insert into notifications (org_id, user_id, outbox_id, kind, actor_id, excerpt)
      select m.org_id, m.user_id, ${job.id}::uuid, ${kind}::notification_kind, ${actorId}::uuid,
        ${excerpt}
      from memberships m where m.org_id = ${tenant}::uuid and m.user_id = ${userId}::uuid
      on conflict (org_id, user_id, outbox_id) do nothing`,
  )
  await forgetTags({ orgId: tenant }, [tags.person(userId)])
}
