import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { enqueue } from '../effects.ts'
import type { Task } from '../tasks/shapes.ts'

export const ActivityKind = z.enum(['created', 'moved', 'updated', 'removed', 'commented'])
export type ActivityKind = z.infer<typeof ActivityKind>

export const NotificationKind = z.enum([
  ...(['assigned', 'mentioned', 'commented', 'joined'] as const),
  ...(['exported', 'imported'] as const),
])
export type NotificationKind = z.infer<typeof NotificationKind>

export const activityTopic = 'task.activity'

const Notified = z.object({ userId: z.string(), kind: NotificationKind })
export type Notified = z.infer<typeof Notified>

/** What the outbox carries from a write to the worker that records it and tells those whom it concerns. */
export const Announcement = z.object({
  taskId: z.string(),
  taskKey: z.string(),
  taskTitle: z.string(),
  kind: ActivityKind,
  actorId: z.string(),
  detail: z.string(),
  at: z.string(),
  notify: z.array(Notified).default([]),
})

/** Leaves an outbox row in the write's own transaction: the effect happens if and only if the write did. */
export function announce(
  actor: Actor,
  kind: ActivityKind,
  task: Pick<Task, 'id' | 'key' | 'title'>,
  detail: string,
  notify: Notified[] = [],
): void {
  const payload: z.infer<typeof Announcement> = {
    ...{ taskId: task.id, taskKey: task.key, taskTitle: task.title },
    ...{ kind, detail, notify, actorId: actor.userId, at: new Date().toISOString() },
  }
  enqueue(actor, activityTopic, payload)
}
