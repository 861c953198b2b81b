import type { Transaction } from '@worklane/data/tenant.ts'
import type { Plan } from '../actor.ts'
import { plans } from '../billing/plans.ts'
import type { Cell } from '../csv/write.ts'
import { tasksWhere } from '../tasks/reads.ts'
import type { ExportFilters, ExportKind } from './shapes.ts'

/** Rows that are read at once: what an export holds in memory. */
export const rowsAtOnce = 500

export type Row = { id: string } & Record<string, Cell>

/** In whose name an export reads, and what of the tenant. */
export type Scope = {
  filters: ExportFilters
  /** Who asked; null when they are no more. */
  me: string | null
  /** The day that it is in the organisation, as Prisma has a day. */
  today: Date
  /** So many days of the audit log are in the plan. */
  auditDays: number
}

/** Something that is exported row by row, in the order of the rows' ids. */
export type Table = {
  /** Its file's name, without an ending. */
  name: string
  columns: readonly string[]
  count(tx: Transaction, scope: Scope): Promise<number>
  /** The next rows behind an id. */
  page(tx: Transaction, scope: Scope, after: string): Promise<Row[]>
}

/** Before every id. */
export const beforeAll = '00000000-0000-0000-0000-000000000000'

const taskColumns = [
  ...['key', 'project', 'title', 'status', 'priority', 'assignee', 'assigneeEmail', 'labels', 'dueOn'],
  ...['description', 'createdBy', 'createdAt', 'updatedAt', 'doneAt', 'id'],
] as const

const tasks: Table = {
  name: 'tasks',
  columns: taskColumns,
  count: (tx, { filters, me, today }) => tx.task.count({ where: tasksWhere(filters, me, today) }),
  async page(tx, { filters, me, today }, after) {
    const rows = await tx.task.findMany({
      relationLoadStrategy: 'join',
      where: { AND: [tasksWhere(filters, me, today), { id: { gt: after } }] },
      orderBy: { id: 'asc' },
      take: rowsAtOnce,
      select: {
        id: true,
        number: true,
        title: true,
        description: true,
        status: true,
        priority: true,
        dueOn: true,
        createdAt: true,
        updatedAt: true,
        doneAt: true,
        project: { select: { key: true } },
        assignee: { select: { name: true, email: true } },
        creator: { select: { name: true } },
        labels: { select: { label: { select: { name: true } } } },
      },
    })
    return rows.map(({ number, project, assignee, creator, labels, dueOn, ...row }) => ({
      ...row,
      key: `${project.key}-${number}`,
      project: project.key,
      assignee: assignee?.name ?? null,
      assigneeEmail: assignee?.email ?? null,
      labels: labels.map(({ label }) => label.name).sort(),
      dueOn: dueOn?.toISOString().slice(0, 10) ?? null,
      createdBy: creator?.name ?? null,
    }))
  },
}

/** @param query its rows, which may use the parameters from $3 on; every column has the name that it has in the file */
function table(
  name: string,
  columns: readonly string[],
  query: string,
  values: (scope: Scope) => unknown[] = () => [],
): Table {
  const counting = `select count(*)::int as rows from (${query.replaceAll(/\$(\d)/g, (_, n) => `$${Number(n) - 2}`)}) t`
  const paging = `select * from (${query}) t where id > $1::uuid order by id limit $2::int`
  return {
    name,
    columns,
    async count(tx, scope) {
      const [counted] = await tx.$queryRawUnsafe<{ rows: number }[]>(counting, ...values(scope))
      return counted?.rows ?? 0
    },
    page: (tx, scope, after) => tx.$queryRawUnsafe<Row[]>(paging, after, rowsAtOnce, ...values(scope)),
  }
}

const projects = table(
  'projects',
  ['key', 'name', 'description', 'createdAt', 'updatedAt', 'id'],
  `select id, key, name, description, created_at as "createdAt", updated_at as "updatedAt" from projects
   where org_id = (select current_org_id())`,
)

