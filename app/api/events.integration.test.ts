import { hub } from '@worklane/domain/live/hub.ts'
import { streamsAPerson } from '@worklane/domain/live/quota.ts'
import type { AnyOperation } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createSession, revokeSession } from '@worklane/domain/sessions/sessions.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, type Things } from '@worklane/domain/testing/things.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'
import { asSession, type Input, restAsk, send } from './testing/asks.ts'

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

  const perform = async (name: string, input: Input) => {
    const found = operationList.find((each) => each.name === name) as AnyOperation
    const answer = await send(api, asSession(restAsk(found, input), tenant.people.owner.token))
    expect(answer.status).toBeLessThan(300)
    return JSON.parse(answer.text)
  }
  const newKey = (scopes: string[]) => perform('apiKey.create', { name: 'Board', scopes, expiresInDays: 1 })
  const listenByKey = async (secret: string) => {
    const path = `/v1/projects/${things.projectId}/events`
    return await api.request(path, { headers: { authorization: `Bearer ${secret}` } })
  }

  it('are for keys that may read tasks: a stream carries them whole', async () => {
    const refused = await listenByKey((await newKey(['project:read'])).secret)
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('task:read')])
    const allowed = await listenByKey((await newKey(['project:read', 'task:read'])).secret)
    expect(allowed.status).toBe(200)
    await allowed.body?.cancel()
  })

  /** Each opens a stream and says how to end what it stands on. */
  const endings: [string, () => Promise<{ stream: Response; end: () => Promise<unknown> }>][] = [
    [
      'its session',
      async () => {
        const { token } = await createSession(tenant.people.manager.actor.userId)
        return { stream: await listenWith(token), end: () => revokeSession(token) }
      },
    ],
    [
      'its API key',
      async () => {
        const { id, secret } = await newKey(['*:read'])
        return { stream: await listenByKey(secret), end: () => perform('apiKey.revoke', { apiKeyId: id }) }
      },
    ],
    [
      'its membership',
      async () => {
        const { token, actor } = tenant.people.viewer
        return {
          stream: await listenWith(token),
          end: () => perform('member.remove', { memberId: actor.userId }),
        }
      },
    ],
  ]
  const listenWith = async (token: string) => {
    const { path, init } = asSession(
      { path: `/v1/projects/${things.projectId}/events`, init: { headers: {} } },
      token,
    )
    return await api.request(path, init)
  }

  it.each(endings)(
    'end within a second of %s, though nothing happens',
    { timeout: 5_000 },
    async (_, open) => {
      const { stream, end } = await open()
      const reader = texts(stream)
      expect((await reader.read()).value).toMatch(/^event: open\n/)
      await end()
      const ended = Date.now()
      expect((await reader.read()).done).toBe(true)
      expect(Date.now() - ended).toBeLessThan(1_000)
    },
  )

  it('are at most so many at once for a person', async () => {
    const { token } = tenant.people.admin
    const open = await Promise.all(Array.from({ length: streamsAPerson }, () => listenWith(token)))
    expect(open.map(({ status }) => status)).toEqual(open.map(() => 200))
    expect((await listenWith(token)).status).toBe(429)
    await Promise.all(open.map(({ body }) => body?.cancel()))
    await expect.poll(async () => (await listenWith(token)).status).toBe(200)
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
