import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountTransaction } from './accounts/transaction.ts'
import { resolveApiKey } from './api-keys/resolve.ts'
import { newKey } from './api-keys/secret.ts'
import { execute } from './execute.ts'
import { listLabels } from './labels/operations.ts'
import { inWords } from './refusals.ts'
import { closeRuntime, tenantDb } from './runtime.ts'
import { findSession } from './sessions/sessions.ts'
import { moveTask } from './tasks/writes.ts'
import { createTenant, type Tenant } from './testing/tenants.ts'

afterAll(closeRuntime)

describe('where Postgres is away', () => {
  const shared = { ...process.env }
  let tenant: Tenant

  beforeAll(async () => {
    tenant = await createTenant()
    await closeRuntime()
    for (const variable of ['APP_DATABASE_URL', 'AUTH_DATABASE_URL']) {
      const url = new URL(process.env[variable] as string)
      // Nothing listens there.
      url.port = '1'
      process.env[variable] = url.href
    }
  })
  afterAll(async () => {
    await closeRuntime()
    Object.assign(process.env, shared)
  })

  it.each<[string, () => Promise<unknown>]>([
    ['a read', () => execute(listLabels, tenant.people.viewer.actor, {})],
    ['a write', () => execute(moveTask, tenant.people.member.actor, { taskId: tenant.task, status: 'done' })],
    ['whose key it is', () => resolveApiKey(newKey(), 'test')],
    ['whether a session is good', () => findSession('none')],
    ['what an account does', () => accountTransaction(null, (run) => run('select 1', []))],
  ])('%s is refused for the moment', async (_, ask) => {
    await expect(ask()).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

it('a transaction that Postgres ends, since it rested too long, is refused for the moment', async () => {
  const { people } = await createTenant()
  const resting = tenantDb(people.member.actor).transaction(async (tx) => {
    await tx.$executeRawUnsafe("set local idle_in_transaction_session_timeout = '50ms'")
    await new Promise((resolve) => setTimeout(resolve, 300))
    return tx.$queryRawUnsafe('select 1')
  })
  await expect(inWords(resting)).rejects.toMatchObject({ kind: 'unavailable' })
})
