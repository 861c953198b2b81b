import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveApiKey } from './api-keys/resolve.ts'
import { newKey } from './api-keys/secret.ts'
import { execute } from './execute.ts'
import { listLabels } from './labels/operations.ts'
import { closeRuntime, runtime } from './runtime.ts'
import { listSessions } from './sessions/operations.ts'
import { createSession, findSession, resolveActor } from './sessions/sessions.ts'
import { moveTask } from './tasks/writes.ts'
import { asAdministrator, createTenant, type Tenant } from './testing/tenants.ts'

const busy = { kind: 'unavailable' }

describe('where Postgres is too busy', () => {
  const shared = { ...process.env }
  let tenant: Tenant
  let token: string

  beforeAll(async () => {
    tenant = await createTenant()
    // Its first request: Redis does not know it yet.
    token = (await createSession(tenant.people.member.actor.userId)).token
    await closeRuntime()
    for (const variable of ['APP_DATABASE_URL', 'AUTH_DATABASE_URL']) {
      const url = new URL(process.env[variable] as string)
      url.searchParams.set('pool_timeout', '1')
      url.searchParams.set('connection_limit', '1')
      process.env[variable] = url.href
    }
  })
  afterAll(async () => {
    await closeRuntime()
    Object.assign(process.env, shared)
  })

  /** Does something while the only connection of a pool is in use. */
  async function without(pool: pg.Pool, work: () => Promise<void>): Promise<void> {
    const held = await pool.connect()
    try {
      await work()
    } finally {
      held.release()
    }
  }
  const labels = () => execute(listLabels, tenant.people.viewer.actor, { search: 'a' })

  it('for the tenants’ tables, reads and writes are refused for the moment', async () => {
    const { actor } = tenant.people.member
    await without(runtime().database.pool, async () => {
      await expect(labels()).rejects.toMatchObject(busy)
      await expect(execute(moveTask, actor, { taskId: tenant.task, status: 'doing' })).rejects.toMatchObject(
        busy,
      )
    })
    expect((await labels()).items).toEqual([])
  })

  it('with a lock that others hold for too long, a read is refused for the moment', async () => {
    await runtime().database.pool.query("set lock_timeout = '50ms'")
    await asAdministrator(async (holder) => {
      await holder.query('begin; lock table labels')
      await expect(labels()).rejects.toMatchObject(busy)
    })
  })

  it.each<[string, () => Promise<unknown>]>([
    ['whose session it is', () => resolveActor(token)],
    ['whose key it is', () => resolveApiKey(newKey(), 'test')],
    ['whether a session is good', () => findSession(token)],
    ['where one is signed in', () => execute(listSessions, tenant.people.member.actor, {})],
  ])('for accounts, the question %s is refused for the moment', async (_, ask) => {
    await without(runtime().auth, () => expect(ask()).rejects.toMatchObject(busy))
    await expect(ask()).resolves.not.toThrow()
  })
})
