import { hub } from '@worklane/domain/live/hub.ts'
import type { AnyOperation } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, type Things } from '@worklane/domain/testing/things.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'
import { asSession, restAsk, send } from './testing/asks.ts'

describe('live updates', () => {
  const api = createApi({ origin: 'http://127.0.0.1' })
  let tenant: Tenant
  let things: Things
  let other: Tenant

  beforeAll(async () => {
    tenant = await createTenant()
    things = await furnish(tenant)
    other = await createTenant()
  })
  afterAll(closeRuntime)

  const listen = async (who: Tenant) => {
    const { path, init } = asSession(
      { path: `/v1/projects/${things.projectId}/events`, init: { headers: {} } },
      who.people.owner.token,
    )
    return await api.request(path, init)
  }
  const texts = (response: Response) =>
    (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()

  it('tell who watches a project of a change, and nobody of another tenant', async () => {
    expect((await listen(other)).status).toBe(404)
    const stream = texts(await listen(tenant))
    expect((await stream.read()).value).toMatch(/^event: open\n/)
    const create = operationList.find(({ name }) => name === 'task.create') as AnyOperation
    const asked = restAsk(create, { projectId: things.projectId, title: 'Seen at once' })
    expect((await send(api, asSession(asked, tenant.people.owner.token))).status).toBe(201)
    expect((await stream.read()).value).toMatch(/^event: task/)
    await stream.cancel()
  })

  it('end when the process stops, also those that begin while it does', { timeout: 5_000 }, async () => {
    const before = await listen(tenant)
    const stream = texts(before)
    await stream.read()
    await hub.close()
    expect((await stream.read()).done).toBe(true)
    // On a connection that the edge had open already.
    expect(await (await listen(tenant)).text()).toMatch(/^event: open\n/)
    expect(hub.size).toBe(0)
  })
})
