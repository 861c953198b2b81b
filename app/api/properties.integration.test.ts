import { type AnyOperation, isRead, operation } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, sampleInput, type Things } from '@worklane/domain/testing/things.ts'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { Hono } from 'hono'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createApi } from './app.ts'
import { openApiDocument } from './openapi.ts'
import { problemResponse } from './problem.ts'
import { restRoutes, type Variables } from './rest.ts'
import { type App, asSession, type Input, restAsk, send } from './testing/asks.ts'

type Schema = {
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  format?: string
  pattern?: string
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  maxLength?: number
  minimum?: number
  maximum?: number
}

const runs = 120
/** The same inputs at every run; another number looks further. */
const seed = Number(process.env.PROPERTY_SEED ?? 20_261_123)

/** What nobody should send, and somebody does. */
const absurd = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      '\0',
      'a\0b',
      '\ud800',
      '‮',
      'null',
      '../../etc/passwd',
      "'; drop table tasks; --",
      '%00',
      '💥'.repeat(60),
    ],
    ...[
      'x'.repeat(20_000),
      '00000000-0000-0000-0000-000000000000',
      '2026-02-31',
      '9999-12-31',
      '-1',
      '1e400',
    ],
  ),
  fc.constantFrom<unknown>(null, true, -1, 0, 2 ** 53, 1.5, [], {}, [[]], { id: 1 }),
  fc.string({ unit: 'binary' }),
  fc.jsonValue(),
)

/** Values that a schema allows, as far as it says; and now and then one that it may not. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const fitting = fittingOf(schema)
  return fc.oneof({ weight: 4, arbitrary: fitting }, { weight: 1, arbitrary: absurd })
}

function fittingOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(fittingOf))
  if (schema.format === 'uuid') return fc.uuid()
  if (schema.format === 'date') {
    return fc
      .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10))
  }
  if (schema.format === 'email') return fc.emailAddress()
  if (schema.type === 'string')
    return fc.string({ maxLength: Math.min(60, schema.maxLength ?? 60), unit: 'grapheme' })
  if (schema.type === 'integer' || schema.type === 'number') {
    return fc.integer({ min: schema.minimum ?? -5, max: Math.min(2 ** 31, schema.maximum ?? 500) })
  }
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'null') return fc.constant(null)
  if (schema.type === 'array') return fc.array(valuesOf(schema.items ?? {}), { maxLength: 4 })
  if (schema.type === 'object') return inputOf(schema, {})
  return absurd
}

/** Inputs of an operation: each field from its schema, or what really is there. */
function inputOf(schema: Schema, known: Input): fc.Arbitrary<Input> {
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const value =
      name in known
        ? fc.oneof({ weight: 3, arbitrary: fc.constant(known[name]) }, valuesOf(field))
        : valuesOf(field)
    return [name, value] as const
  })
  return fc.record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] }) as fc.Arbitrary<Input>
}

type Described = { responses: Record<string, { content?: Record<string, { schema: object }> }> }

/** Whether an answer is one that the document promises; else what is wrong with it. */
function judgeBy(openApi: { paths: Record<string, Record<string, Described>>; components: object }) {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'api', components: openApi.components })
  const operations = new Map(
    Object.values(openApi.paths).flatMap((path) =>
      Object.values(path).map(
        (each) => [(each as Described & { operationId: string }).operationId, each] as const,
      ),
    ),
  )
  const text = (schema: object) =>
    JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components'))
  return (name: string, status: number, type: string, body: string): string | null => {
    if (status >= 500) return `answered ${status}`
    const answer = operations.get(name)?.responses[status]
    if (!answer) return `answered ${status}, which the document does not name`
    if (status === 304) return null
    const schema = answer.content?.[type.split(';')[0] as string]?.schema
    if (!schema) return `answered ${status} as ${type}, which the document does not name`
    const validate = ajv.compile(text(schema))
    return validate(JSON.parse(body)) ? null : `broke its schema: ${ajv.errorsText(validate.errors)}`
  }
}

const openApi = JSON.parse(JSON.stringify(openApiDocument('http://worklane.test')))

describe('whatever is sent', () => {
  const api = createApi({ origin: 'http://worklane.test' })
  let tenant: Tenant
  let things: Things
  beforeEach(async () => {
    tenant = await createTenant()
    things = await furnish(tenant)
  })
  afterAll(closeRuntime)

  /** Sends inputs of all kinds. @throws with the smallest one that was answered wrongly */
  async function probe(app: App, asked: AnyOperation, judge: ReturnType<typeof judgeBy>): Promise<void> {
    const schema = z.toJSONSchema(asked.input, { io: 'input', unrepresentable: 'any' }) as Schema
    const property = fc.asyncProperty(inputOf(schema, sampleInput(asked, things)), async (input) => {
      const ask = asSession(restAsk(asked, input), tenant.people.owner.token)
      // A path of which a part is empty, or that is none, is another path.
      if (!isAddress(ask.path)) return
      const { status, text, headers } = await send(app, ask)
      const wrong =
        status === 404 && text.includes('There is no ') && text.includes(' here.')
          ? null
          : judge(asked.name, status, headers.get('content-type') ?? '', text)
      if (wrong && !(status === 401 && ends.has(asked.name)))
        throw new Error(`${wrong}: ${text.slice(0, 300)}`)
    })
    await fc.assert(property, {
      numRuns: runs,
      interruptAfterTimeLimit: 8_000,
      markInterruptAsFailure: false,
      seed,
      includeErrorInReport: true,
    })
  }

  const isAddress = (path: string) => !path.includes('//') && !/\/(\.|%2e)+(\/|$)/i.test(path)

  it.each(operationList.map((each) => [each.name, each] as const))(
    '%s answers as the document says',
    async (_, asked) => {
      await probe(api, asked, judgeBy(openApi))
    },
    60_000,
  )

  it('would be found out with an operation that fails for some input, or that breaks its promise', async () => {
    const define = (run: (input: { n: number }) => unknown) =>
      operation({
        name: 'me.get',
        rest: 'GET /v1/me',
        summary: 'Not as good as it looks',
        allow: 'viewer',
        input: z.strictObject({ n: z.number().int().min(0).max(9).default(0) }),
        output: z.unknown(),
        run: async (_, input) => run(input),
      }) as unknown as AnyOperation
    const serve = (asked: AnyOperation) => {
      const app = new Hono<{ Variables: Variables }>()
      app.use(async (context, next) => {
        context.set('actor', tenant.people.owner.actor)
        await next()
      })
      app.onError((_, context) => problemResponse(null, context.get('requestId') ?? ''))
      return app.route('/', restRoutes([asked]))
    }
    const judge = judgeBy(openApi)
    const fails = define(({ n }) => {
      if (n === 7) throw new Error('seven')
      return { user: 1 }
    })
    expect(isRead(fails)).toBe(true)
    await expect(probe(serve(fails), fails, judge)).rejects.toThrow(/answered 500|broke its schema/)
    const breaks = define(() => ({ user: { id: 'no uuid' } }))
    await expect(probe(serve(breaks), breaks, judge)).rejects.toThrow(/broke its schema/)
  })
})

/** After these nobody is signed in any more. */
const ends = new Set(['me.remove', 'organisation.remove', 'organisation.leave', 'session.revoke'])
