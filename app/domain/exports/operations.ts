import type { Transaction } from '@worklane/data/tenant.ts'
import { z } from 'zod'
import { type Actor, mayAct } from '../actor.ts'
import { BeyondPlan } from '../billing/entitlements.ts'
import { limitOf, plans } from '../billing/plans.ts'
import { enqueue, record } from '../effects.ts'
import { invalidField, notFound, Problem } from '../errors.ts'
import { dispositionOf } from '../files/disposition.ts'
import { blobs, requireFiles } from '../files/store.ts'
import { operation } from '../operation.ts'
import { IdCursor, pageOf, pageOfItems, pageSize } from '../paging.ts'
import { tenantDb } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import {
  Export,
  ExportFilters,
  ExportFormat,
  ExportKind,
  type ExportRow,
  exportColumns,
  exportFileName,
  exportOf,
  filtersOf,
  formatsOf,
  leastRoleOf,
  typeOfFormat,
} from './shapes.ts'
import { exportObject, exportTopic } from './store.ts'
import { countRows, scopeOf } from './tables.ts'

/** So many of a person's, and of an organisation's, are made at the same time. */
const unfinishedAtMost = { person: 5, organisation: 20 } as const

/** How long a link is good: to begin a download, which may go on for as long as it takes. Seconds. */
const linkSeconds = 60

export const createExport = operation({
  name: 'export.create',
  rest: 'POST /v1/exports',
  summary: 'Has a file made of tasks, projects, the audit log or the whole organisation',
  allow: 'viewer',
  heavy: true,
  // Who does not pay any more may still take along what is theirs.
  evenReadOnly: true,
  input: z.strictObject({
    kind: ExportKind,
    format: ExportFormat.optional().meta({ description: 'csv, or zip for the organisation, where left out' }),
    filters: ExportFilters.default({}),
  }),
  output: Export,
  run: (actor, { kind, format = formatsOf[kind][0] as ExportFormat, filters }) =>
    tenantDb(actor).transaction(async (tx) => {
      requireFiles()
      assertAllowed(actor, kind)
      if (!formatsOf[kind].includes(format))
        throw invalidField(
          'format',
          `must be ${formatsOf[kind].join(' or ')} for an export of ${nouns[kind]}`,
        )
      for (const name of Object.keys(filters))
        if (!filtersOf[kind].includes(name))
          throw invalidField(`filters.${name}`, `is no filter of an export of ${nouns[kind]}`)
      await assertFewUnfinished(tx, actor)
      await withinExportRows(tx, actor, kind, filters)
      const [{ id }] = await tx.$queryRaw<[{ id: string }]>`
        insert into exports (org_id, kind, format, filters, created_by)
        values (${actor.orgId}::uuid, ${kind}, ${format}, ${JSON.stringify(filters)}::jsonb, ${actor.userId}::uuid)
        returning id`
      record(`export ${id}`, null, { kind, format, filters })
      enqueue(actor, exportTopic, { exportId: id })
      return exportFor(tx, actor, id)
    }),
})

const nouns: Record<ExportKind, string> = {
  tasks: 'tasks',
  projects: 'projects',
  audit: 'the audit log',
  organisation: 'the organisation',
}

/** @throws Problem forbidden, BeyondPlan */
function assertAllowed(actor: Actor, kind: ExportKind): void {
  if (!mayAct(actor, leastRoleOf[kind]))
    throw new Problem(
      'forbidden',
      `An export of ${nouns[kind]} needs the role ${leastRoleOf[kind]}; yours is ${actor.role}.`,
    )
  if (kind === 'organisation' && actor.key)
    throw new Problem('forbidden', 'Everything of an organisation is exported by signed-in people alone.')
  if (kind === 'audit' && !plans[actor.plan].features.auditLog)
    throw new BeyondPlan('auditLog', actor.plan, 0)
}

/** @throws Problem conflict */
async function assertFewUnfinished(tx: Transaction, { orgId, userId }: Actor): Promise<void> {
  // One after another, so that none of many at the same time slips through.
  await tx.$queryRaw`select id from organisations where id = ${orgId}::uuid for no key update`
  const [unfinished] = await tx.$queryRaw<[{ person: number; organisation: number }]>`
    select count(*)::int as organisation, count(*) filter (where created_by = ${userId}::uuid)::int as person
    from exports where org_id = (select current_org_id()) and state in ('waiting', 'running')`
  if (unfinished.person >= unfinishedAtMost.person)
    throw new Problem(
      'conflict',
      `${unfinishedAtMost.person} exports of yours are being made: wait for one of them, or cancel it.`,
    )
  if (unfinished.organisation >= unfinishedAtMost.organisation)
    throw new Problem(
      'conflict',
      `${unfinishedAtMost.organisation} exports of your organisation are being made: wait for one of them.`,
    )
}

