import { closeRuntime } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'

const origin = 'http://worklane.test'

describe('what a caller writes', () => {
  let tenant: Tenant
  const api = createApi({ origin, onError: (error) => console.error(error) })

  beforeAll(async () => {
    tenant = await createTenant()
  })
  afterAll(closeRuntime)

  const ask = (path: string, init: RequestInit = {}, cookie = '') =>
    api.request(path, { ...init, headers: { ...init.headers, ...(cookie ? { cookie } : {}) } })
  const session = () => `authjs.session-token=${tenant.people.owner.token}`

  describe('in a batch', () => {
    const batch = (procedure: string, times: number, comma: string, init: RequestInit, cookie = '') =>
      ask(`/trpc/${Array(times).fill(procedure).join(comma)}?batch=1&input=%7B%7D`, init, cookie)

    it.each([',', '%2C', '%2c'])('is refused beyond ten calls, joined by %s', async (comma) => {
      expect((await batch('me.get', 10, comma, {}, session())).status).toBe(200)
      expect((await batch('me.get', 11, comma, {}, session())).status).toBe(400)
      expect((await batch('me.get', 11, comma, {})).status).toBe(400)
    })

    it.each([',', '%2C', '%2c'])(
      'is refused beyond ten writes, joined by %s, and none is done',
      async (comma) => {
        const body = JSON.stringify(
          Object.fromEntries(Array.from({ length: 11 }, (_, n) => [n, { name: `l${n}` }])),
        )
        const headers = { 'content-type': 'application/json' }
        const refused = await batch('label.create', 11, comma, { method: 'POST', body, headers }, session())
        expect(refused.status).toBe(400)
        const rows = await asAdministrator((client) =>
          client.query('select from labels where org_id = $1', [tenant.id]),
        )
        expect(rows.rowCount).toBe(0)
      },
    )

    it('is bad input where it is no encoding at all', async () => {
      expect((await ask('/trpc/me.get%E0%A4%A?batch=1', {}, session())).status).toBe(400)
    })
  })

  it.each(['my-own-trace-id', 'f'.repeat(64), 'x y'])(
    'is no request id, so %j is in no audit log',
    async (id) => {
      const made = await ask(
        '/v1/labels',
        {
          method: 'POST',
          body: JSON.stringify({ name: `Label ${id.slice(0, 16)}` }),
          headers: { 'content-type': 'application/json', 'x-request-id': id },
        },
        session(),
      )
      expect(made.status).toBe(201)
      expect(made.headers.get('x-request-id')).not.toBe(id)
      const { rowCount } = await asAdministrator((client) =>
        client.query('select from audit_log where org_id = $1 and request_id = $2', [tenant.id, id]),
      )
      expect(rowCount).toBe(0)
    },
  )

  it('is told back in short, however much of it is unknown', async () => {
    const fields = Object.fromEntries(Array.from({ length: 40_000 }, (_, n) => [`unknown field ${n}`, 1]))
    const init = {
      method: 'POST',
      body: JSON.stringify(fields),
      headers: { 'content-type': 'application/json' },
    }
    for (const path of ['/v1/labels', '/trpc/label.create']) {
      const answer = await ask(path, init, session())
      expect(answer.status).toBe(400)
      const text = await answer.text()
      expect(text.length).toBeLessThan(5_000)
      expect(text).toContain('more mistakes')
    }
  })

  it.each([
    [
      'the first of two sessions',
      (good: string) => `authjs.session-token=${good}; authjs.session-token=bad`,
      200,
    ],
    ['the first, be it bad', (good: string) => `authjs.session-token=bad; authjs.session-token=${good}`, 401],
    ['none of https', (good: string) => `__Secure-authjs.session-token=${good}`, 401],
    ['a quoted one', (good: string) => `authjs.session-token="${good}"`, 200],
  ])('of its cookies counts %s', async (_, cookies, status) => {
    expect((await ask('/v1/me', {}, cookies(tenant.people.owner.token))).status).toBe(status)
  })
})

it.each(['/v1/me', '/trpc/me.get', '/openapi.json', '/v1/nothing'])('%s is data, no page', async (path) => {
  const { headers } = await createApi({ origin: 'https://worklane.test' }).request(path)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
  expect(headers.get('strict-transport-security')).toMatch(/max-age=\d+/)
})
