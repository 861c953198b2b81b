import type { OrgId } from '@worklane/data/ids.ts'
import { tenantDb } from '@worklane/domain/runtime.ts'

/** So many checks of one upload may end their worker; it is broken then. */
const mostTries = 5

/**
 * Runs a check of an upload, unless checks of it have ended their worker too often already: its row knows of those that
 * began and came to no end. One that fails has come to one, and is tried again for as long as its queue does.
 * @returns what the check says, or that the upload is refused
 */
export async function withinTries<T>(
  table: 'files' | 'picture_uploads',
  tenant: { orgId: OrgId },
  id: string,
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
  const [row] = await count(1)
  if (row && row.begun > mostTries) return { refused: 'broken' }
  try {
    return await check()
  } finally {
    // A database that is away meanwhile costs one of the tries; what the check says, or why it failed, counts more.
    await count(-1).catch(() => {})
  }
}
