import type { OrgId } from '@worklane/data/ids.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import { taskColumns, taskOf } from '@worklane/domain/tasks/rows.ts'
import { eventTopic, type Happened, isWanted } from '@worklane/domain/webhooks/events.ts'

type Imported = { importId: string; lines: readonly number[]; by: string }

/** Tells webhooks of the tasks that lines of an import became, as part of the transaction that made them. */
export async function tellOfImported(
  tx: Transaction,
  { orgId }: { orgId: OrgId },
  { importId, lines, by }: Imported,
): Promise<void> {
  const made = await tx.$queryRawUnsafe<{ id: string }[]>(madeOf, orgId, importId, lines)
  if (made.length === 0) return
  const rows = await tx.task.findMany({
    where: { id: { in: made.map(({ id }) => id) } },
    select: taskColumns,
  })
  const timestamp = new Date().toISOString()
  const events = rows.map(
    (row): Happened => ({ type: 'task.created', timestamp, data: { actorId: by, task: taskOf(row) } }),
  )
  await tx.$executeRawUnsafe(insertEvents, orgId, JSON.stringify(events))
}

/** None where nobody wants to be told. */
const madeOf = `
  select task_id as id from import_lines
  where org_id = $1::uuid and import_id = $2::uuid and line = any($3::int[])
    and ${isWanted('$1::uuid', "'task.created'")}`

const insertEvents = `
  insert into outbox (org_id, topic, payload)
  select $1::uuid, '${eventTopic}', e from jsonb_array_elements($2::jsonb) e`
