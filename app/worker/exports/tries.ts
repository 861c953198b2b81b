import type { OrgId } from '@worklane/data/ids.ts'
import type { ExportFilters, ExportFormat, ExportKind } from '@worklane/domain/exports/shapes.ts'
import { keptDays } from '@worklane/domain/exports/store.ts'
import { tellOfJob } from '@worklane/domain/exports/tell.ts'
import { tenantDb } from '@worklane/domain/runtime.ts'
import { NotNow } from '../queue.ts'
import type { Progress } from './make.ts'

export type Owner = { orgId: OrgId }

/** One try to make an export. */
export type Try = {
  id: string
  run: string
  tries: number
  kind: ExportKind
  format: ExportFormat
  filters: ExportFilters
  createdBy: string | null
}

/** It was cancelled, or another try goes on with it. */
export class Superseded extends Error {
  override name = 'Superseded'
}

/** How often it is said how far it is, and looked whether it shall go on. Milliseconds. */
const reportMs = 1_000
/** Who has said nothing for so long is dead. Seconds. */
const silentSeconds = 20
const askAgainMs = 5_000
/** So many files of an organisation are kept; older ones go before their time. */
const keptAtMost = 20

/**
 * Begins a try.
 * @returns null for what is over
 * @throws NotNow where another one is under way
 */
export async function take(owner: Owner, id: string, run: string): Promise<Try | null> {
  const [taken] = await tenantDb(owner).read(
    (db) => db.$queryRaw<Try[]>`
      update exports set state = 'running', run = ${run}::uuid, tries = tries + 1,
        rows_done = 0, rows_total = null, seen_at = now()
      where org_id = ${owner.orgId}::uuid and id = ${id}::uuid and (state = 'waiting'
        or state = 'running' and (seen_at is null or seen_at < now() - make_interval(secs => ${silentSeconds}::int)))
      returning id, run, tries, kind, format, filters, created_by as "createdBy"`,
  )
  if (taken) return taken
  const [going] = await tenantDb(owner).read(
    (db) => db.$queryRaw<{ id: string }[]>`
      select id from exports
      where org_id = ${owner.orgId}::uuid and id = ${id}::uuid and state in ('waiting', 'running')`,
  )
  if (going) throw new NotNow(askAgainMs)
  return null
}

/** Says every second how far a try is, and stops it where it shall not go on. @returns what ends that */
export function reportEvery(
  owner: Owner,
  taken: Try,
  progress: Progress,
  stop: AbortController,
  everyMs = reportMs,
): () => void {
  let isReporting = false
  const timer = setInterval(async () => {
    if (isReporting) return
    isReporting = true
    try {
      if (!(await isGoingOn(owner, taken, progress))) stop.abort(new Superseded())
    } catch {
      // A database that is away is found out by whoever reads of it.
    } finally {
      isReporting = false
    }
  }, everyMs)
  return () => clearInterval(timer)
}

const isGoingOn = async (owner: Owner, { id, run }: Try, { done, total }: Progress): Promise<boolean> =>
  (await tenantDb(owner).read(
    (db) => db.$executeRaw`
      update exports set rows_done = ${done}::int, rows_total = ${total}::int, seen_at = now()
      where org_id = ${owner.orgId}::uuid and id = ${id}::uuid and run = ${run}::uuid and state = 'running'`,
  )) > 0

/**
 * Leaves it to the next try, which need not wait until this one is taken for dead.
 * @param counts whether this one has failed, and was not only ended
 */
export async function letGo(owner: Owner, { id, run }: Try, counts: boolean): Promise<void> {
  await tenantDb(owner).read(
    (db) => db.$executeRaw`
      update exports set seen_at = null, tries = tries - ${counts ? 0 : 1}::int
      where org_id = ${owner.orgId}::uuid and id = ${id}::uuid and run = ${run}::uuid and state = 'running'`,
  )
}

/** The file is there: says so, once, to whoever asked. @throws Superseded */
export async function endReady(
  owner: Owner,
  { id, run, kind, createdBy }: Try,
  { done }: Progress,
  bytes: number,
): Promise<void> {
  await tenantDb(owner).transaction(async (tx) => {
    const ended = await tx.$executeRaw`
      update exports set state = 'ready', rows_done = ${done}::int, rows_total = ${done}::int, bytes = ${bytes}::bigint,
        error = null, finished_at = now(), expires_at = now() + make_interval(days => ${keptDays}::int)
      where org_id = ${owner.orgId}::uuid and id = ${id}::uuid and run = ${run}::uuid and state = 'running'`
    if (ended === 0) throw new Superseded()
    await tx.$executeRaw`
      update exports set state = 'expired' where org_id = ${owner.orgId}::uuid and id in (
        select id from exports where org_id = ${owner.orgId}::uuid and state = 'ready'
        order by finished_at desc, id desc offset ${keptAtMost}::int)`
    await tellOfJob(tx, owner.orgId, createdBy, {
      kind: 'exported',
      subject: `Your export of ${nouns[kind]} is ready`,
      text: `You can download it for ${keptDays} days, when you are signed in:`,
      page: '/settings/exports',
    })
  })
}

/** It will not be there: says so, and why. @param why a sentence */
export async function endFailed(owner: Owner, { id, run, kind, createdBy }: Try, why: string): Promise<void> {
  await tenantDb(owner).transaction(async (tx) => {
    const ended = await tx.$executeRaw`
      update exports set state = 'failed', error = ${why}, finished_at = now()
      where org_id = ${owner.orgId}::uuid and id = ${id}::uuid and run = ${run}::uuid and state = 'running'`
    if (ended === 0) return
    await tellOfJob(tx, owner.orgId, createdBy, {
      kind: 'exported',
      subject: `Your export of ${nouns[kind]} failed`,
      text: why,
      page: '/settings/exports',
    })
  })
}

const nouns: Record<ExportKind, string> = {
  tasks: 'tasks',
  projects: 'projects',
  audit: 'the audit log',
  organisation: 'the organisation',
}
