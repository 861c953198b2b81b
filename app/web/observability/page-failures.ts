import { pageFailures } from '@worklane/api/metrics.ts'

/** More requests than can have a page under way at once. */
const remembered = 1_000
const told = new Set<string>()

/**
 * Counts a page that failed: once, however many of its parts did.
 * @param requestId of the edge; without one every part counts
 */
export function countPageFailure(route: string, kind: string, requestId: string | undefined): void {
  if (requestId !== undefined) {
    if (told.has(requestId)) return
    told.add(requestId)
    const [oldest = ''] = told
    if (told.size > remembered) told.delete(oldest)
  }
  pageFailures().inc({ route, kind })
}
