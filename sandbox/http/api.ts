import { createHash } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import qs from 'qs'
import type { Invoice } from '../core/objects/invoices.ts'
import { apiVersion, type Sandbox } from '../core/sandbox.ts'
import { document } from '../openapi/document.ts'
import { StripeError } from './errors.ts'
import { expand, type Included } from './expand.ts'
import type { Fault, Faults } from './faults.ts'
import { type Answer, IdempotencyKeys } from './idempotency.ts'
import type { Operation } from './operation.ts'
import { pageParams } from './pages.ts'
import { type Form, readParameters } from './parameters.ts'

export type Exchange = {
  method: string
  /** As in Stripe's document. */
  route: string
  path: string
  form: string
  status: number
  body: string
}

export type ApiParts = {
  sandbox: Sandbox
  operations: readonly Operation[]
  included: Included
  faults: Faults
  secretKeys: readonly string[]
  /** Sees every request that was carried out, and its answer. */
  record?: (exchange: Exchange) => void
}

type Bindings = { Bindings: HttpBindings }

/** Whoever asked hung up before there was an answer. */
export class CallerGone extends Error {}

/** Stripe's API: form bodies in, JSON out. */
export function createApi(parts: ApiParts): Hono<Bindings> {
  const api = new Hono<Bindings>()
  const keys = new IdempotencyKeys()
  for (const operation of parts.operations) {
    const [method = '', path = ''] = operation.route.split(' ')
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
    api.on(method, path.replaceAll(/\{(\w+)\}/g, ':$1'), (context) =>
      answer(context, operation.route, (form) =>
        carryOut(
          parts,
          operation,
          form,
          names.map((name) => context.req.param(name) ?? ''),
        ),
      ),
    )
  }
  api.all('*', (context) =>
    answer(context, 'unknown', () => {
      const { method, path } = context.req
      throw new StripeError(
        404,
        'invalid_request_error',
        `Unrecognized request URL (${method}: ${path}). The payments sandbox has no such operation.`,
      )
    }),
  )
  return api

  async function answer(
    context: Context<Bindings>,
    route: string,
    work: (form: Form) => string,
  ): Promise<Response> {
    const requestId = parts.sandbox.ids.next('req', 14)
    const text =
      context.req.method === 'POST' ? await context.req.text() : new URL(context.req.url).search.slice(1)
    const fault = parts.faults.next(route)
    const key = context.req.method === 'POST' ? context.req.header('idempotency-key') : undefined
    const given = await answerOnce(context, route, text, requestId, key, fault, work)
    if (fault?.kind === 'timeout') await closed(context)
    return new Response(given.body, {
      status: given.status,
      headers: {
        'Content-Type': 'application/json',
        'Request-Id': requestId,
        'Stripe-Version': context.req.header('stripe-version') ?? apiVersion,
        ...(key === undefined ? {} : { 'Idempotency-Key': key }),
        ...given.headers,
      },
    })
  }

  /** One answer for each idempotency key. */
  async function answerOnce(
    context: Context<Bindings>,
    route: string,
    text: string,
    requestId: string,
    key: string | undefined,
    fault: Fault | undefined,
    work: (form: Form) => string,
  ): Promise<Answer> {
    let isBegun = false
    try {
      authenticate(context.req.header('authorization'), parts.secretKeys)
      await befall(fault, context)
      if (key !== undefined) {
        const fingerprint = createHash('sha256').update(`${context.req.path}\n${text}`).digest('hex')
        const before = keys.begin(key, fingerprint, requestId)
        if (before)
          return {
            ...before,
            headers: { 'Idempotent-Replayed': 'true', 'Original-Request': before.requestId },
          }
        isBegun = true
      }
      if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.milliseconds))
      parts.sandbox.catchUp()
      parts.sandbox.request = { id: requestId, idempotency_key: key ?? null }
      const form = qs.parse(text, { depth: 20, arrayLimit: 1000, parameterLimit: 10_000 }) as Form
      const given = { status: 200, body: work(form), headers: {} }
      if (key !== undefined) keys.settle(key, given)
      record(context, route, text, given)
      return given
    } catch (error) {
      if (!(error instanceof StripeError)) {
        if (isBegun && key !== undefined) keys.settle(key, undefined)
        throw error
      }
      const given = {
        status: error.status,
        body: JSON.stringify(error.body(requestId), null, 2),
        headers: {},
      }
      // A request that was refused before anything was done may come again under its key, corrected.
      if (isBegun && key !== undefined) keys.settle(key, error.keeps ? given : undefined)
      record(context, route, text, given)
      return given
    } finally {
      parts.sandbox.request = null
    }
  }

  function record(context: Context<Bindings>, route: string, form: string, { status, body }: Answer): void {
    const { method, path } = context.req
    parts.record?.({ method, route, path, form, status, body })
  }
}

function carryOut(
  { sandbox, included }: ApiParts,
  operation: Operation,
  form: Form,
  ids: readonly string[],
): string {
  const described = document.operations[operation.route]
  if (!described) throw new Error(`Stripe's document has no "${operation.route}"`)
  const { expand: paths = [], ...params } = readParameters(described, form)
  assertTaken(operation, params)
  return sandbox.transaction(() => {
    const answer = operation.run(sandbox, params, ...ids)
    return JSON.stringify(expand(sandbox, answer, paths as string[], included), asSent, 2)
  })
}

function assertTaken({ takes }: Operation, params: Record<string, unknown>): void {
  const unheeded = Object.keys(params).find(
    (name) => !takes.includes(name) && !(pageParams as readonly string[]).includes(name),
  )
  if (unheeded === undefined) return
  throw new StripeError(
    400,
    'invalid_request_error',
    `Stripe knows the parameter ${unheeded} here, the payments sandbox does not heed it.`,
    { code: 'sandbox_not_offered', param: unheeded },
  )
}

/** Of an invoice's lines only the first ten go with it; the rest is paged. */
export function asSent(_key: string, value: unknown): unknown {
  const { object, lines } = (value ?? {}) as Partial<Invoice>
  if (object !== 'invoice' || !lines || lines.data.length <= 10) return value
  return { ...(value as Invoice), lines: { ...lines, data: lines.data.slice(0, 10), has_more: true } }
}

function authenticate(header: string | undefined, secretKeys: readonly string[]): void {
  const [scheme = '', credential = ''] = header?.split(' ') ?? []
  const key = scheme === 'Basic' ? Buffer.from(credential, 'base64').toString().split(':')[0] : credential
  if (!key)
    throw new StripeError(
      401,
      'invalid_request_error',
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    )
  if (secretKeys.includes(key)) return
  const shown = key.length > 12 ? `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}` : key
  throw new StripeError(401, 'invalid_request_error', `Invalid API Key provided: ${shown}`)
}

async function befall(fault: Fault | undefined, context: Context<Bindings>): Promise<void> {
  switch (fault?.kind) {
    case 'rate_limit':
      throw new StripeError(
        429,
        'invalid_request_error',
        'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.',
        { code: 'rate_limit' },
      )
    case 'error':
      throw new StripeError(500, 'api_error', 'An unknown error occurred')
    case 'hang':
      return closed(context)
    case 'disconnect':
      context.env.incoming.socket.destroy()
      return closed(context)
  }
}

/** Until the one who asked gives up; then nobody is there to be answered. */
const closed = (context: Context<Bindings>): Promise<never> => {
  const { signal } = context.req.raw
  return new Promise((_resolve, reject) => {
    const gone = () => reject(new CallerGone('the caller hung up'))
    if (signal.aborted) gone()
    else signal.addEventListener('abort', gone)
  })
}