/** What is beyond the plan is not even begun. @throws BeyondPlan */
async function withinExportRows(
  tx: Transaction,
  { plan, userId }: Actor,
  kind: ExportKind,
  filters: ExportFilters,
): Promise<void> {
  const limit = limitOf(plan, 'exportRows')
  if (limit === null) return
  const rows = await countRows(tx, kind, await scopeOf(tx, { filters, me: userId, plan }))
  if (rows > limit) throw new BeyondPlan('exportRows', plan, rows)
}

export const listExports = operation({
  name: 'export.list',
  rest: 'GET /v1/exports',
  summary: 'Your exports, latest first; as an admin those of all',
  allow: 'viewer',
  input: z.strictObject({ cursor: IdCursor, limit: pageSize }),
  output: pageOfItems(Export),
  async run(actor, { cursor = null, limit }) {
    const rows = await tenantDb(actor).read((db) =>
      db.$queryRawUnsafe<ExportRow[]>(
        `select ${exportColumns} from exports e left join users u on u.id = e.created_by
         where e.org_id = (select current_org_id()) and ${visible} and ($3::uuid is null or e.id < $3::uuid)
         order by e.id desc limit $4::int`,
        ...visibleTo(actor),
        cursor,
        limit + 1,
      ),
    )
    return pageOf(rows, limit, exportOf, ({ id }) => id)
  },
})

/** Whoever asked, as long as their role is enough for it, and admins. */
const visible = `($1::boolean or (e.created_by = $2::uuid and e.kind in ('tasks', 'projects')))`
const visibleTo = (actor: Actor) => [mayAct(actor, 'admin'), actor.userId] as const

/** @throws Problem notFound */
async function rowFor(
  db: Pick<Transaction, '$queryRawUnsafe'>,
  actor: Actor,
  id: string,
): Promise<ExportRow & { run: string | null }> {
  const [row] = await db.$queryRawUnsafe<(ExportRow & { run: string | null })[]>(
    `select ${exportColumns}, e.run from exports e left join users u on u.id = e.created_by
     where e.org_id = (select current_org_id()) and ${visible} and e.id = $3::uuid`,
    ...visibleTo(actor),
    id,
  )
  if (!row) throw notFound('export')
  return row
}

async function exportFor(
  db: Pick<Transaction, '$queryRawUnsafe'>,
  actor: Actor,
  id: string,
): Promise<Export> {
  const { run: _, ...row } = await rowFor(db, actor, id)
  return exportOf(row)
}

export const getExport = operation({
  name: 'export.get',
  rest: 'GET /v1/exports/:exportId',
  summary: 'One export, and how far it is',
  allow: 'viewer',
  input: z.strictObject({ exportId: Id }),
  output: Export,
  run: (actor, { exportId }) => tenantDb(actor).read((db) => exportFor(db, actor, exportId)),
})

export const cancelExport = operation({
  name: 'export.cancel',
  rest: 'POST /v1/exports/:exportId/cancel',
  summary: 'Stops an export that is being made, or removes the file of one that is ready',
  allow: 'viewer',
  evenReadOnly: true,
  input: z.strictObject({ exportId: Id }),
  output: Export,
  run: (actor, { exportId }) =>
    tenantDb(actor).transaction(async (tx) => {
      const before = await exportFor(tx, actor, exportId)
      // A trigger has the file removed; a worker that still writes it sees that it shall not.
      await tx.$executeRaw`
        update exports set state = 'cancelled'
        where org_id = (select current_org_id()) and id = ${exportId}::uuid and state in ('waiting', 'running', 'ready')`
      const after = await exportFor(tx, actor, exportId)
      record(`export ${exportId}`, { state: before.state }, { state: after.state })
      return after
    }),
})

export const linkExport = operation({
  name: 'export.link',
  rest: 'GET /v1/exports/:exportId/link',
  summary: 'A link to the file of an export that is ready, good for a minute',
  allow: 'viewer',
  input: z.strictObject({ exportId: Id }),
  output: z.object({ url: z.url(), until: z.iso.datetime() }),
  async run(actor, { exportId }) {
    const { run, ...row } = await tenantDb(actor).read((db) => rowFor(db, actor, exportId))
    if (row.kind === 'organisation' && actor.key)
      throw new Problem('forbidden', 'Everything of an organisation is exported by signed-in people alone.')
    if (row.state !== 'ready' || run === null) throw new Problem('conflict', notReady[row.state])
    const disposition = dispositionOf('attachment', exportFileName(exportOf(row)))
    const until = new Date(Date.now() + linkSeconds * 1_000).toISOString()
    const asked = { disposition, type: typeOfFormat[row.format], seconds: linkSeconds }
    const store = await blobs()
    return { url: await store.downloadLink(exportObject(actor, exportId, run), asked), until }
  },
})

const notReady: Record<Export['state'], string> = {
  waiting: 'This export is not made yet.',
  running: 'This export is not made yet.',
  ready: 'This export is being removed.',
  failed: 'This export failed: ask for it again.',
  cancelled: 'This export was cancelled.',
  expired: 'This export has expired: ask for it again.',
}
