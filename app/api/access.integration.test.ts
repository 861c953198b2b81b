import { isRead } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createSession, revokeSession, switchOrganisation } from '@worklane/domain/sessions/sessions.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, sampleInput } from '@worklane/domain/testing/things.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'
import { asSession, restAsk, send, trpcAsk } from './testing/asks.ts'

const origin = 'http://worklane.test'

/** A link is signed for the moment in which it is asked for. */
const timeless = (answer: unknown): unknown =>
  JSON.parse(
    JSON.stringify(answer, (name, value) => {
      if (name === 'until') return 'later'
      return typeof value === 'string' ? value.replace(/X-Amz-(Date|Signature)=\w+/g, '') : value
    }),
  )

describe('the API', () => {
  let tenant: Tenant
  let other: Tenant
  const api = createApi({ origin, onError: (error) => console.error(error) })

  beforeAll(async () => {
    tenant = await createTenant()
    other = await createTenant()
  })
  afterAll(closeRuntime)

  const ask = (path: string, token: string | null, init: RequestInit = {}) =>
    api.request(path, {
      ...init,
      headers: { ...init.headers, ...(token ? { cookie: `authjs.session-token=${token}` } : {}) },
    })

  it('says in problem+json and in tRPC’s own form what the plan does not allow', async () => {
    await asAdministrator((client) =>
      client.query("update organisations set plan = 'free' where id = $1", [other.id]),
    )
    // A session that nobody has resolved yet: what one remembers of the plan is billing's to end.
    const { token } = await createSession(other.people.owner.actor.userId)
    const [rest, trpc] = [await ask('/v1/audit', token), await ask('/trpc/audit.list', token)]
    const told = { need: 'auditLog', plan: 'free', liftedBy: 'team' }
    expect(rest.status).toBe(402)
    expect(rest.headers.get('content-type')).toBe('application/problem+json')
    expect(await rest.json()).toMatchObject({
      type: '/docs#plan-limits',
      status: 402,
      title: 'Not in your plan',
      detail: expect.stringContaining('does not include the audit log'),
      ...told,
    })
    expect(trpc.status).toBe(402)
    expect(await trpc.json()).toMatchObject({
      error: { data: { httpStatus: 402, type: '/docs#plan-limits', ...told } },
    })
  })

  it('says in problem+json who is not signed in', async () => {
    const response = await ask('/v1/me', null)
    expect(response.status).toBe(401)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({
      status: 401,
      title: 'Not signed in',
      requestId: expect.any(String),
    })
  })

  it('names the field that is wrong, unknown or missing', async () => {
    const { token } = tenant.people.owner
    const problemOf = async (path: string, init?: RequestInit) => (await ask(path, token, init)).json()
    expect(await problemOf('/v1/tasks/nonsense')).toMatchObject({ status: 400, errors: [{ path: 'taskId' }] })
    expect(await problemOf('/v1/me?colour=red')).toMatchObject({
      errors: [{ path: 'colour', message: 'is not a known field' }],
    })
    expect(await problemOf(`/v1/projects/${tenant.project}/tasks?limit=many`)).toMatchObject({
      errors: [{ path: 'limit' }],
    })
    const post = { method: 'POST', body: '{"name":""}' }
    expect(await problemOf('/v1/projects', post)).toMatchObject({
      errors: [{ path: 'key' }, { path: 'name' }],
    })
    expect(await problemOf('/v1/projects', { method: 'POST', body: '{' })).toMatchObject({
      detail: 'the body must be JSON',
    })
  })

  it('refuses a write that a browser sends from another site', async () => {
    const { token } = tenant.people.owner
    const move = { method: 'POST', body: '{"status":"doing"}' }
    const path = `/v1/tasks/${tenant.task}/move`
    expect((await ask(path, token, { ...move, headers: { origin: 'https://evil.test' } })).status).toBe(403)
    expect((await ask(path, token, { ...move, headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(
      403,
    )
    expect((await ask(path, token, { ...move, headers: { origin } })).status).toBe(200)
  })

  it('says by REST what it says by tRPC, and what the operation promises', async () => {
    const { token } = tenant.people.owner
    const things = await furnish(tenant)
    // What asks Stripe has no answer here: there is none. `change.integration.test.ts` looks at it.
    for (const asked of operationList.filter((each) => isRead(each) && each.reads !== 'elsewhere')) {
      const input = sampleInput(asked, things)
      const byRest = JSON.parse((await send(api, asSession(restAsk(asked, input), token))).text)
      const byTrpc = JSON.parse((await send(api, asSession(trpcAsk(asked, input), token))).text)
      expect(timeless(byTrpc.result.data), asked.name).toEqual(timeless(byRest))
      expect([asked.name, asked.output.safeParse(byRest).error?.issues]).toEqual([asked.name, undefined])
    }
  })

  it('forgets a session at the next request after it was revoked', async () => {
    const { token } = (await createTenant()).people.member
    expect((await ask('/v1/me', token)).status).toBe(200)
    await revokeSession(token)
    expect((await ask('/v1/me', token)).status).toBe(401)
  })

  it('follows a switch of organisation at the next request, and only to where one belongs', async () => {
    const { token, actor } = (await createTenant()).people.member
    await expect(switchOrganisation(token, other.id)).rejects.toThrow(/not a member/)
    await asAdministrator((client) =>
      client.query("insert into memberships (org_id, user_id, role) values ($1, $2, 'viewer')", [
        other.id,
        actor.userId,
      ]),
    )
    await ask('/v1/me', token)
    const switched = await switchOrganisation(token, other.id)
    // Another tenant, another token: the old one is good for nothing.
    expect((await ask('/v1/me', token)).status).toBe(401)
    expect(await (await ask('/v1/me', switched.token)).json()).toMatchObject({
      organisation: { id: other.id },
      role: 'viewer',
    })
  })

  it('describes all its operations in an OpenAPI document', async () => {
    const document = (await (await api.request('/openapi.json')).json()) as {
      openapi: string
      paths: Record<string, object>
    }
    expect(document.openapi).toBe('3.1.0')
    const described = Object.values(document.paths).flatMap(
      (path) => Object.values(path) as { operationId: string }[],
    )
    expect(described.map(({ operationId }) => operationId).sort()).toEqual(
      operationList.map(({ name }) => name).sort(),
    )
  })
})
