import { z } from 'zod'
import type { Role } from '../actor.ts'
import { TaskQuery } from '../tasks/reads.ts'
import { Day, Id, Person } from '../tasks/shapes.ts'
import { line } from '../text.ts'

export const ExportKind = z.enum(['tasks', 'projects', 'audit', 'organisation'])
export type ExportKind = z.infer<typeof ExportKind>

export const ExportFormat = z.enum(['csv', 'json', 'zip'])
export type ExportFormat = z.infer<typeof ExportFormat>

export const ExportState = z.enum(['waiting', 'running', 'ready', 'failed', 'cancelled', 'expired'])
export type ExportState = z.infer<typeof ExportState>

/** What narrows an export of the audit log. */
const AuditFilters = z.strictObject({
  operation: line(60).optional(),
  actorId: Id.optional(),
  from: Day.optional(),
  to: Day.optional(),
})

/** What narrows an export: of tasks what `task.find` takes, of the audit log what `audit.list` takes. */
export const ExportFilters = z
  .strictObject({ ...TaskQuery.shape, ...AuditFilters.shape })
  .meta({ id: 'ExportFilters' })
export type ExportFilters = z.infer<typeof ExportFilters>

export const filtersOf: Record<ExportKind, readonly string[]> = {
  tasks: Object.keys(TaskQuery.shape),
  projects: [],
  audit: Object.keys(AuditFilters.shape),
  organisation: [],
}

/** Tasks and projects everybody sees anyway; the rest is for those who may see all of it. */
export const leastRoleOf: Record<ExportKind, Role> = {
  tasks: 'viewer',
  projects: 'viewer',
  audit: 'admin',
  organisation: 'admin',
}

export const formatsOf: Record<ExportKind, readonly ExportFormat[]> = {
  tasks: ['csv', 'json'],
  projects: ['csv', 'json'],
  audit: ['csv', 'json'],
  organisation: ['zip'],
}

export const Export = z
  .object({
    id: Id,
    kind: ExportKind,
    format: ExportFormat,
    filters: ExportFilters,
    state: ExportState,
    /** Rows that were written by now; of all of them, once they were counted. */
    rowsDone: z.number().int(),
    rowsTotal: z.number().int().nullable(),
    /** Of the file. */
    bytes: z.number().int(),
    /** Why it failed. */
    error: z.string().nullable(),
    createdBy: Person.nullable(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
    /** Until then the file is kept. */
    expiresAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Export' })
export type Export = z.infer<typeof Export>

export type ExportRow = Omit<Export, 'createdBy' | 'createdAt' | 'finishedAt' | 'expiresAt'> & {
  creatorId: string | null
  creatorName: string | null
  createdAt: Date
  finishedAt: Date | null
  expiresAt: Date | null
}

/** The columns of an export, of `exports e` joined with its creator `u`. */
export const exportColumns = `e.id, e.kind, e.format, e.filters,
  case when e.state = 'ready' and e.expires_at <= now() then 'expired' else e.state end as state,
  e.rows_done as "rowsDone", e.rows_total as "rowsTotal", e.bytes::float8 as bytes, e.error,
  e.created_by as "creatorId", u.name as "creatorName", e.created_at as "createdAt",
  e.finished_at as "finishedAt", e.expires_at as "expiresAt"`

export const exportOf = ({ creatorId, creatorName, ...row }: ExportRow): Export => ({
  ...row,
  createdBy: creatorId === null ? null : { id: creatorId, name: creatorName ?? 'Somebody who left' },
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
  expiresAt: row.expiresAt?.toISOString() ?? null,
})

/** What its file is called, by what it holds and the day on which it was asked for. */
export const exportFileName = ({
  kind,
  format,
  createdAt,
}: Pick<Export, 'kind' | 'format' | 'createdAt'>): string =>
  `worklane-${kind === 'audit' ? 'audit-log' : kind}-${createdAt.slice(0, 10)}.${format}`

export const typeOfFormat: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
  zip: 'application/zip',
}
