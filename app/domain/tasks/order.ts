import type { Transaction } from '@worklane/data/tenant.ts'
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing'
import { forget, tell } from '../effects.ts'
import { invalidField } from '../errors.ts'
import { tags } from '../tags.ts'
import type { TaskStatus } from './shapes.ts'

/** A column of a board, and the task that comes to stand in it; a new one has no id yet. */
type Place = { projectId: string; status: TaskStatus; taskId?: string }

/** A longer key has its whole column numbered anew. A key grows by a character for six drops at one place. */
const longestKey = 64

/**
 * Waits until nobody else orders the tasks of a task's project, as part of the transaction that runs: two who take a
 * place at the same time would get the same key. Making a task locks the same row.
 */
export async function lockOrder(tx: Transaction, taskId: string): Promise<void> {
  await tx.$queryRaw`
    select id from projects
    where org_id = (select current_org_id())
      and id = (select project_id from tasks where org_id = (select current_org_id()) and id = ${taskId}::uuid)
    for no key update`
}

/** The key of the place at the end of a column. The project is locked. */
export async function endOfColumn(tx: Transaction, place: Place): Promise<string> {
  const last = await tx.task.findFirst({
    where: { ...columnOf(place), ...(place.taskId ? { id: { not: place.taskId } } : {}) },
    orderBy: { position: 'desc' },
    select: { position: true },
  })
  return bounded(tx, place, generateKeyBetween(last?.position, null), null)
}

/** The key of the place right before another task. The project is locked. @throws Problem invalid */
export async function placeBefore(
  tx: Transaction,
  place: Place & { taskId: string },
  below: string,
): Promise<string> {
  const { projectId, status, taskId } = place
  const [between] = await tx.$queryRaw<{ above: string | null; below: string }[]>`
    select b.position as below, (
      select a.position from tasks a
      where a.org_id = b.org_id and a.project_id = b.project_id and a.status = b.status
        and a.position < b.position and a.id <> ${taskId}::uuid
      order by a.position desc limit 1) as above
    from tasks b
    where b.org_id = (select current_org_id()) and b.id = ${below}::uuid
      and b.project_id = ${projectId}::uuid and b.status = ${status}::task_status`
  if (!between) throw invalidField('before', `must be a task in the column ${status} of the same project`)
  return bounded(tx, place, generateKeyBetween(between.above, between.below), below)
}

const columnOf = ({ projectId, status }: Place) => ({ projectId, status })

/** A key that is short enough, or the one of the same place in a column that was numbered anew. */
async function bounded(tx: Transaction, place: Place, key: string, below: string | null): Promise<string> {
  if (key.length <= longestKey) return key
  const column = await tx.task.findMany({
    where: columnOf(place),
    orderBy: { position: 'asc' },
    select: { id: true, position: true },
  })
  const others = column.filter(({ id }) => id !== place.taskId)
  const at = below === null ? others.length : others.findIndex(({ id }) => id === below)
  // All of them behind the last one: none meets a key that is not yet taken away.
  const keys = generateNKeysBetween(column.at(-1)?.position, null, others.length + 1)
  const [taken] = keys.splice(at, 1) as [string]
  const moves = others.map(({ id }, index) => ({ id, position: keys[index] }))
  await tx.$executeRaw`
    update tasks t set position = k.position
    from jsonb_to_recordset(${JSON.stringify(moves)}::jsonb) as k (id uuid, position text)
    where t.org_id = (select current_org_id()) and t.id = k.id`
  forget(tags.work)
  // Those who watch know only the old keys: they load the board anew.
  tell(place.projectId, 'open', {})
  return taken
}
