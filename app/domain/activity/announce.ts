import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import type { Task } from '../tasks/shapes.ts'

export const ActivityKind = z.enum(['created', 'moved', 'updated', 'removed'])
export type ActivityKind = z.infer<typeof ActivityKind>

export const activityTopic = 'task.activity'

/** What the outbox carries from a write to the worker that records it. */
export const Announcement = z.object({
  taskId: z.string(),
  taskKey: z.string(),
  taskTitle: z.string(),
  kind: ActivityKind,
  actorId: z.string(),
  detail: z.string(),
  at: z.string(),
})

/** Leaves an outbox row in the write's own transaction: the effect happens if and only if the write did. */
export async function announce(
  tx: Transaction,
  actor: Actor,
  kind: ActivityKind,
  task: { id: string; number: number; title: string; project: Pick<Task['project'], 'key'> },
  detail: string,
): Promise<void> {
  const payload: z.infer<typeof Announcement> = {
    taskId: task.id,
    taskKey: `${task.project.key}-${task.number}`,
    taskTitle: task.title,
    kind,
    actorId: actor.userId,
    detail,
    at: new Date().toISOString(),
  }
  // createMany returns no rows: one statement and nothing to read back.
  await tx.outbox.createMany({ data: [{ orgId: actor.orgId, topic: activityTopic, payload }] })
}
