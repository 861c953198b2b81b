import { type AnyOperation, isRead, operation } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, sampleInput, type Things } from '@worklane/domain/testing/things.ts'
import fc from 'fast-check'
import { Hono } from 'hono'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createApi } from './app.ts'
import { openApiDocument } from './openapi.ts'
import { problemResponse } from './problem.ts'
import { restRoutes, type Variables } from './rest.ts'
import { type App, asSession, restAsk, send } from './testing/asks.ts'
import { inputOf, type Schema } from './testing/inputs.ts'
import { judgeBy } from './testing/judge.ts'

const runs = 120
/** The same inputs at every run; another number looks further. */
const seed = Number(process.env.PROPERTY_SEED ?? 20_261_123)

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
