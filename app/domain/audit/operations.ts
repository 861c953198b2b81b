import { z } from 'zod'
import { plans } from '../billing/plans.ts'
import { operation } from '../operation.ts'
import { IdCursor, pageOf, pageOfItems, pageSize } from '../paging.ts'
import { tenantDb } from '../runtime.ts'
import { Day, Id, Person } from '../tasks/shapes.ts'
import { line } from '../text.ts'

export const AuditEntry = z
  .object({
    id: Id,
    at: z.iso.datetime(),
    actor: Person.nullable(),
    apiKeyId: Id.nullable(),
    operation: z.string(),
    target: z.string(),
    before: z.unknown(),
    after: z.unknown(),
    requestId: z.string(),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.infer<typeof AuditEntry>

type Row = Omit<AuditEntry, 'at' | 'actor'> & { at: Date; actorId: string | null; actorName: string | null }

export const listAudit = operation({
  name: 'audit.list',
  rest: 'GET /v1/audit',
  summary: 'Who changed what, with the state before and after, latest first; as far back as your plan says',
  allow: 'admin',
  needs: 'auditLog',
  input: z.strictObject({
    operation: line(60).optional(),
    actorId: Id.optional(),
    from: Day.optional(),
    to: Day.optional(),
    cursor: IdCursor,
    limit: pageSize,
  }),
  output: pageOfItems(AuditEntry),
  async run(actor, { operation = null, actorId = null, from = null, to = null, cursor = null, limit }) {
    const { auditDays } = plans[actor.plan]
    const rows = await tenantDb(actor).read(
      (db) => db.$queryRaw<Row[]>`
        select a.id, a.at, a.actor_id as "actorId", u.name as "actorName", a.api_key_id as "apiKeyId",
          a.operation, a.target, a.before, a.after, a.request_id as "requestId"
        from audit_log a left join users u on u.id = a.actor_id
        where a.org_id = (select current_org_id())
          and (${operation}::text is null or a.operation = ${operation}::text)
          and (${actorId}::uuid is null or a.actor_id = ${actorId}::uuid)
          and (${from}::date is null or a.at >= ${from}::date::timestamp at time zone (select current_time_zone()))
          and (${to}::date is null or a.at < (${to}::date + 1)::timestamp at time zone (select current_time_zone()))
          and a.at >= now() - make_interval(days => ${auditDays}::int)
          and (${cursor}::uuid is null or a.id < ${cursor}::uuid)
        order by a.id desc limit ${limit + 1}`,
    )
    return pageOf(
      rows,
      limit,
      ({ at, actorId: id, actorName: name, ...row }) => ({
        ...row,
        at: at.toISOString(),
        actor: id ? { id, name: name ?? 'Somebody who left' } : null,
      }),
      ({ id }) => id,
    )
  },
})
