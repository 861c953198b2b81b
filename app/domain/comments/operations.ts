import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import { announce, type Notified } from '../activity/announce.ts'
import { type Actor, mayAct } from '../actor.ts'
import { emit, forget, record } from '../effects.ts'
import { invalidField, notFound, Problem } from '../errors.ts'
import { visibleTo } from '../files/operations.ts'
import { File, type FileRow, fileColumns } from '../files/shapes.ts'
import { fileFrom } from '../files/store.ts'
import { operation } from '../operation.ts'
import { pageOf, pageOfItems, pageSize, TimeCursor, timeAndId, timeCursorOf } from '../paging.ts'
import { personColumns, personOf } from '../pictures/links.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { taskColumns, taskOf } from '../tasks/rows.ts'
import { Id, ShownPerson, type Task } from '../tasks/shapes.ts'
import { lines } from '../text.ts'
import { excerptOf, mentionsIn } from './mentions.ts'

export const Comment = z
  .object({
    id: Id,
    taskId: Id,
    author: ShownPerson.nullable(),
    body: z.string(),
    files: z.array(File),
    createdAt: z.iso.datetime(),
    editedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Comment' })
export type Comment = z.infer<typeof Comment>

const columns = {
  id: true,
  taskId: true,
  author: personColumns,
  body: true,
  createdAt: true,
  editedAt: true,
} as const

/** With the files that the actor may see. */
const columnsFor = (actor: Actor) => ({
  ...columns,
  files: { where: visibleTo(actor), orderBy: { id: 'asc' }, select: fileColumns } as const,
})

type Row = Omit<Comment, 'createdAt' | 'editedAt' | 'files'> & {
  createdAt: Date
  editedAt: Date | null
  files: FileRow[]
}

const commentOf = async (
  actor: Actor,
  { author, createdAt, editedAt, files, ...row }: Row,
): Promise<Comment> => ({
  ...row,
  author: author && personOf(author),
  files: await Promise.all(files.map((file) => fileFrom(actor, file))),
  createdAt: createdAt.toISOString(),
  editedAt: editedAt?.toISOString() ?? null,
})

const body = lines(10_000).refine((text) => text.trim() !== '', 'must not be empty')

export const listComments = operation({
  name: 'comment.list',
  rest: 'GET /v1/tasks/:taskId/comments',
  summary: 'The comments on a task, newest first',
  allow: 'viewer',
  input: z.strictObject({ taskId: Id, cursor: TimeCursor, limit: pageSize }),
  output: pageOfItems(Comment),
  async run(actor, { taskId, cursor, limit }) {
    const rows = await tenantDb(actor).read((db) =>
      db.comment.findMany({
        relationLoadStrategy: 'join',
        where: { taskId, ...(cursor ? { OR: writtenBefore(cursor) } : {}) },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: limit + 1,
        select: columnsFor(actor),
      }),
    )
    const page = pageOf(
      rows,
      limit,
      (row) => row,
      ({ createdAt, id }) => timeCursorOf(createdAt, id),
    )
    return { ...page, items: await Promise.all(page.items.map((row) => commentOf(actor, row))) }
  },
})

function writtenBefore(cursor: string) {
  const { at, id } = timeAndId(cursor)
  return [{ createdAt: { lt: at } }, { createdAt: at, id: { lt: id } }]
}

export const createComment = operation({
  name: 'comment.create',
  rest: 'POST /v1/tasks/:taskId/comments',
  summary: 'Comments on a task; @[Name](user-id) in the text tells that person',
  allow: 'member',
  input: z.strictObject({
    taskId: Id,
    body,
    fileIds: z
      .array(Id)
      .max(10)
      .optional()
      .meta({ description: 'Files that you attached to the task, which belong to the comment from now on' }),
  }),
  output: Comment,
  run: (actor, { taskId, body, fileIds = [] }) =>
    tenantDb(actor).transaction(async (tx) => {
      const row = await tx.task.findFirst({ where: { id: taskId }, select: taskColumns })
      if (!row) throw notFound('task')
      const task = taskOf(row)
      const created = await tx.comment.create({
        data: { orgId: actor.orgId, taskId, body, authorId: actor.userId },
        select: columns,
      })
      const comment =
        fileIds.length === 0
          ? await commentOf(actor, { ...created, files: [] })
          : await withFiles(tx, actor, { taskId, commentId: created.id, fileIds })
      record(`comment ${comment.id}`, null, inLog(comment))
      forget(tags.task(taskId))
      announce(actor, 'commented', task, excerptOf(body), concerned(actor, task, body))
      const { id, key, title } = task
      emit(actor, 'comment.created', {
        actorId: actor.userId,
        comment: told(comment),
        task: { id, key, title },
      })
      return comment
    }),
})

/** Gives a new comment the files that its author has attached to the task. @throws Problem invalid */
async function withFiles(
  tx: Transaction,
  actor: Actor,
  { taskId, commentId, fileIds }: { taskId: string; commentId: string; fileIds: string[] },
): Promise<Comment> {
  const taken = await tx.$executeRaw`
    update files set comment_id = ${commentId}::uuid
    where org_id = (select current_org_id()) and task_id = ${taskId}::uuid and id = any(${fileIds}::uuid[])
      and created_by = ${actor.userId}::uuid and comment_id is null and refused is null`
  if (taken !== fileIds.length)
    throw invalidField(
      'fileIds',
      'must be files that you attached to this task, each once and to no other comment',
    )
  return known(tx, actor, commentId)
}

/** An entry of the audit log is for ever, a link for minutes. */
const inLog = ({ files, ...comment }: Comment) => ({ ...comment, files: files.map(({ id }) => id) })

/** What webhooks tell of it: links to its files would be good for minutes. */
const told = ({ files: _, ...comment }: Comment) => comment

/** Each person once, and by the reason that concerns them most; nobody hears of their own words. */
function concerned(actor: Actor, task: Task, body: string): Notified[] {
  const told = new Map<string, Notified>()
  for (const userId of mentionsIn(body)) told.set(userId, { userId, kind: 'mentioned' })
  for (const userId of [task.assignee?.id, task.createdBy?.id]) {
    if (userId && !told.has(userId)) told.set(userId, { userId, kind: 'commented' })
  }
  told.delete(actor.userId)
  return [...told.values()]
}

export const updateComment = operation({
  name: 'comment.update',
  rest: 'PATCH /v1/comments/:commentId',
  summary: 'Rewrites a comment of your own',
  allow: 'member',
  input: z.strictObject({ commentId: Id, body }),
  output: Comment,
  run: (actor, { commentId, body }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await known(tx, actor, commentId)
      if (before.author?.id !== actor.userId) {
        throw new Problem('forbidden', 'Only who wrote a comment may rewrite it.')
      }
      const row = await tx.comment.update({
        where: { orgId_id: { orgId: actor.orgId, id: commentId } },
        data: { body, editedAt: new Date() },
        select: columnsFor(actor),
      })
      const after = await commentOf(actor, row)
      record(`comment ${commentId}`, inLog(before), inLog(after))
      emit(actor, 'comment.updated', { actorId: actor.userId, comment: told(after) })
      return after
    }),
})

export const removeComment = operation({
  name: 'comment.remove',
  rest: 'DELETE /v1/comments/:commentId',
  summary: 'Removes a comment: your own, or any as a manager',
  allow: 'member',
  input: z.strictObject({ commentId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { commentId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await known(tx, actor, commentId)
      if (before.author?.id !== actor.userId && !mayAct(actor, 'manager')) {
        throw new Problem('forbidden', 'Only a manager may remove what somebody else wrote.')
      }
      await tx.comment.deleteMany({ where: { id: commentId } })
      record(`comment ${commentId}`, inLog(before), null)
      const { id, taskId } = before
      emit(actor, 'comment.removed', { actorId: actor.userId, comment: { id, taskId } })
      return { id: commentId }
    }),
})

async function known(tx: Transaction, actor: Actor, commentId: string): Promise<Comment> {
  const row = await tx.comment.findFirst({
    relationLoadStrategy: 'join',
    where: { id: commentId },
    select: columnsFor(actor),
  })
  if (!row) throw notFound('comment')
  return commentOf(actor, row)
}
