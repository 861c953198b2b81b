import { randomUUID } from 'node:crypto'
import { exportPrefix } from '@worklane/data/blob-keys.ts'
import { orgId } from '@worklane/data/ids.ts'
import { TooLate } from '@worklane/data/within.ts'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { atLeast, Plan, Role } from '@worklane/domain/actor.ts'
import { BeyondPlan } from '@worklane/domain/billing/entitlements.ts'
import { leastRoleOf } from '@worklane/domain/exports/shapes.ts'
import { exportObject } from '@worklane/domain/exports/store.ts'
import { blobs } from '@worklane/domain/files/store.ts'
import { tenantDb } from '@worklane/domain/runtime.ts'
import { z } from 'zod'
import { makeExport, type Progress } from './make.ts'
import { endFailed, endReady, letGo, type Owner, reportEvery, Superseded, type Try, take } from './tries.ts'

/** So often an export is tried before it is given up, and whoever asked is told. */
const mostTries = 6

const Payload = z.object({ exportId: z.uuid() })

/**
 * Writes the file of an export, once more from its beginning after any end that was none. Of several tries of the same
 * export the latest goes on, and the others stop within a second.
 * @param signal gives up on this try
 */
export async function runExport(job: OutboxJob, signal: AbortSignal): Promise<void> {
  const owner = { orgId: orgId(job.orgId) }
  const { exportId } = Payload.parse(job.payload)
  const taken = await take(owner, exportId, randomUUID())
  if (taken === null) return
  const stop = new AbortController()
  const giveUp = () => stop.abort(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) giveUp()
  const progress: Progress = { done: 0, total: null }
  const endReports = reportEvery(owner, taken, progress, stop)
  try {
    await write(owner, taken, progress, stop)
  } catch (error) {
    await ended(owner, taken, whyOf(error, stop), signal)
  } finally {
    endReports()
    signal.removeEventListener('abort', giveUp)
  }
}

async function write(owner: Owner, taken: Try, progress: Progress, stop: AbortController): Promise<void> {
  const person = await whoAsked(owner, taken)
  const store = await blobs()
  const key = exportObject(owner, taken.id, taken.run)
  const { kind, format, filters } = taken
  await makeExport(store, key, { ...owner, kind, format, filters, ...person }, progress, stop)
  const written = await store.propertiesOf(key)
  if (written === null) throw new Error(`the object store has nothing at ${key}`)
  await endReady(owner, taken, progress, written.size)
  // What earlier tries left. Before it is known that this one has not been superseded, it might be what a later one made.
  await store.removeBelow(exportPrefix(owner.orgId, taken.id), key)
}

/** Something that no further try changes. */
class Refused extends Error {
  override name = 'Refused'
}

/** As they are now: since they asked, they may have left. @throws Refused */
async function whoAsked(owner: Owner, { kind, createdBy }: Try): Promise<{ me: string; plan: Plan }> {
  const [person] = await tenantDb(owner).read(
    (db) => db.$queryRaw<{ id: string; role: string; plan: string }[]>`
      select m.user_id as id, m.role::text as role, o.plan::text as plan
      from memberships m join organisations o on o.id = m.org_id
      where m.org_id = ${owner.orgId}::uuid and m.user_id = ${createdBy}::uuid`,
  )
  if (!person) throw new Refused('Whoever asked for it is no longer a member of the organisation.')
  if (!atLeast(Role.parse(person.role), leastRoleOf[kind]))
    throw new Refused(`It needs the role ${leastRoleOf[kind]}, which whoever asked for it no longer has.`)
  return { me: person.id, plan: Plan.parse(person.plan) }
}

/** What stopped it says why; what came of being stopped does not. */
const whyOf = (error: unknown, stop: AbortController): unknown =>
  stop.signal.aborted ? (stop.signal.reason ?? error) : error

/** @throws what may go better with another try */
async function ended(owner: Owner, taken: Try, why: unknown, signal: AbortSignal): Promise<void> {
  if (why instanceof Superseded) return
  if (why instanceof Refused || why instanceof BeyondPlan) return endFailed(owner, taken, why.message)
  const hasFailed = !isEnded(signal)
  if (hasFailed && taken.tries >= mostTries)
    await endFailed(owner, taken, 'It could not be made. Ask for it again.')
  else await letGo(owner, taken, hasFailed)
  throw why
}

/** By a worker that stops; a try that takes too long has failed. */
const isEnded = (signal: AbortSignal): boolean => signal.aborted && !(signal.reason instanceof TooLate)
