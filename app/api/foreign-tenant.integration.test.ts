import { type AnyOperation, isRead, methodOf, operation, pathOf } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime, work } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createApi } from './app.ts'
import { restRoutes, type Variables } from './rest.ts'

/** What somebody would try to call the tenant. */
const names = ['org_id', 'orgId', 'organisationId', 'organisation_id', 'tenant']
const origin = 'http://worklane.test'

type Ask = { path: string; init: RequestInit }
type Place = 'body' | 'query' | 'header' | 'cookie'
const places: Place[] = ['body', 'query', 'header', 'cookie']
type App = { request(path: string, init: RequestInit): Response | Promise<Response> }

describe('the organisation of a caller', () => {
  let own: Tenant
  let foreign: Tenant
  let api: App

  beforeAll(async () => {
    own = await createTenant()
    foreign = await createTenant()
    api = createApi({ origin })
  })
  afterAll(closeRuntime)

  /** A valid input for an operation, made of the own tenant's things. */
  function inputOf({ name }: AnyOperation): Record<string, unknown> {
    const special: Record<string, Record<string, unknown>> = {
      'project.create': { key: `K${Math.random().toString(36).slice(2, 8).toUpperCase()}`, name: 'New' },
      'project.update': { projectId: own.project, name: 'Renamed' },
      'task.create': { projectId: own.project, title: 'New' },
      'task.update': { taskId: own.task, title: 'Changed' },
      'task.move': { taskId: own.task, status: 'doing' },
    }
    if (special[name]) return special[name]
    if (/^(board|project\.get|task\.list)/.test(name)) return { projectId: own.project }
    return name.startsWith('task.') ? { taskId: own.task } : {}
  }

  function restAsk(asked: AnyOperation, input: Record<string, unknown>): Ask {
    const rest = { ...input }
    const path = pathOf(asked.rest).replaceAll(/:(\w+)/g, (_, field: string) => {
      const value = String(rest[field])
      delete rest[field]
      return value
    })
    if (isRead(asked))
      return { path: `${path}?${new URLSearchParams(rest as Record<string, string>)}`, init: {} }
    const method = methodOf(asked.rest)
    return {
      path,
      init: { method, body: JSON.stringify(rest), headers: { 'content-type': 'application/json' } },
    }
  }

  function trpcAsk(asked: AnyOperation, input: Record<string, unknown>): Ask {
    const text = JSON.stringify(input)
    if (isRead(asked)) return { path: `/trpc/${asked.name}?input=${encodeURIComponent(text)}`, init: {} }
    return {
      path: `/trpc/${asked.name}`,
      init: { method: 'POST', body: text, headers: { 'content-type': 'application/json' } },
    }
  }

  /** The same question with a foreign tenant's id slipped in. */
  function smuggle({ path, init }: Ask, place: Place, name: string): Ask {
    const headers = new Headers(init.headers)
    if (place === 'header') headers.set(`x-${name.replaceAll('_', '-')}`, foreign.id)
    if (place === 'cookie') headers.append('cookie', `${name}=${foreign.id}`)
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

  async function ask(app: App, { path, init }: Ask): Promise<{ status: number; text: string }> {
    const headers = new Headers(init.headers)
    const more = headers.get('cookie')
    headers.set('cookie', `authjs.session-token=${own.people.owner.token}${more ? `; ${more}` : ''}`)
    const response = await app.request(path, { ...init, headers })
    return { status: response.status, text: await response.text() }
  }

  /** Everything that the foreign tenant has, as one digest. */
  const foreignState = () =>
    asAdministrator(async (client) => {
      const state: Record<string, unknown> = {}
      for (const table of ['projects', 'tasks', 'outbox', 'activity', 'memberships']) {
        const { rows } = await client.query(
          `select count(*)::int as rows, md5(string_agg(t::text, '' order by t::text)) as digest from ${table} t where org_id = $1`,
          [foreign.id],
        )
        state[table] = rows[0]
      }
      return state
    })

  /** Tries every name in every place. @returns what had an effect */
  async function effects(
    app: App,
    asked: AnyOperation,
    asks: ((a: AnyOperation, i: Record<string, unknown>) => Ask)[],
  ) {
    const found: string[] = []
    const before = await foreignState()
    for (const makeAsk of asks) {
      for (const place of places) {
        for (const name of names) {
          const { status, text } = await ask(app, smuggle(makeAsk(asked, inputOf(asked)), place, name))
          const refused = status === 400 && text.includes(name)
          // A write may have removed what the next one needs; that is an answer about the own tenant.
          const answered = status < 300 || status === 404 || status === 409
          if (!refused && !answered)
            found.push(`${asked.name} ${place} ${name}: ${status} ${text.slice(0, 120)}`)
          if (text.includes(foreign.canary))
            found.push(`${asked.name} ${place} ${name} showed the foreign tenant`)
        }
      }
    }
    if (JSON.stringify(await foreignState()) !== JSON.stringify(before))
      found.push(`${asked.name} changed the foreign tenant`)
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
      const { status, text } = await ask(api, restAsk(asked, inputOf(asked)))
      expect([asked.name, status < 300 || status === 404]).toEqual([asked.name, true])
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
        return { titles: (await work(trusted).read((db) => db.task.findMany())).map(({ title }) => title) }
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
      const theirs = { projectId: foreign.project, taskId: foreign.task }
      const input = inputOf(asked)
      const ids = Object.keys(input).filter((field) => field in theirs)
      for (const field of ids) input[field] = theirs[field as keyof typeof theirs]
      if (ids.length === 0) return
      const before = await foreignState()
      const { status, text } = await ask(api, restAsk(asked, input))
      // A page of nothing, for the two that list; not found for the others.
      expect(status === 404 || text === '{"items":[],"nextCursor":null}').toBe(true)
      expect(await foreignState()).toEqual(before)
    },
  )
})
