import type { Instrumentation } from 'next'

/** Next calls it once, as the process starts. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return
  const { observeRequests } = await import('./observability/requests.ts')
  observeRequests()
  const { closeConnectionsWhenStopping } = await import('./observability/graceful-stop.ts')
  closeConnectionsWhenStopping()
  const { startSlowness } = await import('@worklane/domain/faults.ts')
  startSlowness()
}

/** What went wrong in a page, with the request's id, which the edge and the database know as well. */
export const onRequestError: Instrumentation.onRequestError = async (error, request, context) => {
  if (process.env.NEXT_RUNTIME !== 'nodejs' || isProblem(error)) return
  const { webLog } = await import('./observability/log.ts')
  const requestId = request.headers['x-request-id']
  webLog().error({ err: error, requestId, route: context.routePath, kind: context.routeType }, 'page failed')
}

/** What the caller did wrong is told to them, and no fault of ours. */
const isProblem = (error: unknown) =>
  error instanceof Error && 'digest' in error && String(error.digest).startsWith('problem:')
