import { Server } from 'node:net'
import { serve } from '@hono/node-server'
import { readEnvironment } from '@worklane/data/config.ts'
import { createLog } from '@worklane/data/log.ts'
import { endWhenRefused, orRefuse } from '@worklane/data/refused-start.ts'
import { onStop } from '@worklane/data/shutdown.ts'
import { startSlowness } from '@worklane/domain/faults.ts'
import { hub } from '@worklane/domain/live/hub.ts'
import { assertConnections, closeRuntime, isReady, runtime } from '@worklane/domain/runtime.ts'
import { Hono } from 'hono'
import { collectDefaultMetrics, register } from 'prom-client'
import { createApi } from './app.ts'
import { registerGauges, requestDuration } from './metrics.ts'
import { boardPath } from './operators.ts'
import type { QueueBoard } from './queue-board.ts'

const env = orRefuse('api', () => readEnvironment('api'))
endWhenRefused('api')
await orRefuse('api', assertConnections)
const log = createLog('api')

collectDefaultMetrics()
registerGauges()
const duration = requestDuration()
startSlowness()

let stopping = false
/** By then every connection in use has had its last answer. */
const drainMs = 3_000
let board: Promise<QueueBoard> | undefined
/** Few look at it: it is read in when somebody does. Its connection answers soon, or fails. */
async function openBoard(): Promise<QueueBoard> {
  const { openQueueBoard } = await import('./queue-board.ts')
  const redis = runtime().redis.duplicate({ enableAutoPipelining: false, commandTimeout: 3_000 })
  redis.on('error', () => {})
  return openQueueBoard(boardPath, redis)
}
const app = createApi({
  openQueueBoard: () => {
    board ??= openBoard()
    return board
  },
  origin: env.ORIGIN,
  onRequest: ({ route, status, seconds }) => duration.observe({ route, status: String(status) }, seconds),
  onError: (error, requestId) => log.error({ err: error, requestId }, 'request failed'),
})

const process = new Hono()
  .use(async (context, next) => {
    await next()
    if (stopping) context.header('Connection', 'close')
  })
  .get('/healthz', (context) => context.text('ok'))
  .get('/readyz', async (context) =>
    (await isReady()) ? context.text('ok') : context.text('not ready', 503),
  )
  .get('/metrics', async (context) =>
    context.body(await register.metrics(), 200, { 'Content-Type': register.contentType }),
  )
  // Not as a route of this one, which would answer in its own words where there is none.
  .all('*', (context) => app.fetch(context.req.raw, context.env))

const server = serve({ fetch: process.fetch, hostname: env.HOST, port: env.PORT }, () =>
  log.info({ port: env.PORT, environment: env.WORKLANE_ENV }, 'listening'),
)
// Longer than the edge keeps its connections, so that it is never us who closes one with a request on its way.
if ('keepAliveTimeout' in server) server.keepAliveTimeout = 75_000

onStop(async () => {
  // No new connections from here on: the edge goes to another process.
  // Not http's own close, which also cuts idle connections: a request may be on its way on one of them.
  const closed = new Promise((resolve) => Server.prototype.close.call(server, resolve))
  // Streams would never end by themselves; whoever listens connects anew, to a process that stays.
  await hub.close()
  // What comes in on connections that are open already is answered, and told to be the last.
  stopping = true
  setTimeout(() => 'closeIdleConnections' in server && server.closeIdleConnections(), drainMs)
  await closed
  await (await board)?.close()
  await closeRuntime()
})
