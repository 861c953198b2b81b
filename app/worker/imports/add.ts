import type { OrgId } from '@worklane/data/ids.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import type { Checked } from '@worklane/domain/imports/check.ts'
import { applyImport } from '@worklane/domain/imports/operations.ts'
import { generateNKeysBetween } from 'fractional-indexing'
import { tellWebhooks } from './tell-webhooks.ts'

export type Line = Checked

type Cause = { importId: string; by: string; requestId: string }
type Owner = { orgId: OrgId }

/**
 * Adds a task for each line, with its labels, its entries in the activity and in the audit log and its event for
 * webhooks, and notes at the line which task it became. Who left since is nobody's assignee, and labels that are gone are left out.
 * @returns a line whose project is gone; then nothing was added
 */
export async function addTasks(
  tx: Transaction,
  { orgId }: Owner,
  { importId, by, requestId }: Cause,
  lines: readonly Line[],
): Promise<Line | null> {
  const byProject = Map.groupBy(lines, ({ task }) => task.projectId)
  const tasks: Added[] = []
  // By their ids, so that two imports never wait for each other.
  for (const projectId of [...byProject.keys()].sort()) {
    const its = byProject.get(projectId) as Line[]
    const project = await takeNumbers(tx, projectId, its.length)
    if (!project) return its[0] as Line
    const positions = await placesAtEnd(tx, projectId, its)
    for (const [index, { line, task }] of its.entries()) {
      const number = project.next + index
      tasks.push({
        ...task,
        line,
        number,
        key: `${project.key}-${number}`,
        position: positions[index] as string,
      })
    }
  }
  const made = await tx.$queryRawUnsafe<{ taskId: string }[]>(
    insertTasks,
    ...[orgId, importId, by, requestId, applyImport.name, JSON.stringify(tasks)],
  )
  const ids = made.map(({ taskId }) => taskId)
  await tellWebhooks(tx, { orgId }, by, ids)
  return null
}

type Added = Line['task'] & { line: number; number: number; key: string; position: string }

/** Holds the project, and with it the order of its tasks. @returns the first of so many numbers; null for none */
async function takeNumbers(
  tx: Transaction,
  projectId: string,
  count: number,
): Promise<{ key: string; next: number } | null> {
  const [project] = await tx.$queryRaw<{ key: string; next: number }[]>`
    update projects set next_number = next_number + ${count}::int
    where org_id = (select current_org_id()) and id = ${projectId}::uuid
    returning key, next_number - ${count}::int as next`
  return project ?? null
}

/** A place for each line, at the end of its column. */
async function placesAtEnd(tx: Transaction, projectId: string, lines: readonly Line[]): Promise<string[]> {
  const places: string[] = []
  for (const [status, its] of Map.groupBy([...lines.entries()], ([, { task }]) => task.status)) {
    const last = await tx.task.findFirst({
      where: { projectId, status },
      orderBy: { position: 'desc' },
      select: { position: true },
    })
    const keys = generateNKeysBetween(last?.position, null, its.length)
    for (const [nth, [index]] of its.entries()) places[index] = keys[nth] as string
  }
  return places
}

const insertTasks = `
  with lines as (
    select uuidv7() as id, l.* from jsonb_to_recordset($6::jsonb) as l (
      line int, number int, key text, position text, "projectId" uuid, title text, description text,
      status task_status, priority task_priority, "assigneeId" uuid, "dueOn" date, "labelIds" jsonb)
  ), made as (
    insert into tasks (org_id, id, project_id, number, title, description, status, priority, assignee_id, due_on,
      position, created_by, done_at)
    select $1::uuid, l.id, l."projectId", l.number, l.title, l.description, l.status, l.priority, m.user_id, l."dueOn",
      l.position, $3::uuid, case when l.status = 'done' then now() end
    from lines l left join memberships m on m.org_id = $1::uuid and m.user_id = l."assigneeId"
  ), labelled as (
    insert into task_labels (org_id, task_id, label_id)
    select $1::uuid, l.id, b.id
    from lines l cross join jsonb_array_elements_text(l."labelIds") as label (id)
    join labels b on b.org_id = $1::uuid and b.id = label.id::uuid
  ), told as (
    insert into activity (org_id, outbox_id, task_id, task_key, task_title, kind, actor_id)
    select $1::uuid, l.id, l.id, l.key, l.title, 'created', $3::uuid from lines l
  ), noted as (
    insert into audit_log (org_id, actor_id, operation, target, after, request_id)
    select $1::uuid, $3::uuid, $5, 'task ' || l.id,
      jsonb_build_object('import', $2::uuid, 'line', l.line, 'key', l.key, 'title', l.title, 'status', l.status),
      $4 from lines l
  )
  update import_lines i set task_id = l.id from lines l
  where i.org_id = $1::uuid and i.import_id = $2::uuid and i.line = l.line
  returning i.task_id as "taskId"`
