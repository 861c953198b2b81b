import { z } from 'zod'
import { operation } from '../operation.ts'
import { pageOf, pageOfItems, pageSize, TimeCursor, timeAndId, timeCursorOf } from '../paging.ts'
import { personColumns, personOf } from '../pictures/links.ts'
import { tenantDb } from '../runtime.ts'
import { Id, ShownPerson } from '../tasks/shapes.ts'
import { ActivityKind } from './announce.ts'

export const ActivityItem = z
  .object({
    id: Id,
    taskId: Id,
    taskKey: z.string(),
    taskTitle: z.string(),
    kind: ActivityKind,
    actor: ShownPerson.nullable(),
    detail: z.string(),
    at: z.iso.datetime(),
  })
  .meta({ id: 'ActivityItem' })
export type ActivityItem = z.infer<typeof ActivityItem>

export const listActivity = operation({
  name: 'task.activity',
  rest: 'GET /v1/tasks/:taskId/activity',
  summary: 'What happened to a task, newest first',
  allow: 'viewer',
  input: z.strictObject({ taskId: Id, cursor: TimeCursor, limit: pageSize }),
  output: pageOfItems(ActivityItem),
  async run(actor, { taskId, cursor, limit }) {
    const rows = await tenantDb(actor).read((db) =>
      db.activity.findMany({
        relationLoadStrategy: 'join',
        where: { taskId, ...(cursor ? { OR: after(cursor) } : {}) },
        orderBy: [{ at: 'desc' }, { id: 'desc' }],
        take: limit + 1,
        select: activityColumns,
      }),
    )
    return pageOf(rows, limit, activityOf, ({ at, id }) => timeCursorOf(at, id))
  },
})

function after(cursor: string) {
  const { at, id } = timeAndId(cursor)
  return [{ at: { lt: at } }, { at, id: { lt: id } }]
}

export const activityColumns = {
  id: true,
  taskId: true,
  taskKey: true,
  taskTitle: true,
  kind: true,
  actor: personColumns,
  detail: true,
  at: true,
} as const

export const activityOf = ({ actor, at, ...row }: Omit<ActivityItem, 'at'> & { at: Date }): ActivityItem => ({
  ...row,
  actor: actor && personOf(actor),
  at: at.toISOString(),
})
