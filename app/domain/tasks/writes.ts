import type { Prisma } from '@worklane/data/generated/prisma/client.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import { announce } from '../activity/announce.ts'
import type { Actor } from '../actor.ts'
import { emit, forget, record, tell } from '../effects.ts'
import { invalidField, notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { line, lines } from '../text.ts'
import { endOfColumn, lockOrder, placeBefore } from './order.ts'
import { taskColumns, taskOf } from './rows.ts'
import { Day, Id, Task, TaskPriority, TaskStatus, TaskSummary } from './shapes.ts'

export const taskTitle = line(200)
export const taskDescription = lines(10_000)
const fields = {
  description: taskDescription,
  priority: TaskPriority,
  assigneeId: Id.nullable(),
  dueOn: Day.nullable(),
  labelIds: z.array(Id).max(20),
}

export const createTask = operation({
  name: 'task.create',
  rest: 'POST /v1/projects/:projectId/tasks',
  summary: 'Adds a task to a project',
  allow: 'member',
  input: z.strictObject({
    projectId: Id,
    title: taskTitle,
    status: TaskStatus.default('todo'),
    ...optional(fields),
  }),
  output: Task,
  run: (actor, { projectId, status, dueOn, labelIds = [], ...values }) =>
    tenantDb(actor).transaction(async (tx) => {
      const project = await tx.project.findFirst({ where: { id: projectId }, select: { id: true } })
      if (!project) throw notFound('project')
      await mustBeMember(tx, values.assigneeId)
      await mustBeLabels(tx, labelIds)
      const { nextNumber } = await tx.project.update({
        where: { orgId_id: { orgId: actor.orgId, id: projectId } },
        data: { nextNumber: { increment: 1 } },
        select: { nextNumber: true },
      })
      // The update above holds the project's row, and with it the order of its tasks.
      const position = await endOfColumn(tx, { projectId, status })
      const created = taskOf(
        await tx.task.create({
          data: {
            ...values,
            ...dates(status, dueOn),
            status,
            projectId,
            position,
            orgId: actor.orgId,
            number: nextNumber - 1,
            createdBy: actor.userId,
            labels: { create: labelIds.map((labelId) => ({ labelId })) },
          },
          select: taskColumns,
        }),
      )
      record(`task ${created.id}`, null, created)
      changed(actor, created)
      announce(actor, 'created', created, '', assigned(actor, null, created))
      emit(actor, 'task.created', { actorId: actor.userId, task: created })
      return created
    }),
})

export const updateTask = operation({
  name: 'task.update',
  rest: 'PATCH /v1/tasks/:taskId',
  summary: 'Changes some fields of a task',
  allow: 'member',
  input: z.strictObject({ taskId: Id, title: taskTitle.optional(), ...optional(fields) }),
  output: Task,
  run: (actor, { taskId, dueOn, labelIds, ...values }) =>
    tenantDb(actor).transaction(async (tx) => {
      await mustBeMember(tx, values.assigneeId)
      await mustBeLabels(tx, labelIds ?? [])
      const { before, after } = await change(tx, actor, taskId, {
        ...values,
        ...(dueOn === undefined ? {} : { dueOn: dueOn === null ? null : new Date(dueOn) }),
        ...(labelIds === undefined
          ? {}
          : { labels: { deleteMany: {}, create: labelIds.map((labelId) => ({ labelId })) } }),
      })
      const changed = (Object.keys(wordsOf) as Field[]).filter(
        (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
      )
      const what = changed.map((field) => wordsOf[field]).join(', ')
      announce(actor, 'updated', after, what, assigned(actor, before, after))
      if (changed.length > 0) emit(actor, 'task.updated', { actorId: actor.userId, task: after, changed })
      return after
    }),
})

/** What a change of each field is called in the activity. */
const wordsOf = {
  title: 'title',
  description: 'description',
  priority: 'priority',
  assignee: 'assignee',
  dueOn: 'due date',
  labels: 'labels',
} as const
type Field = keyof typeof wordsOf

export const moveTask = operation({
  name: 'task.move',
  rest: 'POST /v1/tasks/:taskId/move',
  summary: 'Moves a task to a column, before another task or to the end',
  allow: 'member',
  input: z.strictObject({ taskId: Id, status: TaskStatus, before: Id.nullable().optional() }),
  output: Task,
  run: (actor, { taskId, status, before: below }) =>
    tenantDb(actor).transaction(async (tx) => {
      await lockOrder(tx, taskId)
      const task = await tx.task.findFirst({ where: { id: taskId }, select: taskColumns })
      if (!task) throw notFound('task')
      const place = { projectId: task.projectId, status, taskId }
      const position =
        below && below !== taskId ? await placeBefore(tx, place, below) : await endOfColumn(tx, place)
      // A task that is done already keeps the day it was done on.
      const doneAt =
        status === 'done' ? (task.status === 'done' ? {} : { doneAt: new Date() }) : { doneAt: null }
      const { after } = await change(tx, actor, taskId, { status, position, ...doneAt }, taskOf(task))
      if (task.status !== status) {
        announce(actor, 'moved', after, `${task.status} → ${status}`)
        emit(actor, 'task.moved', { actorId: actor.userId, task: after, from: task.status })
      }
      return after
    }),
})

export const removeTask = operation({
  name: 'task.remove',
  rest: 'DELETE /v1/tasks/:taskId',
  summary: 'Removes a task with its comments',
  allow: 'manager',
  input: z.strictObject({ taskId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { taskId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const row = await tx.task.findFirst({ where: { id: taskId }, select: taskColumns })
      if (!row) throw notFound('task')
      const task = taskOf(row)
      await tx.task.deleteMany({ where: { id: taskId } })
      record(`task ${taskId}`, task, null)
      forget(tags.tasks, tags.task(taskId), tags.board(task.projectId))
      tell(task.projectId, 'removed', { id: taskId })
      announce(actor, 'removed', task, '')
      const { id, key, title, projectId } = task
      emit(actor, 'task.removed', { actorId: actor.userId, task: { id, key, title, projectId } })
      return { id: taskId }
    }),
})

/** The same fields, each of which may be left out. */
function optional<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.object(shape).partial().shape
}

async function change(
  tx: Transaction,
  actor: Actor,
  taskId: string,
  data: Prisma.TaskUncheckedUpdateInput,
  known?: Task,
): Promise<{ before: Task; after: Task }> {
  const row = known ? null : await tx.task.findFirst({ where: { id: taskId }, select: taskColumns })
  const before = known ?? (row && taskOf(row))
  if (!before) throw notFound('task')
  const after = taskOf(
    await tx.task.update({
      where: { orgId_id: { orgId: actor.orgId, id: taskId } },
      data: { ...data, updatedAt: new Date() },
      select: taskColumns,
    }),
  )
  record(`task ${taskId}`, before, after)
  changed(actor, after)
  return { before, after }
}

/** Who shows this task must look again. */
function changed(_actor: Actor, task: Task): void {
  forget(tags.tasks, tags.task(task.id), tags.board(task.projectId))
  tell(task.projectId, 'task', TaskSummary.parse(task))
}

/** The person whose task it is now and was not before, unless they did it themselves. */
function assigned(actor: Actor, before: Task | null, after: Task) {
  const { assignee } = after
  if (!assignee || assignee.id === before?.assignee?.id || assignee.id === actor.userId) return []
  return [{ userId: assignee.id, kind: 'assigned' as const }]
}

async function mustBeMember(tx: Transaction, assigneeId: string | null | undefined): Promise<void> {
  if (!assigneeId) return
  const member = await tx.membership.findFirst({ where: { userId: assigneeId }, select: { userId: true } })
  if (!member) throw invalidField('assigneeId', 'must be a member of your organisation')
}

async function mustBeLabels(tx: Transaction, labelIds: string[]): Promise<void> {
  const asked = new Set(labelIds)
  if (asked.size !== labelIds.length) throw invalidField('labelIds', 'must name each label once')
  if (asked.size === 0) return
  const known = await tx.label.count({ where: { id: { in: labelIds } } })
  if (known !== asked.size) throw invalidField('labelIds', 'must be labels of your organisation')
}

const dates = (status: TaskStatus, dueOn: string | null | undefined) => ({
  dueOn: dueOn ? new Date(dueOn) : null,
  doneAt: status === 'done' ? new Date() : null,
})
