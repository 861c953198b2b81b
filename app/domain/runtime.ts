import { type BlobsOnDemand, blobsOnDemand, storeSettings } from '@worklane/data/blobs.ts'
import { ConfigurationError, readEnvironment } from '@worklane/data/config.ts'
import type { Group } from '@worklane/data/harmless-role.ts'
import { toleratesLostConnections } from '@worklane/data/lost-connections.ts'
import { assertPools, poolConfig } from '@worklane/data/pool.ts'
import { createLimiter } from '@worklane/data/rate-limit/limiter.ts'
import { assertRedis } from '@worklane/data/redis-address.ts'
import { steadyLinks } from '@worklane/data/steady-links.ts'
import { connect, type Tenant, tenant } from '@worklane/data/tenant.ts'
import { UtcClient } from '@worklane/data/utc-client.ts'
import { within } from '@worklane/data/within.ts'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { Actor } from './actor.ts'
import { faults } from './faults.ts'
import { inWords } from './refusals.ts'

/** How often the limiter's store did not answer; read by the metrics. */
export const limitCounts = { unavailable: 0 }

/** The connections of this process, made at first use and shared by all operations. */
function open() {
  const env = readEnvironment('domain')
  faults()
  // Its statements are short reads, and writes of one row: they wait for no lock that a transaction holds.
  const auth = inOurWords(rolePool(authVariable, env.AUTH_DATABASE_URL, 'worklane_auth', answerWithinMs))
  // A pool of its own: transactions may wait for a lock whose holder has a question for `auth` before it commits.
  const accounts = rolePool(authVariable, env.AUTH_DATABASE_URL, 'worklane_auth')
  const intake = inOurWords(rolePool(intakeVariable, env.INTAKE_DATABASE_URL, 'worklane_intake'))
  const operator = inOurWords(rolePool(operatorVariable, env.OPERATOR_DATABASE_URL, 'worklane_operator'))
  const redis = new Redis(env.REDIS_URL, {
    maxRetriesPerRequest: 1,
    enableAutoPipelining: true,
    // It is asked inside of transactions too, which hold their locks meanwhile: one that hangs is one that is away.
    commandTimeout: redisWithinMs,
  })
  // Readiness tells of it; without a listener a lost Redis would end the process.
  redis.on('error', () => {})
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env
  const limiter = createLimiter({
    redis,
    rest: url && token ? { url, token } : undefined,
    patienceMs: env.RATE_LIMIT_PATIENCE_MS,
    onUnavailable: () => {
      limitCounts.unavailable++
    },
  })
  const database = connect(env.APP_DATABASE_URL, env.DATABASE_POOL)
  const settings = storeSettings(env)
  const blobs: BlobsOnDemand | null = settings && blobsOnDemand(settings)
  const pictureLink = settings && steadyLinks(settings)
  return { env, database, auth, accounts, intake, operator, redis, limiter, blobs, pictureLink }
}

/** How long Redis has for an answer. */
const redisWithinMs = 1_000

const authVariable = 'AUTH_DATABASE_URL'
const intakeVariable = 'INTAKE_DATABASE_URL'
const operatorVariable = 'OPERATOR_DATABASE_URL'

/** Connections as a role that may look across tenants: at accounts, at what Stripe tells, or at what operators see. */
function rolePool(variable: string, url: string | undefined, group: Group, lockedMs?: number): pg.Pool {
  const pool =
    url === undefined
      ? closedPool(new ConfigurationError('domain', [`${variable}: is not set, and it is asked for`]))
      : new pg.Pool(poolConfig({ variable, url, group, max: 4, name: group.replace('_', '-'), lockedMs }))
  pool.on('error', () => {})
  toleratesLostConnections(pool)
  return pool
}

/** Single statements stand in no transaction that could be done again: what refuses them is told as it is. */
function inOurWords(pool: pg.Pool): pg.Pool {
  const query = pool.query.bind(pool) as (...question: unknown[]) => Promise<unknown>
  return Object.assign(pool, { query: (...question: unknown[]) => inWords(query(...question)) })
}

/** One that reaches nothing: without an address pg would take whatever server and role it finds on the machine. */
function closedPool(reason: Error): pg.Pool {
  const pool = new pg.Pool({ Client: UtcClient, max: 1 })
  const refuse = () => Promise.reject(reason)
  return Object.assign(pool, { connect: refuse, query: refuse })
}

let current: ReturnType<typeof open> | undefined

export function runtime(): ReturnType<typeof open> {
  current ??= open()
  return current
}

/** The tenant tables, as the actor may see them. A transaction's refusals get their words where it was begun. */
export function tenantDb(actor: Pick<Actor, 'orgId'>): Tenant {
  const { read, transaction, snapshot } = tenant(runtime().database, actor)
  return { read: (questions) => inWords(read(questions)), transaction, snapshot }
}

/**
 * Asks each pool who it is, and Redis whether it lets us in. What does not answer yet is no refusal: a pool asks before
 * its first query, whenever that is.
 * @throws RefusedConnection, ConfigurationError
 */
export async function assertConnections(): Promise<void> {
  const { env, database, auth, accounts, intake, operator } = runtime()
  const pools = [
    ['APP_DATABASE_URL', database.pool],
    [authVariable, auth],
    [authVariable, accounts],
    [intakeVariable, intake],
    [operatorVariable, operator],
  ] as const
  // What no part of this process needs is not set.
  await assertPools(pools.filter(([variable]) => env[variable] !== undefined))
  await assertRedis('REDIS_URL', env.REDIS_URL)
}

/** True when this process reaches what every request needs. */
export async function isReady(): Promise<boolean> {
  const { database, auth, redis } = runtime()
  return allAnswer([database.pool.query('select 1'), auth.query('select 1'), redis.ping()])
}

const answerWithinMs = 2_000

/** Whether everything that was asked answers in time: a server that hangs is no more there than one that is gone. */
export async function allAnswer(probes: Promise<unknown>[]): Promise<boolean> {
  return within(answerWithinMs, Promise.all(probes)).then(
    () => true,
    () => false,
  )
}

/** What ends with the runtime: connections of others, made at their first use. */
export const beforeClosing = new Set<() => Promise<void>>()

/** Ends every connection; for a graceful stop. */
export async function closeRuntime(): Promise<void> {
  if (!current) return
  const { database, auth, accounts, intake, operator, redis, blobs } = current
  current = undefined
  await Promise.allSettled([...beforeClosing].map((close) => close()))
  await blobs?.close()
  await database.prisma.$disconnect()
  const pools = [database.pool, auth, accounts, intake, operator]
  await Promise.allSettled([...pools.map((pool) => pool.end()), redis.quit()])
}
