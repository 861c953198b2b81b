import type { Prisma } from '@worklane/data/generated/prisma/client.ts'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { dayIn } from '../calendar.ts'
import { notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { timeZoneOf } from '../organisations/time-zone.ts'
import { numberCursor, pageOf, pageSize, TimeCursor, timeAndId, timeCursorOf } from '../paging.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { summaryColumns, summaryOf, taskColumns, taskOf } from './rows.ts'
import { Id, Task, TaskPage, TaskPriority, TaskStatus } from './shapes.ts'

export const listTasks = operation({
  name: 'task.list',
  rest: 'GET /v1/projects/:projectId/tasks',
  summary: 'The tasks of a project, newest first, a page at a time',
  allow: 'viewer',
  input: z.strictObject({
    projectId: Id,
    status: TaskStatus.optional(),
    // Keyset paging: a page costs the same however deep.
    cursor: numberCursor(2 ** 31 - 1),
    limit: pageSize,
  }),
  output: TaskPage,
  async run(actor, { projectId, status, cursor, limit }) {
    const rows = await tenantDb(actor).read((db) =>
      db.task.findMany({
        relationLoadStrategy: 'join',
        where: {
          projectId,
          ...(status ? { status } : {}),
          ...(cursor ? { number: { lt: Number(cursor) } } : {}),
        },
        orderBy: { number: 'desc' },
        take: limit + 1,
        select: summaryColumns,
      }),
    )
    return pageOf(rows, limit, summaryOf, ({ number }) => String(number))
  },
})

/** What tasks can be looked for by; a saved filter keeps one of these. */
export const TaskQuery = z
  .strictObject({
    status: TaskStatus.optional(),
    /** `me` is the caller. */
    assigneeId: z.union([z.literal('me'), Id]).optional(),
    priority: TaskPriority.optional(),
    labelId: Id.optional(),
    projectId: Id.optional(),
    due: z.enum(['overdue', 'week']).optional(),
  })
  .meta({ id: 'TaskQuery' })
export type TaskQuery = z.infer<typeof TaskQuery>

export const findTasks = operation({
  name: 'task.find',
  rest: 'GET /v1/tasks',
  summary:
    'Tasks of all projects by status, person, priority, label, project or due date; latest change first',
  allow: 'viewer',
  input: z.strictObject({ ...TaskQuery.shape, cursor: TimeCursor, limit: pageSize }),
  output: TaskPage,
  async run(actor, { cursor, limit, ...query }) {
    const where: Prisma.TaskWhereInput = {
      ...tasksWhere(query, actor.userId, query.due ? await todayOf(actor) : new Date()),
      ...(cursor ? { OR: changedBefore(cursor) } : {}),
    }
    const rows = await tenantDb(actor).read((db) =>
      db.task.findMany({
        relationLoadStrategy: 'join',
        where,
        orderBy: [{ updatedAt: 'desc' }, { id: 'desc' }],
        take: limit + 1,
        select: summaryColumns,
      }),
    )
    return pageOf(rows, limit, summaryOf, ({ updatedAt, id }) => timeCursorOf(updatedAt, id))
  },
})

/**
 * What a query means. @param me who asks
 * @param today the day that it is in their organisation; only a query for what is due needs it
 */
export function tasksWhere(
  { labelId, assigneeId, due, ...equal }: TaskQuery,
  me: string | null,
  today: Date,
): Prisma.TaskWhereInput {
  return {
    ...equal,
    ...(assigneeId ? { assigneeId: assigneeId === 'me' ? me : assigneeId } : {}),
    ...(labelId ? { labels: { some: { labelId } } } : {}),
    ...(due ? { dueOn: dueWithin(due, today), NOT: { status: 'done' } } : {}),
  }
}

function changedBefore(cursor: string): Prisma.TaskWhereInput[] {
  const { at, id } = timeAndId(cursor)
  return [{ updatedAt: { lt: at } }, { updatedAt: at, id: { lt: id } }]
}

/** The beginning, in UTC, of the day that it is in the actor's organisation: as Prisma has a day. */
const todayOf = async (actor: Actor) => new Date(dayIn(await timeZoneOf(actor), new Date()))

function dueWithin(due: 'overdue' | 'week', today: Date): Prisma.DateTimeFilter {
  if (due === 'overdue') return { lt: today }
  return { gte: today, lte: new Date(today.getTime() + 7 * 86_400_000) }
}

export const getTask = operation({
  name: 'task.get',
  rest: 'GET /v1/tasks/:taskId',
  summary: 'One task',
  allow: 'viewer',
  input: z.strictObject({ taskId: Id }),
  output: Task,
  cache: { tags: (_, { taskId }) => [tags.task(taskId), tags.work], shared: true, seconds: 60 },
  async run(actor, { taskId }) {
    const row = await tenantDb(actor).read((db) =>
      db.task.findFirst({ relationLoadStrategy: 'join', where: { id: taskId }, select: taskColumns }),
    )
    if (!row) throw notFound('task')
    return taskOf(row)
  },
})
