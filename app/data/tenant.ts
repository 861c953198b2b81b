import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from './generated/prisma/client.ts'
import type { OrgId } from './ids.ts'
import { poolConfig, waitsAtMostMs } from './pool.ts'
import { withRetryOnConflict } from './refusal.ts'
import { currentTenant, TenantPool } from './tenant-pool.ts'

/** Models without a tenant column: row-level security alone decides what of them is seen. */
const shared = new Set(['Organisation', 'User'])

export type Database = ReturnType<typeof connect>
/** The client inside a transaction. */
export type Transaction = Parameters<Parameters<Database['prisma']['$transaction']>[0]>[0]

/**
 * Connects as the application's role. `prisma` is private to this room: what the domain gets is `tenant()`.
 * @param size connections in the pool
 */
export function connect(url: string, size = 10) {
  const pool = new TenantPool(
    poolConfig({ variable: 'APP_DATABASE_URL', url, group: 'worklane_app', max: size, name: 'worklane' }),
  )
  // An idle connection that the server closes is replaced at the next query; it must not end the process.
  pool.on('error', () => {})
  const adapter = new PrismaPg(pool, { statementNameGenerator: ({ sql }) => statementName(sql) })
  return { pool, prisma: stamped(new PrismaClient({ adapter, transactionOptions })) }
}

/** A busy server is slow, and not wrong: a write waits for a connection, and for its locks, as long as people do. */
const transactionOptions = { maxWait: waitsAtMostMs, timeout: 2 * waitsAtMostMs }

type Asker = { orgId: OrgId; requestId?: string }

export type Tenant = {
  /** Single reads: each query is one round trip, tenant included. */
  read<T>(work: (db: Database['prisma']) => Promise<T>): Promise<T>
  /** Several statements that hold together or not at all. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * Many reads that all see one moment. What is asked of the tenant beside `tx` meanwhile has its own connections, and
   * sees what is new.
   * @param withinMs how long it may go on, and wait for whoever takes up what was read
   */
  snapshot<T>(work: (tx: Transaction) => Promise<T>, withinMs: number): Promise<T>
}

/** The only way to the tenant tables: everything inside sees one organisation's rows. */
export function tenant(database: Database, { orgId, requestId = '' }: Asker): Tenant {
  const { prisma } = database
  const current = { orgId, requestId }
  return {
    // Prisma's promises are lazy: awaited inside, or the query would run outside and see nothing.
    read: (work) => {
      const open = currentTransaction.getStore()
      const db = open?.orgId === orgId ? (open.tx as unknown as Database['prisma']) : prisma
      return currentTenant.run(current, async () => await work(db))
    },
    transaction: (work) => {
      const open = currentTransaction.getStore()
      if (open?.orgId === orgId) return currentTenant.run(current, async () => await work(open.tx))
      return currentTenant.run(current, () =>
        withRetryOnConflict(() =>
          prisma.$transaction(async (tx) => {
            const held = { orgId, tx: tx as Transaction }
            return await currentTransaction.run(held, async () => await work(held.tx))
          }),
        ),
      )
    },
    snapshot: (work, withinMs) =>
      currentTenant.run({ ...current, snapshotIdleMs: withinMs }, () =>
        prisma.$transaction(
          // Back to the plain tenant: only the one that began above is a snapshot.
          async (tx) => currentTenant.run(current, async () => await work(tx as Transaction)),
          { maxWait: waitsAtMostMs, timeout: withinMs },
        ),
      ),
  }
}

/** A transaction begun inside another one of the same tenant is part of that one. */
const currentTransaction = new AsyncLocalStorage<{ orgId: OrgId; tx: Transaction }>()

/** The first layer: every query filters by the tenant and every write is stamped with it. */
function stamped(client: PrismaClient) {
  return client.$extends({
    name: 'tenant',
    query: {
      $allModels: {
        $allOperations({ model, operation, args, query }) {
          const orgId = currentTenant.getStore()?.orgId
          if (orgId === undefined)
            throw new Error(`${model}.${operation} ran outside tenant(): no organisation is set`)
          return query(shared.has(model) ? args : withTenant(operation, args as Arguments, orgId))
        },
      },
    },
  })
}

type Arguments = { where?: object; data?: object | object[]; create?: object; update?: object } | undefined

function withTenant(operation: string, args: Arguments, orgId: OrgId): never {
  const stamp = (data: object | object[] | undefined) =>
    Array.isArray(data) ? data.map((row) => ({ ...row, orgId })) : { ...data, orgId }
  const scoped: Record<string, unknown> = { ...args }
  if (operation.startsWith('create')) scoped.data = stamp(args?.data)
  else scoped.where = { ...args?.where, orgId }
  if (operation === 'upsert') scoped.create = stamp(args?.create)
  if (operation.startsWith('update')) scoped.data = stamp(args?.data)
  return scoped as never
}

const names = new Map<string, string>()

/** A statement's name is its text's digest, so that each connection prepares it once. */
function statementName(sql: string): string {
  let name = names.get(sql)
  if (name === undefined) {
    name = createHash('sha1').update(sql).digest('base64url')
    // Lists of varying length make ever new texts: those beyond the bound go unprepared, as the empty name says.
    if (names.size >= 500) return ''
    names.set(sql, name)
  }
  return name
}
