import { orgId } from '@worklane/data/ids.ts'
import { z } from 'zod'
import { work } from '../runtime.ts'
import { Announcement } from './announce.ts'

export const OutboxJob = z.object({
  id: z.uuid(),
  orgId: z.string(),
  topic: z.string(),
  payload: z.unknown(),
})
export type OutboxJob = z.infer<typeof OutboxJob>

/** Turns an announcement into an entry of the activity feed, once, however often it is called with it. */
export async function recordActivity(job: OutboxJob): Promise<void> {
  const tenant = orgId(job.orgId)
  const announced = Announcement.parse(job.payload)
  await work({ orgId: tenant }).read((db) =>
    db.activity.createMany({
      data: [{ ...announced, orgId: tenant, outboxId: job.id }],
      skipDuplicates: true,
    }),
  )
}
