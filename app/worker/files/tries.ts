import type { OrgId } from '@worklane/data/ids.ts'
import { tenantDb } from '@worklane/domain/runtime.ts'
import { ProcessEnded } from './own-process.ts'

/** So many checks of one upload may end their worker, or the process of its picture; it is broken then. */
const mostTries = 5

export type Upload = { table: 'files' | 'picture_uploads'; tenant: { orgId: OrgId }; id: string }

/**
 * Runs a check of an upload, unless checks of it have ended what they ran in too often already: its row knows of those
 * that began and came to no end. One that fails has come to one, and is tried again for as long as its queue does.
 * @param signal ends the wait for the check, and it does not count: a worker that stops has a few seconds
 * @returns what the check says, or that the upload is refused
 */
export async function withinTries<T>(
  { table, tenant, id }: Upload,
  signal: AbortSignal,
  check: () => Promise<T>,
): Promise<T | { refused: 'broken' }> {
  const count = (by: 1 | -1) =>
    tenantDb(tenant).read((db) =>
      db.$queryRawUnsafe<{ begun: number }[]>(
        `update ${table} set checks_begun = greatest(0, checks_begun + $2::int)
         where org_id = (select current_org_id()) and id = $1::uuid returning checks_begun as begun`,
        id,
        by,
      ),
    )
  signal.throwIfAborted()
  const [row] = await count(1)
  if (row && row.begun > mostTries) return { refused: 'broken' }
  let hasEnded = true
  try {
    return await untilStopped(signal, check)
  } catch (error) {
    hasEnded = !(error instanceof ProcessEnded)
    throw error
  } finally {
    // A database that is away meanwhile costs one of the tries; what the check says, or why it failed, counts more.
    if (hasEnded) await count(-1).catch(() => {})
  }
}

async function untilStopped<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work(), promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
