import { orgId } from '@worklane/data/ids.ts'
import { tenant } from '@worklane/data/tenant.ts'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { accountTransaction } from './accounts/transaction.ts'
import { closeRuntime, runtime } from './runtime.ts'
import { createTenant } from './testing/tenants.ts'

const uncaught: unknown[] = []
const listen = (error: unknown) => void uncaught.push(error)
beforeEach(() => {
  uncaught.length = 0
  process.on('uncaughtException', listen)
})
afterEach(() => void process.off('uncaughtException', listen))
afterAll(closeRuntime)

const end = 'select pg_terminate_backend(pg_backend_pid())'

it.each<[string, () => Promise<unknown>]>([
  ['a transaction across tenants', () => accountTransaction(null, (run) => run(end, []))],
  [
    'a transaction of a tenant',
    async () => {
      const { id } = await createTenant()
      return tenant(runtime().database, { orgId: orgId(id) }).transaction((tx) => tx.$queryRawUnsafe(end))
    },
  ],
  ['a single read', () => runtime().database.pool.query(end)],
])('a connection that Postgres ends in %s fails that alone, and not the process', async (_, work) => {
  await expect(work()).rejects.toThrow()
  // The socket closes a moment after the error was told.
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(uncaught).toEqual([])
  const { rows } = await runtime().auth.query('select 1 as one')
  expect(rows).toEqual([{ one: 1 }])
})
