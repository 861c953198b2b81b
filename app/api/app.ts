import { trpcServer } from '@hono/trpc-server'
import { networkOf } from '@worklane/data/rate-limit/classes.ts'
import { Problem } from '@worklane/domain/errors.ts'
import type { Call } from '@worklane/domain/execute.ts'
import { operations } from '@worklane/domain/operations.ts'
import { limitAddress } from '@worklane/domain/rate-limits.ts'
import { Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { actorOf, operatorOf, refuseOtherSites } from './credentials.ts'
import { eventRoutes } from './events.ts'
import { requestIdOf, securityHeaders } from './headers.ts'
import { openApiDocument } from './openapi.ts'
import { boardRoutes, isForOperators, operatorRoutes } from './operators.ts'
import { comeBackIn, limitHeaders, problemResponse } from './problem.ts'
import type { QueueBoard } from './queue-board.ts'
import { readToTheEnd } from './read-to-the-end.ts'
import { methodsOf, restRoutes, type Variables } from './rest.ts'
import { operatorRouter, router } from './trpc.ts'
import { webhookRoutes } from './webhooks.ts'

export type Observation = {
  route: string
  method: string
  status: number
  seconds: number
  requestId: string
}

export type ApiOptions = {
  /** The public origin: writes that a browser sends from another one are refused. */
  origin: string
  onRequest?: (observation: Observation) => void
  /** Makes the operators' dashboard of the queues; without it there is none. */
  openQueueBoard?: () => Promise<QueueBoard>
  /** Errors that are nobody's input, for the log. */
  onError?: (error: unknown, requestId: string) => void
}

type Env = { Variables: Variables }

const batchCap = 10
const bodiless = new Set(['GET', 'HEAD'])

/** REST, OpenAPI and tRPC as one web-standard `fetch` handler, for a Node process or for Next to mount. */
export function createApi({ origin, onRequest, onError, openQueueBoard }: ApiOptions) {
  const app = new Hono<Env>()
  const headers = securityHeaders(origin)
  app.use(async (context, next) => {
    const started = performance.now()
    context.set('requestId', requestIdOf(context.req.header('x-request-id')))
    context.set('route', 'unknown')
    await next()
    // Straight into the answer: context.header() would make a copy of it first.
    for (const [name, value] of headers) context.res.headers.set(name, value)
    const policy = context.get('policy')
    if (policy) context.res.headers.set('Content-Security-Policy', policy)
    context.res.headers.set('X-Request-Id', context.get('requestId'))
    if (!onRequest) return
    const { method } = context.req
    const seconds = (performance.now() - started) / 1000
    onRequest({
      ...{ method, seconds, route: context.get('route'), status: context.res.status },
      requestId: context.get('requestId'),
    })
  })

  // Of every address: whoever answers without reading the body leaves it to the connection's next request.
  app.use(readToTheEnd)

  const document = JSON.stringify(openApiDocument(origin))
  app.get('/openapi.json', (context) => {
    context.set('route', 'GET /openapi.json')
    return context.body(document, 200, {
      'Content-Type': 'application/json',
      'Cache-Control': 'public, max-age=300',
    })
  })

  const limited = bodyLimit({
    maxSize: 1024 * 1024,
    onError: () => {
      throw new Problem('tooLarge', 'the body must be at most 1 MB')
    },
  })
  // It looks at the body, which is dear even where there is none.
  const limit: MiddlewareHandler<Env> = (context, next) =>
    bodiless.has(context.req.method) ? next() : limited(context, next)
  const signedIn: MiddlewareHandler<Env> = async (context, next) => {
    refuseOtherSites(context.req.raw, origin)
    const actor = await actorOf(context.req.raw, origin, context.get('requestId'))
    context.set('actor', actor)
    // By the edge's word; without an edge there is nobody who could be told from another.
    const address = context.req.header('x-forwarded-for')?.split(',')[0]?.trim()
    if (actor === null && address) await limitAddress(networkOf(address), 'anonymous')
    await next()
    const { headers } = context.res
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'private, no-store')
  }
  app.use('/v1/*', limit, signedIn)
  app.use('/trpc/*', limit, signedIn, async (context, next) => {
    const called = callsOf(context.req.raw)
    if (called.length > batchCap) throw new Problem('invalid', `a batch holds at most ${batchCap} calls`)
    const operator = called.some(isForOperators)
      ? await operatorOf(context.req.raw, origin, context.get('requestId'))
      : null
    context.set('route', called.length === 1 ? labelOf(called[0], operator !== null) : 'trpc batch')
    const calls: Call[] = []
    return trpcServer({
      router: operator ? operatorRouter : router,
      endpoint: '/trpc',
      // Once more where the library itself splits: no spelling goes around it.
      maxBatchSize: batchCap,
      createContext: () => ({
        actor: context.get('actor'),
        operator,
        requestId: context.get('requestId'),
        calls,
      }),
      responseMeta: ({ errors }) => ({
        headers: { ...limitHeaders(calls), ...comeBackIn(errors.map(({ cause }) => cause)) },
      }),
      onError: ({ error }) => {
        if (error.code === 'INTERNAL_SERVER_ERROR') onError?.(error.cause ?? error, context.get('requestId'))
      },
    })(context, next)
  })
  app.route('/', webhookRoutes())
  app.route('/', eventRoutes(origin))
  app.route('/', operatorRoutes(origin))
  if (openQueueBoard) app.route('/', boardRoutes(origin, openQueueBoard))
  app.route('/', restRoutes())

  app.notFound((context) => {
    const { method, path } = context.req
    const allowed = methodsOf(path)
    return allowed.length === 0
      ? problemResponse(
          new Problem('notFound', `There is no ${method} ${path} here.`),
          context.get('requestId'),
        )
      : problemResponse(
          new Problem('methodNotAllowed', `${path} takes ${allowed.join(', ')}, not ${method}.`),
          context.get('requestId'),
          { Allow: allowed.join(', ') },
        )
  })
  app.onError((error, context) => {
    const requestId = context.get('requestId')
    if (error instanceof Problem)
      return problemResponse(error, requestId, limitHeaders([context.get('call')]))
    onError?.(error, requestId)
    return problemResponse(null, requestId)
  })
  return app
}

/** A figure's label is one of a list, never what somebody asked for: each new one would be kept for ever. */
const labelOf = (procedure = '', isOperator = false) =>
  Object.hasOwn(operations, procedure) || (isOperator && isForOperators(procedure))
    ? `trpc ${procedure}`
    : 'trpc unknown'

/** The procedures of a request, as tRPC will split them: it decodes the path first. */
function callsOf(request: Request): string[] {
  const path = new URL(request.url).pathname.slice('/trpc/'.length)
  try {
    return decodeURIComponent(path).split(',')
  } catch {
    throw new Problem('invalid', 'the path is not encoded as a URL')
  }
}
