import { createHash } from 'node:crypto'
import type { Actor } from '@worklane/domain/actor.ts'
import { invalidField as invalid } from '@worklane/domain/errors.ts'
import { type Call, perform } from '@worklane/domain/execute.ts'
import { type AnyOperation, isRead, methodOf, pathOf, type Route } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { Hono, type HonoRequest } from 'hono'
import { z } from 'zod'
import { eventsRoute } from './events.ts'
import { limitHeaders } from './problem.ts'

export type Variables = {
  actor: Actor | null
  requestId: string
  route: string
  call?: Call
  policy?: string
}
type Env = { Variables: Variables }

/** A REST route for every operation. */
export function restRoutes(operations: readonly AnyOperation[] = operationList) {
  const routes = new Hono<Env>()
  for (const operation of operations) {
    const numeric = numericFields(operation)
    routes.on(methodOf(operation.rest), pathOf(operation.rest), async (context) => {
      context.set('route', operation.rest)
      const input = await inputOf(context.req, operation, numeric)
      const call: Call = { idempotencyKey: context.req.header('idempotency-key') }
      context.set('call', call)
      const output = await perform(operation, context.get('actor'), input, call)
      return answer(context.req.raw, operation, JSON.stringify(output), call)
    })
  }
  return routes
}

/**
 * What a request gives an operation, in its path, its query and its body.
 * @param numeric the fields that are numbers, see `numericFields`
 * @throws Problem invalid
 */
export async function inputOf(
  request: HonoRequest,
  operation: Pick<AnyOperation, 'rest'>,
  numeric: ReadonlySet<string>,
): Promise<Record<string, unknown>> {
  const given = isRead(operation) ? queryOf(request.queries(), numeric) : await bodyOf(request.raw)
  const path = request.param() as Record<string, string>
  for (const name of Object.keys(path)) {
    if (name in given) throw invalid(name, 'stands in the path; leave it out elsewhere')
  }
  return { ...given, ...path }
}

const routes: Route[] = [...operationList.map(({ rest }) => rest), eventsRoute]
const paths = routes.map((route) => ({
  method: methodOf(route),
  pattern: new RegExp(`^${pathOf(route).replaceAll(/:\w+/g, '[^/]+')}$`),
}))

/** The methods that a path takes; none where there is no such path. */
export function methodsOf(path: string): string[] {
  const methods = paths.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
  return [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))]
}

/** The output; to a read nothing but 304 when the caller has it already. */
export function answer(
  asked: Request,
  operation: Pick<AnyOperation, 'name' | 'rest'>,
  body: string,
  call: Call,
): Response {
  const headers = { ...limitHeaders([call]), 'Content-Type': 'application/json' }
  if (!isRead(operation)) {
    const replayed: Record<string, string> = call.replayed ? { 'Idempotency-Replayed': 'true' } : {}
    const status = operation.name.endsWith('.create') ? 201 : 200
    return new Response(body, { status, headers: { ...headers, ...replayed } })
  }
  const tag = `W/"${createHash('sha1').update(body).digest('base64url')}"`
  const kept = { ...headers, ETag: tag, 'Cache-Control': 'private, no-cache' }
  if (isKnown(asked.headers.get('if-none-match') ?? '', tag)) {
    return new Response(null, { status: 304, headers: kept })
  }
  return new Response(body, { headers: kept })
}

/** Whether a tag is in a list of them, compared weakly: `W/` is no part of it (RFC 9110, 13.1.2 and 8.8.3.2). */
function isKnown(listed: string, tag: string): boolean {
  if (listed === '') return false
  const opaque = (each: string) => each.replace(/^W\//, '')
  const tags = listed.match(/(?:W\/)?"[^"]*"|\*/g) ?? []
  return tags.some((each) => each === '*' || opaque(each) === opaque(tag))
}

/** JavaScript takes `0x10`, `1e1` and ` 5 ` for numbers as well. */
const decimal = /^\d+$/

/** Numbers come as text in a query; what is no number stays text, and validation names it. */
function queryOf(query: Record<string, string[]>, numeric: ReadonlySet<string>): Record<string, unknown> {
  const given: Record<string, unknown> = {}
  for (const [name, values] of Object.entries(query)) {
    if (values.length > 1) throw invalid(name, 'must be given once')
    const [text = ''] = values
    given[name] = numeric.has(name) && decimal.test(text) ? Number(text) : text
  }
  return given
}

async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  if (text === '') return {}
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw invalid('', 'the body must be JSON')
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    throw invalid('', 'the body must be a JSON object')
  return body as Record<string, unknown>
}

/** The fields of an input that are numbers: in a query they come as text. */
export function numericFields(operation: Pick<AnyOperation, 'input'>): ReadonlySet<string> {
  const { properties = {} } = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any' })
  const isNumber = (schema: unknown) =>
    typeof schema === 'object' &&
    schema !== null &&
    'type' in schema &&
    /^(number|integer)$/.test(String(schema.type))
  return new Set(Object.entries(properties).flatMap(([name, schema]) => (isNumber(schema) ? [name] : [])))
}
