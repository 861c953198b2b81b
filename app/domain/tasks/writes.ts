import type { Prisma } from '@worklane/data/generated/prisma/client.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import { announce } from '../activity/announce.ts'
import type { Actor } from '../actor.ts'
import { notFound, Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { work } from '../runtime.ts'
import { taskColumns, taskOf } from './rows.ts'
import { Day, Id, Task, TaskPriority, TaskStatus } from './shapes.ts'

const title = z.string().trim().min(1, 'must not be empty').max(200)
const fields = {
  description: z.string().max(10_000),
  priority: TaskPriority,
  assigneeId: Id.nullable(),
  dueOn: Day.nullable(),
}

export const createTask = operation({
  name: 'task.create',
  rest: 'POST /v1/projects/:projectId/tasks',
  summary: 'Adds a task to a project',
  allow: 'member',
  input: z.strictObject({ projectId: Id, title, status: TaskStatus.default('todo'), ...optional(fields) }),
  output: Task,
  run: (actor, { projectId, status, dueOn, ...values }) =>
    work(actor).transaction(async (tx) => {
      const project = await tx.project.findFirst({ where: { id: projectId }, select: { id: true } })
      if (!project) throw notFound('project')
      await mustBeMember(tx, values.assigneeId)
      const { nextNumber } = await tx.project.update({
        where: { orgId_id: { orgId: actor.orgId, id: projectId } },
        data: { nextNumber: { increment: 1 } },
        select: { nextNumber: true },
      })
      const position = await endOfColumn(tx, projectId, status)
      const created = await tx.task.create({
        data: {
          ...values,
          ...dates(status, dueOn),
          status,
          projectId,
          position,
          orgId: actor.orgId,
          number: nextNumber - 1,
          createdBy: actor.userId,
        },
        select: taskColumns,
      })
      await announce(tx, actor, 'created', created, '')
      return taskOf(created)
    }),
})

export const updateTask = operation({
  name: 'task.update',
  rest: 'PATCH /v1/tasks/:taskId',
  summary: 'Changes some fields of a task',
  allow: 'member',
  input: z.strictObject({ taskId: Id, title: title.optional(), ...optional(fields) }),
  output: Task,
  run: (actor, { taskId, dueOn, ...values }) =>
    work(actor).transaction(async (tx) => {
      await mustBeMember(tx, values.assigneeId)
      const updated = await change(tx, actor, taskId, {
        ...values,
        ...(dueOn === undefined ? {} : { dueOn: dueOn === null ? null : new Date(dueOn) }),
      })
      const changed = Object.keys(values).filter((key) => values[key as keyof typeof values] !== undefined)
      if (dueOn !== undefined) changed.push('due date')
      await announce(tx, actor, 'updated', updated, changed.map((key) => key.replace('Id', '')).join(', '))
      return taskOf(updated)
    }),
})

export const moveTask = operation({
  name: 'task.move',
  rest: 'POST /v1/tasks/:taskId/move',
  summary: 'Moves a task to a column, before another task or to the end',
  allow: 'member',
  input: z.strictObject({ taskId: Id, status: TaskStatus, before: Id.nullable().optional() }),
  output: Task,
  run: (actor, { taskId, status, before }) =>
    work(actor).transaction(async (tx) => {
      const task = await tx.task.findFirst({
        where: { id: taskId },
        select: { projectId: true, status: true },
      })
      if (!task) throw notFound('task')
      const position = before
        ? await placeBefore(tx, task.projectId, status, before)
        : await endOfColumn(tx, task.projectId, status)
      const { doneAt } = dates(status, undefined)
      const moved = await change(tx, actor, taskId, { status, position, doneAt })
      await announce(tx, actor, 'moved', moved, `${task.status} → ${status}`)
      return taskOf(moved)
    }),
})

export const removeTask = operation({
  name: 'task.remove',
  rest: 'DELETE /v1/tasks/:taskId',
  summary: 'Removes a task',
  allow: 'manager',
  input: z.strictObject({ taskId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { taskId }) =>
    work(actor).transaction(async (tx) => {
      const task = await tx.task.findFirst({ where: { id: taskId }, select: taskColumns })
      if (!task) throw notFound('task')
      await tx.task.deleteMany({ where: { id: taskId } })
      await announce(tx, actor, 'removed', task, '')
      return { id: taskId }
    }),
})

/** The same fields, each of which may be left out. */
function optional<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.object(shape).partial().shape
}

async function change(tx: Transaction, actor: Actor, taskId: string, data: Prisma.TaskUncheckedUpdateInput) {
  const known = await tx.task.findFirst({ where: { id: taskId }, select: { id: true } })
  if (!known) throw notFound('task')
  return tx.task.update({
    where: { orgId_id: { orgId: actor.orgId, id: taskId } },
    data: { ...data, updatedAt: new Date() },
    select: taskColumns,
  })
}

async function mustBeMember(tx: Transaction, assigneeId: string | null | undefined): Promise<void> {
  if (!assigneeId) return
  const member = await tx.membership.findFirst({ where: { userId: assigneeId }, select: { userId: true } })
  if (member) return
  const message = 'must be a member of your organisation'
  throw new Problem('invalid', `assigneeId: ${message}`, [{ path: 'assigneeId', message }])
}

const dates = (status: TaskStatus, dueOn: string | null | undefined) => ({
  dueOn: dueOn ? new Date(dueOn) : null,
  doneAt: status === 'done' ? new Date() : null,
})

async function endOfColumn(tx: Transaction, projectId: string, status: TaskStatus): Promise<number> {
  const last = await tx.task.findFirst({
    where: { projectId, status },
    orderBy: { position: 'desc' },
    select: { position: true },
  })
  return (last?.position ?? 0) + 1
}

/** Half-way between a task and the one above it. */
async function placeBefore(
  tx: Transaction,
  projectId: string,
  status: TaskStatus,
  before: string,
): Promise<number> {
  const below = await tx.task.findFirst({
    where: { id: before, projectId, status },
    select: { position: true },
  })
  if (!below) {
    const message = `must be a task in the column ${status} of the same project`
    throw new Problem('invalid', `before: ${message}`, [{ path: 'before', message }])
  }
  const above = await tx.task.findFirst({
    where: { projectId, status, position: { lt: below.position } },
    orderBy: { position: 'desc' },
    select: { position: true },
  })
  return above ? (above.position + below.position) / 2 : below.position - 1
}
