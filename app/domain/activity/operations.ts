import { z } from 'zod'
import { operation } from '../operation.ts'
import { pageOf, pageOfItems, pageSize, TimeCursor, timeAndId, timeCursorOf } from '../paging.ts'
import { work } from '../runtime.ts'
import { Id, Person } from '../tasks/shapes.ts'
import { ActivityKind } from './announce.ts'

export const ActivityItem = z
  .object({
    id: Id,
    taskId: Id,
    taskKey: z.string(),
    taskTitle: z.string(),
    kind: ActivityKind,
    actor: Person.nullable(),
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
    const rows = await work(actor).read((db) =>
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
  actor: { select: { id: true, name: true } },
  detail: true,
  at: true,
} as const

export const activityOf = ({ at, ...row }: Omit<ActivityItem, 'at'> & { at: Date }): ActivityItem => ({
  ...row,
  at: at.toISOString(),
})
