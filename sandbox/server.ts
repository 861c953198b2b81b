import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type HttpBindings, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { controlRoutes } from './control/routes.ts'
import { Sandbox, type SandboxOptions } from './core/sandbox.ts'
import { CallerGone, createApi, type Exchange } from './http/api.ts'
import { Faults } from './http/faults.ts'
import { included, moveEverything, operations } from './operations.ts'
import { authenticatePages } from './pages/authenticate-page.ts'
import { checkoutPages } from './pages/checkout-page.ts'
import { invoicePages } from './pages/invoice-page.ts'
import { portalPages } from './pages/portal-page.ts'
import { addEndpoint } from './resources/webhook-endpoints.ts'
import { Deliveries } from './webhooks/deliver.ts'

export type ServerOptions = SandboxOptions & {
  /** A free one unless given. */
  port?: number
  host?: string
  /** Where pages are for those outside, if not at host and port. */
  origin?: string
  secretKey?: string
  controlKey?: string
  /** Where events are delivered from the start, without an endpoint made by the API; all of them unless given. */
  webhooks?: { url: string; events?: string[]; secret?: string }[]
  record?: (exchange: Exchange) => void
}

export type RunningSandbox = {
  origin: string
  host: string
  port: number
  secretKey: string
  publishableKey: string
  controlKey: string
  /** Of `webhooks`, in their order. */
  webhookSecrets: string[]
  sandbox: Sandbox
  deliveries: Deliveries
  close(): Promise<void>
}

/** How often it looks whether something has become due by itself. Milliseconds. */
const tick = 1_000

/** Starts a Stripe of one account in this process. */
export async function startSandbox(options: ServerOptions = {}): Promise<RunningSandbox> {
  const { host = '127.0.0.1', port = 0 } = options
  const sandbox = new Sandbox(options)
  const { secretKey = `sk_test_${sandbox.ids.text(32)}`, controlKey = `control_${sandbox.ids.text(32)}` } =
    options
  moveEverything(sandbox)
  const faults = new Faults(() => sandbox.ids.share())
  const deliveries = new Deliveries(sandbox)
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.onError((error, context) => {
    if (error instanceof CallerGone) return context.body(null, 500)
    sandbox.report(error)
    const message = `The payments sandbox failed: ${error.message}`
    return context.json({ error: { type: 'api_error', message } }, 500)
  })
  app.get('/healthz', (context) => context.text('ok'))
  app.route('/', checkoutPages(sandbox))
  app.route('/', authenticatePages(sandbox))
  app.route('/', portalPages(sandbox))
  app.route('/', invoicePages(sandbox))
  app.route('/_sandbox', controlRoutes({ sandbox, faults, deliveries, controlKey }))
  const record = options.record ? { record: options.record } : {}
  app.route('/', createApi({ sandbox, operations, included, faults, secretKeys: [secretKey], ...record }))

  const server = await new Promise<Server>((resolve, reject) => {
    const started = serve({ fetch: app.fetch, hostname: host, port }, () => resolve(started as Server))
    started.once('error', reject)
  })
  const { port: bound } = server.address() as AddressInfo
  sandbox.origin = options.origin ?? `http://${host}:${bound}`
  const webhookSecrets = (options.webhooks ?? []).map(({ url, events = ['*'], secret }) =>
    sandbox.transaction(() => {
      const { id } = addEndpoint(sandbox, url, events)
      if (secret !== undefined) sandbox.endpointSecrets.set(id, secret)
      return sandbox.endpointSecrets.get(id) ?? ''
    }),
  )
  const timer = setInterval(() => {
    try {
      sandbox.catchUp()
    } catch (error) {
      sandbox.report(error)
    }
  }, tick)
  timer.unref()
  return {
    origin: sandbox.origin,
    host,
    port: bound,
    secretKey,
    publishableKey: secretKey.replace(/^sk_/, 'pk_'),
    controlKey,
    webhookSecrets,
    sandbox,
    deliveries,
    close: async () => {
      clearInterval(timer)
      deliveries.close()
      const closed = new Promise((resolve) => server.close(resolve))
      // Some of them hang on purpose.
      server.closeAllConnections()
      await closed
    },
  }
}
