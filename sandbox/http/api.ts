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

/** A request, read. */
type Asked = {
  context: Context<Bindings>
  /** As in Stripe's document. */
  route: string
  requestId: string
  /** The form, as it came. */
  text: string
  key: string | undefined
  fault: Fault | undefined
}

/** @returns the answer's JSON */
type Work = (form: Form) => string

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

  async function answer(context: Context<Bindings>, route: string, work: Work): Promise<Response> {
    const isPost = context.req.method === 'POST'
    const asked: Asked = {
      context,
      route,
      requestId: parts.sandbox.ids.next('req', 14),
      text: isPost ? await context.req.text() : new URL(context.req.url).search.slice(1),
      key: isPost ? context.req.header('idempotency-key') : undefined,
      fault: parts.faults.next(route),
    }
    const given = await answerOnce(asked, work)
    if (asked.fault?.kind === 'timeout') await closed(context)
    return new Response(given.body, {
      status: given.status,
      headers: {
        'Content-Type': 'application/json',
        'Request-Id': asked.requestId,
        'Stripe-Version': context.req.header('stripe-version') ?? apiVersion,
        ...(asked.key === undefined ? {} : { 'Idempotency-Key': asked.key }),
        ...given.headers,
      },
    })
  }

  /** One answer for each idempotency key. */
  async function answerOnce(asked: Asked, work: Work): Promise<Answer> {
    const { context, requestId, text, key, fault } = asked
    try {
      authenticate(context.req.header('authorization'), parts.secretKeys)
      await befall(fault, context)
      if (key === undefined) return (await attempt(asked, work)).answer
      const fingerprint = createHash('sha256').update(`${context.req.path}\n${text}`).digest('hex')
      const before = keys.begin(key, fingerprint, requestId)
      if (before)
        return { ...before, headers: { 'Idempotent-Replayed': 'true', 'Original-Request': before.requestId } }
    } catch (error) {
      return refusal(error, requestId)
    }
    let settled: Answer | undefined
    try {
      const { answer: given, isDone } = await attempt(asked, work)
      // What was refused before anything was done may come again under its key, corrected.
      if (isDone) settled = given
      return given
    } finally {
      keys.settle(key, settled)
    }
  }

  /** Carries out what was asked; a refusal is an answer, too, though not always something that was done. */
  async function attempt(asked: Asked, work: Work): Promise<{ answer: Answer; isDone: boolean }> {
    const { context, route, text, requestId, key, fault } = asked
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.milliseconds))
    const { method, path } = context.req
    const done = (answer: Answer, isDone: boolean) => {
      const { status, body } = answer
      parts.record?.({ method, route, path, form: text, status, body })
      return { answer, isDone }
    }
    try {
      parts.sandbox.catchUp()
      parts.sandbox.request = { id: requestId, idempotency_key: key ?? null }
      const form = qs.parse(text, { depth: 20, arrayLimit: 1000, parameterLimit: 10_000 }) as Form
      return done({ status: 200, body: work(form), headers: {} }, true)
    } catch (error) {
      return done(
        refusal(error, requestId),
        error instanceof StripeError && (error.keeps || isDeclined(error)),
      )
    } finally {
      parts.sandbox.request = null
    }
  }
}

/** Stripe keeps what it has begun, whatever came of it: https://docs.stripe.com/api/idempotent_requests */
const isDeclined = ({ status }: StripeError) => status === 402

/** @throws the error itself where it is none of Stripe's */
function refusal(error: unknown, requestId: string): Answer {
  if (!(error instanceof StripeError)) throw error
  return { status: error.status, body: JSON.stringify(error.body(requestId), null, 2), headers: {} }
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
