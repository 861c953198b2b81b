import { orgId } from '@worklane/data/ids.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import { TooLate } from '@worklane/data/within.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { atLeast, Role } from '@worklane/domain/actor.ts'
import { forgetTags } from '@worklane/domain/cache.ts'
import { tellOfJob } from '@worklane/domain/exports/tell.ts'
import { publish } from '@worklane/domain/live/channel.ts'
import { tenantDb } from '@worklane/domain/runtime.ts'
import { tags } from '@worklane/domain/tags.ts'
import { z } from 'zod'
import { addTasks, type Line } from './add.ts'

/** So many tasks are added in one transaction: it holds their projects, in which nobody else adds one meanwhile. */
const linesAtOnce = 50
/** So often an import is tried before it is given up. What was added stays. */
const mostTries = 6

const Payload = z.object({ importId: z.uuid() })
type Owner = { orgId: ReturnType<typeof orgId> }

/**
 * Adds the tasks of an import, each line once: a line is locked as its task is added, in the same transaction. After
 * any end it goes on where it was.
 * @param signal gives up on this try
 */
export async function runImport(job: OutboxJob, signal: AbortSignal): Promise<void> {
  const owner = { orgId: orgId(job.orgId) }
  const { importId } = Payload.parse(job.payload)
  const tries = await begin(owner, importId)
  if (tries === null) return
  try {
    for (;;) {
      signal.throwIfAborted()
      const projects = await addSome(owner, importId)
      if (projects === null) break
      await tellOthers(owner, projects)
    }
    await tellOthers(owner, await projectsOf(owner, importId))
    await end(owner, importId, null)
  } catch (error) {
    if (error instanceof Refused) return end(owner, importId, error.message)
    if (signal.aborted && !(signal.reason instanceof TooLate)) await takeBack(owner, importId)
    else if (tries >= mostTries) await end(owner, importId, 'It could not be finished.')
    throw error
  }
}

/** Something that no further try changes. */
class Refused extends Error {
  override name = 'Refused'
}

/** @returns how many tries there were, this one among them; null for what is over */
async function begin(owner: Owner, id: string): Promise<number | null> {
  const [begun] = await tenantDb(owner).read(
    (db) => db.$queryRaw<{ tries: number }[]>`
      update imports set state = 'running', tries = tries + 1, seen_at = now()
      where org_id = ${owner.orgId}::uuid and id = ${id}::uuid and state in ('waiting', 'running')
      returning tries`,
  )
  return begun?.tries ?? null
}

/** A worker that stops ended this try, and it has not failed. */
async function takeBack(owner: Owner, id: string): Promise<void> {
  await tenantDb(owner).read(
    (db) => db.$executeRaw`
      update imports set tries = tries - 1
      where org_id = ${owner.orgId}::uuid and id = ${id}::uuid and state = 'running'`,
  )
}

/** @returns the projects that got a task; null when there is no line any more. @throws Refused */
function addSome(owner: Owner, id: string): Promise<Set<string> | null> {
  return tenantDb(owner).transaction(async (tx) => {
    // Two workers with the same import take turns.
    const [its] = await tx.$queryRaw<Asked[]>`
      select coalesce(i.applied_by, i.created_by) as "askedBy", i.request_id as "requestId",
        coalesce(o.read_only_at <= now(), false) as "isReadOnly"
      from imports i join organisations o on o.id = i.org_id
      where i.org_id = ${owner.orgId}::uuid and i.id = ${id}::uuid and i.state = 'running' for update of i`
    if (!its) return null
    const lines = await tx.$queryRaw<Line[]>`
      select line, task from import_lines
      where org_id = ${owner.orgId}::uuid and import_id = ${id}::uuid and task_id is null
      order by line limit ${linesAtOnce}::int for update`
    if (lines.length === 0) return null
    if (its.isReadOnly) throw new Refused('Your organisation became read only, since an invoice is not paid.')
    const by = await whoAsked(tx, owner, its.askedBy)
    const missing = await addTasks(tx, owner, { importId: id, by, requestId: its.requestId }, lines)
    if (missing) throw new Refused(`Line ${missing.line}: its project was removed meanwhile.`)
    await tx.$executeRaw`
      update imports set rows_done = rows_done + ${lines.length}::int, seen_at = now()
      where org_id = ${owner.orgId}::uuid and id = ${id}::uuid`
    return new Set(lines.map(({ task }) => task.projectId))
  })
}

/** Who applied it, and not who had the file checked. A version before that was noted wrote down only the latter. */
type Asked = { askedBy: string | null; requestId: string; isReadOnly: boolean }

/** As they are now: since they asked, they may have left. @throws Refused */
async function whoAsked(tx: Transaction, owner: Owner, askedBy: string | null): Promise<string> {
  const [person] = await tx.$queryRaw<{ id: string; role: string }[]>`
    select user_id as id, role::text as role from memberships
    where org_id = ${owner.orgId}::uuid and user_id = ${askedBy}::uuid`
  if (person && atLeast(Role.parse(person.role), 'member')) return person.id
  throw new Refused('Whoever asked for it may add no tasks any more.')
}

const projectsOf = async (owner: Owner, id: string): Promise<Set<string>> => {
  const rows = await tenantDb(owner).read(
    (db) => db.$queryRaw<{ projectId: string }[]>`
      select distinct task->>'projectId' as "projectId" from import_lines
      where org_id = ${owner.orgId}::uuid and import_id = ${id}::uuid`,
  )
  return new Set(rows.map(({ projectId }) => projectId))
}

/** Who shows tasks of these projects must look again. */
async function tellOthers(owner: Owner, projects: Set<string>): Promise<void> {
  await forgetTags(owner, [tags.tasks, ...[...projects].map(tags.board)])
  await Promise.all([...projects].map((project) => publish(owner, project, 'open', {})))
}

/** Says what came of it, once, to whoever asked. @param why it failed; null where it did not */
async function end(owner: Owner, id: string, why: string | null): Promise<void> {
  await tenantDb(owner).transaction(async (tx) => {
    const [ended] = await tx.$queryRaw<{ name: string; askedBy: string | null; rowsDone: number }[]>`
      update imports set state = ${why === null ? 'done' : 'failed'}, error = ${why}, finished_at = now()
      where org_id = ${owner.orgId}::uuid and id = ${id}::uuid and state = 'running'
      returning name, coalesce(applied_by, created_by) as "askedBy", rows_done as "rowsDone"`
    if (!ended) return
    const { name, rowsDone } = ended
    const added = `${rowsDone} ${rowsDone === 1 ? 'task was' : 'tasks were'} added.`
    await tellOfJob(tx, owner.orgId, ended.askedBy, {
      kind: 'imported',
      subject: why === null ? 'Your import is done' : 'Your import failed',
      excerpt: why === null ? `${name} is imported` : `The import of ${name} failed`,
      text: [`The file is “${name}”.`, why, added].filter(Boolean).join(' '),
      page: '/settings/imports',
    })
  })
}
