import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import type { Plan } from '../actor.ts'
import { BeyondPlan } from '../billing/entitlements.ts'
import { limitOf, plans } from '../billing/plans.ts'
import { operation } from '../operation.ts'
import { tenantDb } from '../runtime.ts'

const rows = z.array(z.record(z.string(), z.unknown()))

/** Each table of the tenant, by the name that it has in the export. What signs somebody in is not in it. */
const parts = {
  members: `select m.user_id as id, u.name, u.email, m.role, m.created_at from memberships m join users u on u.id = m.user_id`,
  invitations: 'select id, email, role, invited_by, created_at, expires_at from invitations',
  projects: 'select * from projects',
  labels: 'select * from labels',
  tasks: `select id, project_id, number, title, description, status, priority, assignee_id, due_on, position,
            created_by, created_at, updated_at, done_at from tasks`,
  taskLabels: 'select task_id, label_id from task_labels',
  comments: 'select id, task_id, author_id, body, created_at, edited_at from comments',
  files: `select id, task_id, comment_id, created_by, name, type, size, created_at from files
    where ready_at is not null and refused is null`,
  activity: 'select id, task_id, task_key, task_title, kind, actor_id, detail, at from activity',
  auditLog: `select id, at, actor_id, api_key_id, operation, target, before, after from audit_log
    where at >= now() - make_interval(days => $1::int)`,
} as const

type Part = keyof typeof parts

export const exportOrganisation = operation({
  name: 'organisation.export',
  rest: 'GET /v1/organisation/export',
  summary: 'Everything of your organisation, as one document',
  allow: 'admin',
  peopleOnly: true,
  heavy: true,
  input: z.strictObject({}),
  output: z
    .object({
      organisation: z.record(z.string(), z.unknown()),
      ...(Object.fromEntries(Object.keys(parts).map((part) => [part, rows])) as Record<Part, typeof rows>),
    })
    .meta({ id: 'OrganisationExport' }),
  run: (actor) =>
    tenantDb(actor).read(async (db) => {
      await withinExport(db, actor.plan)
      // One statement is one moment for all tables, so that they fit each other.
      const columns = Object.entries(parts).map(
        ([part, query]) =>
          `(select coalesce(jsonb_agg(to_jsonb(t) - 'org_id'), '[]') from (${query}) t) as "${part}"`,
      )
      const [found] = await db.$queryRawUnsafe<[Organisation]>(
        `select to_jsonb(o) - 'canary' as organisation, ${columns.join(', ')} from organisations o`,
        // As far back as the log can be read.
        plans[actor.plan].auditDays,
      )
      return found
    }),
})

const counting = `select (${Object.values(parts)
  .map((query) => `(select count(*) from (${query}) t)`)
  .join(' + ')})::int as rows`

/** What is beyond it is not even read. @throws BeyondPlan */
async function withinExport(db: Pick<Transaction, '$queryRawUnsafe'>, plan: Plan): Promise<void> {
  const limit = limitOf(plan, 'exportRows')
  if (limit === null) return
  const [counted] = await db.$queryRawUnsafe<{ rows: number }[]>(counting, plans[plan].auditDays)
  if (counted && counted.rows > limit) throw new BeyondPlan('exportRows', plan, counted.rows)
}

type Table = Record<string, unknown>[]
type Organisation = { organisation: Record<string, unknown> } & Record<Part, Table>
