import type { Instrumentation } from 'next'

/** Next calls it once, as the process starts. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { readEnvironment } = await import('@worklane/data/config.ts')
  const { endWhenRefused, orRefuse } = await import('@worklane/data/refused-start.ts')
  const { assertConnections } = await import('@worklane/domain/runtime.ts')
  endWhenRefused('web')
  await orRefuse('web', async () => {
    readEnvironment('web')
    await assertConnections()
  })
  const { observeRequests } = await import('./observability/requests.ts')
  observeRequests()
  const { hideRewrites } = await import('./security/hidden-rewrites.ts')
  hideRewrites()
  const { closeConnectionsWhenStopping } = await import('./observability/graceful-stop.ts')
  closeConnectionsWhenStopping()
  const { startSlowness } = await import('@worklane/domain/faults.ts')
  startSlowness()
}

/** What went wrong in a page, with the request's id, which the edge and the database know as well. */
export const onRequestError: Instrumentation.onRequestError = async (error, request, context) => {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const problem = problemOf(error)
  // What the caller did wrong is told to them, and no fault of ours; that we serve nobody so often is a limit of ours.
  if (problem !== null && problem !== 'tooMany') return
  const requestId = request.headers['x-request-id']?.toString()
  if (context.routeType === 'render') {
    const { countPageFailure } = await import('./observability/page-failures.ts')
    countPageFailure(context.routePath, problem ?? 'error', requestId)
  }
  if (problem !== null) return
  const { webLog } = await import('./observability/log.ts')
  webLog().error({ err: error, requestId, route: context.routePath, kind: context.routeType }, 'page failed')
}

/** The kind of a domain's problem, by the digest that it has for the browser; null for every other error. */
const problemOf = (error: unknown): string | null =>
  error instanceof Error && 'digest' in error
    ? (/^problem:(\w+):/.exec(String(error.digest))?.[1] ?? null)
    : null