const auditLog = table(
  'audit-log',
  [...['at', 'actor', 'actorId', 'apiKeyId', 'operation', 'target', 'before', 'after', 'requestId', 'id']],
  `select a.id, a.at, u.name as actor, a.actor_id as "actorId", a.api_key_id as "apiKeyId", a.operation, a.target,
     a.before, a.after, a.request_id as "requestId"
   from audit_log a left join users u on u.id = a.actor_id
   where a.org_id = (select current_org_id()) and a.at >= now() - make_interval(days => $3::int)
     and ($4::text is null or a.operation = $4::text)
     and ($5::uuid is null or a.actor_id = $5::uuid)
     and ($6::date is null or a.at >= $6::date::timestamp at time zone (select current_time_zone()))
     and ($7::date is null or a.at < ($7::date + 1)::timestamp at time zone (select current_time_zone()))`,
  ({ auditDays, filters: { operation = null, actorId = null, from = null, to = null } }) => [
    auditDays,
    operation,
    actorId,
    from,
    to,
  ],
)

const organisation = table(
  'organisation',
  ['name', 'slug', 'plan', 'timeZone', 'createdAt', 'id'],
  `select id, name, slug, plan::text as plan, time_zone as "timeZone", created_at as "createdAt" from organisations
   where id = (select current_org_id())`,
)

const members = table(
  'members',
  ['name', 'email', 'role', 'createdAt', 'id'],
  `select m.user_id as id, u.name, u.email, m.role::text as role, m.created_at as "createdAt"
   from memberships m join users u on u.id = m.user_id where m.org_id = (select current_org_id())`,
)

const invitations = table(
  'invitations',
  ['email', 'role', 'invitedBy', 'createdAt', 'expiresAt', 'id'],
  `select id, email, role::text as role, invited_by as "invitedBy", created_at as "createdAt",
     expires_at as "expiresAt" from invitations where org_id = (select current_org_id())`,
)

const labels = table(
  'labels',
  ['name', 'colour', 'id'],
  'select id, name, colour::text as colour from labels where org_id = (select current_org_id())',
)

const comments = table(
  'comments',
  ['taskId', 'author', 'authorId', 'body', 'createdAt', 'editedAt', 'id'],
  `select c.id, c.task_id as "taskId", u.name as author, c.author_id as "authorId", c.body,
     c.created_at as "createdAt", c.edited_at as "editedAt"
   from comments c left join users u on u.id = c.author_id where c.org_id = (select current_org_id())`,
)

const activity = table(
  'activity',
  ['taskId', 'taskKey', 'taskTitle', 'kind', 'actorId', 'detail', 'at', 'id'],
  `select id, task_id as "taskId", task_key as "taskKey", task_title as "taskTitle", kind::text as kind,
     actor_id as "actorId", detail, at from activity where org_id = (select current_org_id())`,
)

/** The files that are kept; the bytes of each are in the ZIP at its path. */
export const files = table(
  'files',
  ['name', 'path', 'type', 'size', 'taskId', 'commentId', 'createdBy', 'createdAt', 'id'],
  `select id, name, type, size::float8 as size, task_id as "taskId", comment_id as "commentId",
     created_by as "createdBy", created_at as "createdAt", 'files/' || id || '/' || regexp_replace(name, '[/:\\\\]', '_', 'g') as path
   from files where org_id = (select current_org_id()) and ready_at is not null and refused is null`,
)

/** What signs somebody in is in none of them. */
export const tablesOf: Record<ExportKind, readonly Table[]> = {
  tasks: [tasks],
  projects: [projects],
  audit: [auditLog],
  organisation: [
    ...[organisation, members, invitations, projects, labels],
    ...[tasks, comments, files, activity, auditLog],
  ],
}

/** How many rows an export will have. */
export async function countRows(tx: Transaction, kind: ExportKind, scope: Scope): Promise<number> {
  let rows = 0
  for (const each of tablesOf[kind]) rows += await each.count(tx, scope)
  return rows
}

/** What an export reads in somebody's name. */
export async function scopeOf(
  tx: Transaction,
  { filters, me, plan }: Pick<Scope, 'filters' | 'me'> & { plan: Plan },
): Promise<Scope> {
  const [day] = await tx.$queryRaw<{ today: Date }[]>`select current_day() as today`
  return { filters, me, today: day?.today ?? new Date(), auditDays: plans[plan].auditDays }
}
