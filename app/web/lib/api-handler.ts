import 'server-only'
import { createApi } from '@worklane/api/app.ts'
import { requestDuration } from '@worklane/api/metrics.ts'
import { createLog } from '@worklane/data/log.ts'
import { connection } from 'next/server'

let handler: ReturnType<typeof createApi> | undefined

/**
 * The whole API inside Next, for platforms that run only Next (API_IN_WEB=1). Where it runs as a process of its
 * own, which is an order of magnitude cheaper a request, these addresses are not here.
 */
export async function answerApi(request: Request): Promise<Response> {
  await connection()
  if (process.env.API_IN_WEB !== '1') return new Response(null, { status: 404 })
  const log = createLog('web')
  handler ??= createApi({
    origin: process.env.ORIGIN ?? '',
    onRequest: ({ route, status, seconds }) =>
      requestDuration().observe({ route, status: String(status) }, seconds),
    onError: (error, requestId) => log.error({ err: error, requestId }, 'request failed'),
  })
  return handler.fetch(request)
}
