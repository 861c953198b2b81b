import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import { type AnyOperation, isRead, pathOf } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, type Things } from '@worklane/domain/testing/things.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { createApi, type Observation } from './app.ts'

/** Every number that comes in a query. */
const numericFields = operationList.filter(isRead).flatMap((operation) =>
  Object.entries(operation.input.shape)
    .filter(
      ([, field]) =>
        !(field as z.ZodType).safeParse('text').success && (field as z.ZodType).safeParse(5).success,
    )
    .map(([name]): [AnyOperation, string] => [operation, name]),
)

describe('requests that are not as they should be', () => {
  let tenant: Tenant
  let things: Things
  const seen: Observation[] = []
  const failures: unknown[] = []
  const api = createApi({
    origin: 'http://worklane.test',
    onRequest: (observation) => seen.push(observation),
    onError: (error) => failures.push(error),
  })
  const server = serve({ fetch: api.fetch, port: 0 })

  beforeAll(async () => {
    tenant = await createTenant()
    things = await furnish(tenant)
  })
  afterAll(async () => {
    server.close()
    await closeRuntime()
  })
  const cookie = () => `authjs.session-token=${tenant.people.owner.token}`
  const ask = (path: string, init: RequestInit = {}) =>
    api.request(path, { ...init, headers: { cookie: cookie(), ...init.headers } })

  type Sent = {
    method: string
    path: string
    bytes?: number
    chunked?: boolean
    headers?: Record<string, string>
  }
  /** Sends over one kept connection. @returns the status, and whether the connection had been used before */
  const send = (agent: Agent, { method, path, bytes = 0, chunked, headers = {} }: Sent) =>
    new Promise<{ status: number; type: string; reused: boolean }>((resolve, reject) => {
      const { port } = server.address() as AddressInfo
      const length = chunked || bytes === 0 ? {} : { 'content-length': String(bytes) }
      const asked = request({
        agent,
        port,
        host: '127.0.0.1',
        method,
        path,
        headers: { ...length, ...headers },
      })
      asked.on('error', reject)
      asked.on('response', (response) => {
        response.resume()
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            reused: asked.reusedSocket,
          }),
        )
      })
      if (bytes > 0) asked.write(Buffer.alloc(bytes, 'a'))
      asked.end()
    })

  const refused: [string, Sent, number][] = [
    ['is too large', { method: 'POST', path: '/v1/labels', bytes: 1_200_000 }, 413],
    ['is no JSON', { method: 'POST', path: '/v1/labels', bytes: 200_000 }, 400],
    [
      'comes from another site',
      { method: 'POST', path: '/v1/labels', bytes: 900_000, headers: { origin: 'https://evil.test' } },
      403,
    ],
    ['goes nowhere', { method: 'POST', path: '/v1/nope', bytes: 900_000 }, 404],
    ['goes to no procedure', { method: 'POST', path: '/trpc/nope', bytes: 900_000 }, 415],
    ['is too large for a procedure', { method: 'POST', path: '/trpc/task.create', bytes: 1_200_000 }, 413],
  ]
  it.each(refused)('one whose body %s leaves the connection to the next', async (_, sent, status) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    try {
      for (let n = 0; n < 3; n++) {
        expect(await send(agent, sent)).toMatchObject({ status })
        // Longer than a server waits for the rest of a body.
        await setTimeout(700)
        expect(await send(agent, { method: 'GET', path: '/v1/me' })).toMatchObject({
          status: 401,
          reused: true,
        })
      }
    } finally {
      agent.destroy()
    }
  })

  it('one of unknown length that is too large does not break the next', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const sent = { method: 'POST', path: '/v1/labels', bytes: 1_200_000, chunked: true }
    expect(await send(agent, sent)).toMatchObject({ status: 413, type: 'application/problem+json' })
    expect(await send(agent, { method: 'GET', path: '/v1/me' })).toMatchObject({ status: 401 })
    agent.destroy()
  })

  it('to an unknown path or by an unknown method is told so as problem+json', async () => {
    const problem = async (method: string, path: string) => {
      const response = await ask(path, { method })
      const type = response.headers.get('content-type')
      return { status: response.status, type, allow: response.headers.get('allow') }
    }
    const type = 'application/problem+json'
    expect(await problem('GET', '/v1/nope')).toEqual({ status: 404, type, allow: null })
    expect(await problem('PUT', '/v1/me')).toEqual({ status: 405, type, allow: 'GET, HEAD, PATCH' })
    expect(await problem('OPTIONS', '/v1/labels')).toEqual({ status: 405, type, allow: 'GET, HEAD, POST' })
    expect(await problem('DELETE', `/v1/projects/${tenant.project}/events`)).toEqual({
      status: 405,
      type,
      allow: 'GET, HEAD',
    })
  })

  it('by HEAD to a stream ends', async () => {
    const response = await ask(`/v1/projects/${tenant.project}/events`, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  it('with a tag is compared weakly, alone or in a list', async () => {
    const tag = (await ask('/v1/me')).headers.get('etag') ?? ''
    const strong = tag.replace('W/', '')
    const statusOf = async (known: string) =>
      (await ask('/v1/me', { headers: { 'if-none-match': known } })).status
    for (const known of [tag, strong, '*', `"x", ${tag}`, `"a,b",${strong}`])
      expect(await statusOf(known)).toBe(304)
    for (const known of ['"x"', strong.slice(0, -1), '', 'W/"x", "y"'])
      expect(await statusOf(known)).toBe(200)
  })

  it('with a day or a cursor of the year 0 is told which field is wrong', async () => {
    const bad = async (path: string, init?: RequestInit) => {
      const response = await ask(path, init)
      const { errors } = (await response.json()) as { errors?: { path: string }[] }
      return [response.status, errors?.[0]?.path]
    }
    const body = JSON.stringify({ title: 'x', dueOn: '0000-01-01' })
    expect(await bad(`/v1/projects/${tenant.project}/tasks`, { method: 'POST', body })).toEqual([
      400,
      'dueOn',
    ])
    expect(await bad('/v1/audit?from=0000-01-01')).toEqual([400, 'from'])
    const cursor = `0000-01-01T00:00:00.000Z_${tenant.task}`
    expect(await bad(`/v1/tasks?cursor=${cursor}`)).toEqual([400, 'cursor'])
    expect(await bad(`/v1/tasks/${tenant.task}/comments?cursor=${cursor}`)).toEqual([400, 'cursor'])
    expect(await bad(`/v1/tasks?dueFrom=0000-01-01`)).toEqual([400, 'dueFrom'])
    expect(failures).toEqual([])
  })

  it('leaves no label behind that a stranger chose', async () => {
    seen.length = 0
    for (const name of [
      'made.up',
      '__proto__',
      'constructor',
      'x'.repeat(2_000),
      'task.get/x',
      'me.get%2Cno.such',
    ]) {
      await api.request(`/trpc/${name}`)
      await api.request(`/v1/${name}`, { method: 'PUT' })
      await api.request(`/v1/tasks/${name}`)
    }
    expect(seen).toHaveLength(18)
    const labels = new Set(seen.map(({ route }) => route))
    expect([...labels].sort()).toEqual(['GET /v1/tasks/:taskId', 'trpc batch', 'trpc unknown', 'unknown'])
  })

  const spellings = ['0x10', '1e1', ' 5', '5 ', '+5', '-5', '5.0', '0b1', '٥', '', '5_0', 'Infinity']
  it.each([
    ...numericFields.map(([operation, field]) => [operation.name, field, pathOf(operation.rest)] as const),
    ['task.list', 'cursor', '/v1/projects/:projectId/tasks'],
    ['search.find', 'cursor', '/v1/search'],
  ] as const)(
    'to %s with another number than decimal digits are told that it is %s',
    async (name, field, path) => {
      const address = (value: string) => {
        const query = new URLSearchParams({
          ...(name === 'search.find' ? { q: 'first' } : {}),
          [field]: value,
        })
        return `${path.replace(/:(\w+)/g, (_, id) => things[id as keyof Things] ?? id)}?${query}`
      }
      for (const spelling of spellings) {
        const answer = await ask(address(spelling))
        const { errors } = (await answer.json()) as { errors?: { path: string }[] }
        expect([spelling, answer.status, errors?.[0]?.path]).toEqual([spelling, 400, field])
      }
      expect((await ask(address('5'))).status).toBe(200)
    },
  )

  it('one after another without a credential are refused at some time, those of the same network alone', async () => {
    const from = (address: string, init: RequestInit = {}) =>
      api.request('/v1/me', { ...init, headers: { 'x-forwarded-for': address, ...init.headers } })
    const network = '2001:db8:77:88'
    let refused: Response | undefined
    for (let n = 0; n < 700 && !refused; n++) {
      // Keys that are guessed are no credential.
      const answer = await from(`${network}::${n}`, { headers: { authorization: 'Bearer wl_a_guess' } })
      if (answer.status !== 401) refused = answer
    }
    expect(refused?.status).toBe(429)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await from('2001:db8:77:89::1')).status).toBe(401)
    expect((await from(`${network}::1`, { headers: { cookie: cookie() } })).status).toBe(200)
  })
})
