import { type AnyOperation, isRead, operation } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime, tenantDb } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, sampleInput, type Things } from '@worklane/domain/testing/things.ts'
import { Hono } from 'hono'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createApi } from './app.ts'
import { restRoutes, type Variables } from './rest.ts'
import { type App, type Ask, type Input, restAsk, send, trpcAsk } from './testing/asks.ts'

/** What somebody would try to call the tenant. */
const names = ['org_id', 'orgId', 'organisationId', 'organisation_id', 'tenant']
/** What these say when they are asked again: they change who one is, or end it. */
const afterwards: Record<string, number[]> = {
  'me.setPassword': [400, 429],
  'organisation.create': [429],
  'organisation.transfer': [403],
  'organisation.remove': [401],
}
/** Not the outbox: schedules write there for all tenants, in other tests at the same time; a write leaves its audit entry as well. */
const tables = [
  ...[
    'projects',
    'tasks',
    'activity',
    'memberships',
    'labels',
    'task_labels',
    'comments',
    'files',
    'exports',
    'imports',
    'import_lines',
    'picture_uploads',
    'tallies',
  ],
  ...[
    'saved_filters',
    'notifications',
    'digests',
    'digest_mails',
    'invitations',
    'api_keys',
    'audit_log',
    'idempotency',
  ],
  ...['webhook_endpoints', 'webhook_events', 'webhook_deliveries', 'webhook_attempts'],
  ...['billing_customers', 'subscriptions', 'invoices', 'payments', 'refunds', 'disputes', 'ledger_entries'],
]
const origin = 'http://worklane.test'

type Place = 'body' | 'query' | 'header' | 'cookie'
const places: Place[] = ['body', 'query', 'header', 'cookie']

describe('the organisation of a caller', () => {
  let own: Tenant
  let foreign: Tenant
  let things: Things
  let theirs: Things
  let api: App

  beforeAll(async () => {
    foreign = await createTenant()
    theirs = await furnish(foreign)
    api = createApi({ origin })
  })
  // Some operations remove the tenant itself: each has a house of its own.
  beforeEach(async () => {
    own = await createTenant()
    things = await furnish(own)
  })
  afterAll(closeRuntime)

  /** The same question with a foreign tenant's id slipped in. */
  function smuggle({ path, init }: Ask, place: Place, name: string): Ask {
    const headers = { ...init.headers }
    if (place === 'header') headers[`x-${name.replaceAll('_', '-')}`] = foreign.id
    if (place === 'cookie') headers.cookie = `${name}=${foreign.id}`
    if (place === 'query')
      return { path: `${path}${path.includes('?') ? '&' : '?'}${name}=${foreign.id}`, init }
    if (place === 'body' && init.body) {
      return {
        path,
        init: { ...init, body: JSON.stringify({ ...JSON.parse(String(init.body)), [name]: foreign.id }) },
      }
    }
    return { path, init: { ...init, headers } }
  }

  /** As the owner; a cookie that was slipped in stays beside the session's. */
  function ask(app: App, { path, init }: Ask) {
    const more = init.headers.cookie
    const cookie = `authjs.session-token=${own.people.owner.token}${more ? `; ${more}` : ''}`
    return send(app, { path, init: { ...init, headers: { ...init.headers, cookie } } })
  }

  /** Everything that the foreign tenant has, a digest for each table; without what schedules change of everybody. */
  const foreignState = () =>
    asAdministrator(async (client) => {
      const state: Record<string, unknown> = {}
      for (const table of tables) {
        const { rows } = await client.query(
          `select count(*)::int as rows, md5(string_agg(row, '' order by row)) as digest
           from (select (to_jsonb(t) - 'asked_again')::text as row from ${table} t where org_id = $1) its`,
          [foreign.id],
        )
        state[table] = rows[0]
      }
      return state
    })

  /** Tries every name in every place. @returns what had an effect */
  async function effects(app: App, asked: AnyOperation, asks: ((a: AnyOperation, i: Input) => Ask)[]) {
    const found: string[] = []
    const before = await foreignState()
    for (const makeAsk of asks) {
      for (const place of places) {
        for (const name of names) {
          const { status, text } = await ask(
            app,
            smuggle(makeAsk(asked, sampleInput(asked, things)), place, name),
          )
          const refused = status === 400 && text.includes(name)
          // A write may have removed what the next one needs, oneself among it; an answer about the own tenant.
          const answered =
            status < 300 || [404, 409].includes(status) || afterwards[asked.name]?.includes(status)
          if (!refused && !answered)
            found.push(`${asked.name} ${place} ${name}: ${status} ${text.slice(0, 120)}`)
          if (text.includes(foreign.canary))
            found.push(`${asked.name} ${place} ${name} showed the foreign tenant`)
        }
      }
    }
    const after = await foreignState()
    for (const table of tables)
      if (JSON.stringify(after[table]) !== JSON.stringify(before[table]))
        found.push(`${asked.name} changed ${table} of the foreign tenant`)
    return found
  }

  it.each(operationList.map((each) => [each.name, each] as const))(
    'is never taken from what %s is sent',
    async (_, asked) => {
      expect(await effects(api, asked, [restAsk, trpcAsk])).toEqual([])
    },
  )

  it('answers each operation with its own data when nothing is smuggled in', async () => {
    for (const asked of operationList.filter(isRead)) {
      const { status, text } = await ask(api, restAsk(asked, sampleInput(asked, things)))
      const isOff = asked.reads === 'elsewhere' && status === 409
      expect([asked.name, status < 300 || status === 404 || isOff]).toEqual([asked.name, true])
      expect(text).not.toContain(foreign.canary)
    }
  })

  it('would be seen if an operation did take it from its input', async () => {
    const naive = operation({
      name: 'naive.read',
      rest: 'GET /v1/naive',
      summary: 'Reads what it is told to',
      allow: 'viewer',
      input: z.strictObject({ orgId: z.string().optional() }),
      output: z.object({ titles: z.array(z.string()) }),
      async run(actor, { orgId }) {
        const trusted = { orgId: (orgId as typeof actor.orgId) ?? actor.orgId }
        return {
          titles: (await tenantDb(trusted).read((db) => db.task.findMany())).map(({ title }) => title),
        }
      },
    }) as unknown as AnyOperation
    const app = new Hono<{ Variables: Variables }>()
    app.use(async (context, next) => {
      context.set('actor', own.people.owner.actor)
      await next()
    })
    app.route('/', restRoutes([naive]))
    app.onError((error) => new Response(error.message, { status: 400 }))
    expect(await effects(app, naive, [restAsk])).toContain('naive.read query orgId showed the foreign tenant')
  })

  it.each(operationList.map((each) => [each.name, each] as const))(
    'decides that %s finds nothing of another',
    async (_, asked) => {
      const input: Input = { ...sampleInput(asked, things) }
      const ids = Object.keys(input).filter((field) => field.endsWith('Id') && field in theirs)
      for (const field of ids) input[field] = theirs[field as keyof Things]
      if (ids.length === 0) return
      const before = await foreignState()
      const { status, text } = await ask(api, restAsk(asked, input))
      // A page of nothing, for those that list; not found, or not a fitting value, for the others.
      expect([404, 400].includes(status) || text === '{"items":[],"nextCursor":null}').toBe(true)
      expect(text).not.toContain(foreign.canary)
      expect(await foreignState()).toEqual(before)
    },
  )
})
