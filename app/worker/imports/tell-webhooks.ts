import type { OrgId } from '@worklane/data/ids.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import { taskColumns, taskOf } from '@worklane/domain/tasks/rows.ts'
import { type EventType, eventTopic, happened, isWanted } from '@worklane/domain/webhooks/events.ts'

const type = 'task.created' satisfies EventType

/** Tells the webhooks that want it of tasks that were added, as part of the transaction that adds them. */
export async function tellWebhooks(
  tx: Transaction,
  { orgId }: { orgId: OrgId },
  by: string,
  taskIds: readonly string[],
): Promise<void> {
  const [wanted] = await tx.$queryRawUnsafe<{ is: boolean }[]>(asking, orgId, type)
  if (!wanted?.is) return
  const rows = await tx.task.findMany({
    relationLoadStrategy: 'join',
    where: { id: { in: [...taskIds] } },
    orderBy: { id: 'asc' },
    select: taskColumns,
  })
  const events = rows.map((row) => happened(type, { actorId: by, task: taskOf(row) }))
  await tx.$executeRawUnsafe(enqueuing, orgId, eventTopic, JSON.stringify(events))
}

const asking = `select ${isWanted('$1::uuid', '$2::text')} as is`
const enqueuing = `insert into outbox (org_id, topic, payload)
  select $1::uuid, $2, event from jsonb_array_elements($3::jsonb) as event`
