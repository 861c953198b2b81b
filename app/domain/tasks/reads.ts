import { z } from 'zod'
import { notFound, Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { work } from '../runtime.ts'
import { summaryColumns, summaryOf, taskColumns, taskOf } from './rows.ts'
import { Id, Task, TaskPage, TaskStatus } from './shapes.ts'

export const pageSize = z.number().int().min(1).max(100).default(50)

export const listTasks = operation({
  name: 'task.list',
  rest: 'GET /v1/projects/:projectId/tasks',
  summary: 'The tasks of a project, newest first, a page at a time',
  allow: 'viewer',
  input: z.strictObject({
    projectId: Id,
    status: TaskStatus.optional(),
    cursor: z.string().optional(),
    limit: pageSize,
  }),
  output: TaskPage,
  async run(actor, { projectId, status, cursor, limit }) {
    const before = cursor === undefined ? undefined : numberOf(cursor)
    const rows = await work(actor).read((db) =>
      db.task.findMany({
        relationLoadStrategy: 'join',
        where: { projectId, ...(status ? { status } : {}), ...(before ? { number: { lt: before } } : {}) },
        orderBy: { number: 'desc' },
        take: limit + 1,
        select: summaryColumns,
      }),
    )
    const last = rows.length > limit ? rows[limit - 1] : undefined
    return { items: rows.slice(0, limit).map(summaryOf), nextCursor: last ? String(last.number) : null }
  },
})

/** Keyset paging: the cursor is the number of the last task seen, so that a page costs the same however deep. */
function numberOf(cursor: string): number {
  const number = Number(cursor)
  if (Number.isInteger(number) && number > 0 && number < 2 ** 31) return number
  const message = 'must be the nextCursor of an earlier page'
  throw new Problem('invalid', `cursor: ${message}`, [{ path: 'cursor', message }])
}

export const getTask = operation({
  name: 'task.get',
  rest: 'GET /v1/tasks/:taskId',
  summary: 'One task',
  allow: 'viewer',
  input: z.strictObject({ taskId: Id }),
  output: Task,
  async run(actor, { taskId }) {
    const row = await work(actor).read((db) =>
      db.task.findFirst({ relationLoadStrategy: 'join', where: { id: taskId }, select: taskColumns }),
    )
    if (!row) throw notFound('task')
    return taskOf(row)
  },
})
