import { orgId } from '@worklane/data/ids.ts'
import { z } from 'zod'
import { operation } from '../operation.ts'
import { personOf } from '../pictures/links.ts'
import { runtime, tenantDb } from '../runtime.ts'

const rows = z.array(z.record(z.string(), z.unknown()))

export const exportMe = operation({
  name: 'me.export',
  rest: 'GET /v1/me/export',
  summary: 'Everything that Worklane holds about you',
  allow: 'viewer',
  peopleOnly: true,
  heavy: true,
  input: z.strictObject({}),
  output: z
    .object({
      user: z.record(z.string(), z.unknown()),
      memberships: rows,
      sessions: rows,
      comments: rows,
      tasks: rows,
      notifications: rows,
      files: rows,
    })
    .meta({ id: 'PersonalExport' }),
  async run({ userId }) {
    const { auth } = runtime()
    const [users, memberships, sessions] = await Promise.all([
      auth.query(
        'select id, email, name, email_verified, image, avatar, created_at from users where id = $1',
        [userId],
      ),
      auth.query(
        `select m.org_id, o.name as organisation, m.role, m.created_at, coalesce(d.every, 'off') as digest
         from memberships m join organisations o on o.id = m.org_id
         left join digests d on d.org_id = m.org_id and d.user_id = m.user_id where m.user_id = $1`,
        [userId],
      ),
      auth.query(
        'select id, user_agent, ip, created_at, last_seen_at, expires_at from sessions where user_id = $1',
        [userId],
      ),
    ])
    const own = { comments: [] as Rows, tasks: [] as Rows, notifications: [] as Rows, files: [] as Rows }
    for (const { org_id } of memberships.rows) {
      // Each organisation is looked into as itself: there is no way across.
      const [found] = await tenantDb({ orgId: orgId(org_id) }).read(
        (db) => db.$queryRaw<[typeof own]>`
          select
            (select coalesce(jsonb_agg(to_jsonb(c) - 'search'), '[]') from comments c
              where c.org_id = (select current_org_id()) and c.author_id = ${userId}::uuid) as comments,
            (select coalesce(jsonb_agg(to_jsonb(t) - 'search'), '[]') from tasks t
              where t.org_id = (select current_org_id())
                and (t.created_by = ${userId}::uuid or t.assignee_id = ${userId}::uuid)) as tasks,
            (select coalesce(jsonb_agg(to_jsonb(n)), '[]') from notifications n
              where n.org_id = (select current_org_id()) and n.user_id = ${userId}::uuid) as notifications,
            (select coalesce(jsonb_agg(to_jsonb(f) - 'parts_id'), '[]') from files f
              where f.org_id = (select current_org_id()) and f.created_by = ${userId}::uuid) as files`,
      )
      own.comments = own.comments.concat(found.comments)
      own.tasks = own.tasks.concat(found.tasks)
      own.notifications = own.notifications.concat(found.notifications)
      own.files = own.files.concat(found.files)
    }
    return {
      user: plain(personOf(users.rows[0])),
      memberships: memberships.rows.map(plain),
      sessions: sessions.rows.map(plain),
      ...own,
    }
  },
})

type Rows = Record<string, unknown>[]

/** Dates as text, as everywhere in JSON. */
const plain = (row: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(row))
