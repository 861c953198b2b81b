import { z } from 'zod'
import { operation } from '../operation.ts'
import { work } from '../runtime.ts'
import { pageSize } from '../tasks/reads.ts'
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

/** Time and id of the last entry seen: two entries can have the same time, and none may be lost between pages. */
const Cursor = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z_[0-9a-f-]{36}$/,
    'must be the nextCursor of an earlier page',
  )

function after(cursor: string) {
  const [at = '', id = ''] = cursor.split('_')
  return [{ at: { lt: new Date(at) } }, { at: new Date(at), id: { lt: id } }]
}

export const listActivity = operation({
  name: 'task.activity',
  rest: 'GET /v1/tasks/:taskId/activity',
  summary: 'What happened to a task, newest first',
  allow: 'viewer',
  input: z.strictObject({ taskId: Id, cursor: Cursor.optional(), limit: pageSize }),
  output: z.object({ items: z.array(ActivityItem), nextCursor: z.string().nullable() }),
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
    const last = rows.length > limit ? rows[limit - 1] : undefined
    return {
      items: rows.slice(0, limit).map(activityOf),
      nextCursor: last ? `${last.at.toISOString()}_${last.id}` : null,
    }
  },
})

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
