import { getMe, setPassword } from '@worklane/domain/me/operations.ts'
import type { AnyOperation } from '@worklane/domain/operation.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'
import { asSession, restAsk, send, trpcAsk } from './testing/asks.ts'

describe('a limit that was met', () => {
  const api = createApi({ origin: 'http://worklane.test' })
  let tenant: Tenant

  beforeAll(async () => {
    tenant = await createTenant()
  })
  afterAll(closeRuntime)

  it.each([
    ['REST', 'member', restAsk],
    ['tRPC', 'viewer', trpcAsk],
  ] as const)('says by %s when it ends, in its words and in Retry-After alike', async (_, role, by) => {
    const { token } = tenant.people[role]
    const ask = (operation: unknown, input: Record<string, unknown>) =>
      send(api, asSession(by(operation as AnyOperation, input), token))
    const [email] = /[\w.-]+@example\.test/.exec((await ask(getMe, {})).text) ?? []
    // Refused each time, and counted all the same.
    const change = () => ask(setPassword, { next: email })
    for (let n = 0; n < 10; n++) expect((await change()).status).toBe(400)
    const { status, text, headers } = await change()
    expect([status, text]).toEqual([429, expect.stringContaining('Too many tries: try again in 15 minutes.')])
    expect(Math.ceil(Number(headers.get('retry-after')) / 60)).toBe(15)
  })
})
