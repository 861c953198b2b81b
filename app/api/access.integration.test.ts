import { mayAct, Role } from '@worklane/domain/actor.ts'
import { isRead, methodOf, pathOf } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { revokeSession, switchOrganisation } from '@worklane/domain/sessions/sessions.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'

const origin = 'http://worklane.test'

describe('the API', () => {
  let tenant: Tenant
  let other: Tenant
  const api = createApi({ origin })

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

  it.each(operationList.map(({ name, rest }) => [name, rest] as const))(
    'wants a session for %s',
    async (_, rest) => {
      const path = pathOf(rest).replaceAll(/:\w+/g, tenant.task)
      const response = await ask(path, null, { method: methodOf(rest) })
      expect(response.status).toBe(401)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(await response.json()).toMatchObject({
        status: 401,
        title: 'Not signed in',
        requestId: expect.any(String),
      })
    },
  )

  it.each(Role.options)('lets a %s do what the role may, and nothing else', async (role) => {
    const { token, actor } = tenant.people[role]
    for (const { name, rest, allow } of operationList) {
      // Ids that exist nowhere: whoever passes the role's gate hears 404 or 400, and nothing is changed.
      const path = pathOf(rest).replaceAll(/:\w+/g, '00000000-0000-8000-8000-000000000000')
      const { status } = await ask(path, token, { method: methodOf(rest) })
      expect([name, status === 403]).toEqual([name, !mayAct(actor, allow)])
    }
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

  it('says by REST what it says by tRPC', async () => {
    const { token } = tenant.people.viewer
    for (const { name, rest } of operationList.filter(
      (each) => isRead(each) && !pathOf(each.rest).includes(':'),
    )) {
      const byRest = await (await ask(pathOf(rest), token)).json()
      const byTrpc = (await (await ask(`/trpc/${name}?input=%7B%7D`, token)).json()) as {
        result: { data: unknown }
      }
      expect(byTrpc.result.data, name).toEqual(byRest)
    }
  })

  it('answers with what each operation promises', async () => {
    const { token } = tenant.people.viewer
    const ids: Record<string, string> = { projectId: tenant.project, taskId: tenant.task }
    for (const { name, rest, output } of operationList.filter(isRead)) {
      const path = pathOf(rest).replaceAll(/:(\w+)/g, (_, field: string) => ids[field] ?? '')
      const parsed = output.safeParse(await (await ask(path, token)).json())
      expect([name, parsed.error?.issues]).toEqual([name, undefined])
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
    await switchOrganisation(token, other.id)
    expect(await (await ask('/v1/me', token)).json()).toMatchObject({
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
