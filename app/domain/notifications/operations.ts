import { z } from 'zod'
import { NotificationKind } from '../activity/announce.ts'
import { forget } from '../effects.ts'
import { notFound } from '../errors.ts'
import { operation } from '../operation.ts'
import { IdCursor, pageOf, pageOfItems, pageSize } from '../paging.ts'
import { personColumns, personOf } from '../pictures/links.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { Id, ShownPerson } from '../tasks/shapes.ts'

export const Notification = z
  .object({
    id: Id,
    kind: NotificationKind,
    actor: ShownPerson.nullable(),
    task: z.object({ id: Id, key: z.string(), title: z.string() }).nullable(),
    excerpt: z.string(),
    createdAt: z.iso.datetime(),
    readAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Notification' })
export type Notification = z.infer<typeof Notification>

const mostCounted = 100

export const listNotifications = operation({
  name: 'notification.list',
  rest: 'GET /v1/notifications',
  summary: 'What concerns you, latest first',
  allow: 'viewer',
  input: z.strictObject({
    unread: z.stringbool().or(z.boolean()).optional(),
    cursor: IdCursor,
    limit: pageSize,
  }),
  output: pageOfItems(Notification),
  async run(actor, { unread, cursor, limit }) {
    const rows = await tenantDb(actor).read((db) =>
      db.notification.findMany({
        relationLoadStrategy: 'join',
        where: {
          userId: actor.userId,
          ...(unread ? { readAt: null } : {}),
          ...(cursor ? { id: { lt: cursor } } : {}),
        },
        orderBy: { id: 'desc' },
        take: limit + 1,
        select: {
          id: true,
          kind: true,
          actor: personColumns,
          task: { select: { id: true, number: true, title: true, project: { select: { key: true } } } },
          excerpt: true,
          createdAt: true,
          readAt: true,
        },
      }),
    )
    return pageOf(
      rows,
      limit,
      ({ actor: who, task, createdAt, readAt, ...row }) => ({
        ...row,
        actor: who && personOf(who),
        task: task && { id: task.id, key: `${task.project.key}-${task.number}`, title: task.title },
        createdAt: createdAt.toISOString(),
        readAt: readAt?.toISOString() ?? null,
      }),
      ({ id }) => id,
    )
  },
})

export const countNotifications = operation({
  name: 'notification.count',
  rest: 'GET /v1/notifications/count',
  summary: `How many notifications you have not read, counted up to ${mostCounted}`,
  allow: 'viewer',
  input: z.strictObject({}),
  output: z.object({ unread: z.number().int().max(mostCounted) }),
  cache: { tags: ({ userId }) => [tags.person(userId)], shared: false, seconds: 60 },
  async run(actor) {
    const rows = await tenantDb(actor).read(
      (db) => db.$queryRaw<{ unread: number }[]>`
        select count(*)::int as unread from (
          select from notifications
          where org_id = (select current_org_id()) and user_id = ${actor.userId}::uuid and read_at is null
          limit ${mostCounted}) n`,
    )
    return { unread: rows[0]?.unread ?? 0 }
  },
})

export const readNotification = operation({
  name: 'notification.read',
  rest: 'POST /v1/notifications/:notificationId/read',
  summary: 'Marks a notification as read',
  allow: 'viewer',
  evenReadOnly: true,
  audited: false,
  input: z.strictObject({ notificationId: Id }),
  output: z.object({ id: Id }),
  run: (actor, { notificationId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const mine = { id: notificationId, userId: actor.userId }
      const known = await tx.notification.findFirst({ where: mine, select: { id: true } })
      if (!known) throw notFound('notification')
      await tx.notification.updateMany({ where: { ...mine, readAt: null }, data: { readAt: new Date() } })
      forget(tags.person(actor.userId))
      return { id: notificationId }
    }),
})

export const readAllNotifications = operation({
  name: 'notification.readAll',
  rest: 'POST /v1/notifications/read',
  summary: 'Marks all your notifications as read',
  allow: 'viewer',
  evenReadOnly: true,
  audited: false,
  input: z.strictObject({}),
  output: z.object({ read: z.number().int() }),
  run: (actor) =>
    tenantDb(actor).transaction(async (tx) => {
      const { count } = await tx.notification.updateMany({
        where: { userId: actor.userId, readAt: null },
        data: { readAt: new Date() },
      })
      forget(tags.person(actor.userId))
      return { read: count }
    }),
})
