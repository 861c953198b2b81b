import { randomUUID } from 'node:crypto'
import { trpcServer } from '@hono/trpc-server'
import { Problem, problems } from '@worklane/domain/errors.ts'
import { resolveActor } from '@worklane/domain/sessions/sessions.ts'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie } from 'hono/cookie'
import { openApiDocument } from './openapi.ts'
import { restRoutes, type Variables } from './rest.ts'
import { router } from './trpc.ts'

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
  /** Errors that are nobody's input, for the log. */
  onError?: (error: unknown, requestId: string) => void
}

type Env = { Variables: Variables }

const batchCap = 10

/** REST, OpenAPI and tRPC as one web-standard `fetch` handler, for a Node process or for Next to mount. */
export function createApi({ origin, onRequest, onError }: ApiOptions) {
  const app = new Hono<Env>()
  app.use(async (context, next) => {
    const started = performance.now()
    context.set('requestId', context.req.header('x-request-id')?.slice(0, 64) ?? randomUUID())
    context.set('route', 'unknown')
    await next()
    if (!onRequest) return
    const { method } = context.req
    const seconds = (performance.now() - started) / 1000
    onRequest({
      ...{ method, seconds, route: context.get('route'), status: context.res.status },
      requestId: context.get('requestId'),
    })
  })

  const document = openApiDocument(origin)
  app.get('/openapi.json', (context) => context.json(document))

  const limit = bodyLimit({
    maxSize: 1024 * 1024,
    onError: () => refused('invalid', 'the body must be at most 1 MB'),
  })
  const signedIn: MiddlewareHandler<Env> = async (context, next) => {
    refuseOtherSites(context, origin)
    context.set('actor', await resolveActor(sessionCookie(context)))
    await next()
    context.header('Cache-Control', 'private, no-store')
  }
  app.use('/v1/*', limit, signedIn)
  app.use('/trpc/*', limit, signedIn, (context, next) => {
    const called = context.req.path.slice('/trpc/'.length).split(',')
    if (called.length > batchCap) refused('invalid', `a batch holds at most ${batchCap} calls`)
    context.set('route', called.length === 1 ? `trpc ${called[0]}` : 'trpc batch')
    return trpcServer({
      router,
      endpoint: '/trpc',
      createContext: () => ({ actor: context.get('actor'), requestId: context.get('requestId') }),
      onError: ({ error }) => {
        if (error.code === 'INTERNAL_SERVER_ERROR') onError?.(error.cause ?? error, context.get('requestId'))
      },
    })(context, next)
  })
  app.route('/', restRoutes())

  app.notFound((context) =>
    problemResponse(context, new Problem('notFound', `There is no ${context.req.path} here.`)),
  )
  app.onError((error, context) => {
    if (error instanceof Problem) return problemResponse(context, error)
    onError?.(error, context.get('requestId'))
    return problemResponse(context, null)
  })
  return app
}

function refused(kind: 'invalid' | 'forbidden', detail: string): never {
  throw new Problem(kind, detail)
}

/** A browser names the page that a write comes from; one without that is no browser and holds no ambient cookie. */
function refuseOtherSites(context: Context<Env>, origin: string): void {
  if (['GET', 'HEAD', 'OPTIONS'].includes(context.req.method)) return
  const from = context.req.header('origin')
  const site = context.req.header('sec-fetch-site')
  if ((from !== undefined && from !== origin) || site === 'cross-site') {
    refused('forbidden', 'This write came from another site.')
  }
}

const sessionCookie = (context: Context): string | undefined =>
  getCookie(context, '__Secure-authjs.session-token') ?? getCookie(context, 'authjs.session-token')

/** RFC 9457. */
function problemResponse(context: Context<Env>, problem: Problem | null): Response {
  const { status, title } = problem ? problems[problem.kind] : { status: 500, title: 'Internal error' }
  const body = {
    type: 'about:blank',
    title,
    status,
    detail: problem?.message ?? 'Something went wrong on our side. The request id helps us find it.',
    requestId: context.get('requestId'),
    ...(problem && problem.fields.length > 0 ? { errors: problem.fields } : {}),
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  })
}
