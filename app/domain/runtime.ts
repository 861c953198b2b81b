import { readEnvironment } from '@worklane/data/config.ts'
import { toleratesLostConnections } from '@worklane/data/lost-connections.ts'
import { createLimiter } from '@worklane/data/rate-limit/limiter.ts'
import { connect, type Tenant, tenant } from '@worklane/data/tenant.ts'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { Actor } from './actor.ts'
import { faults } from './faults.ts'

/** How often the limiter's store did not answer; read by the metrics. */
export const limitCounts = { unavailable: 0 }

/** The connections of this process, made at first use and shared by all operations. */
function open() {
  const env = readEnvironment('domain')
  faults()
  const auth = new pg.Pool({
    connectionString: env.AUTH_DATABASE_URL,
    max: 4,
    application_name: 'worklane-auth',
  })
  auth.on('error', () => {})
  toleratesLostConnections(auth)
  const redis = new Redis(env.REDIS_URL, { maxRetriesPerRequest: 1, enableAutoPipelining: true })
  // Readiness tells of it; without a listener a lost Redis would end the process.
  redis.on('error', () => {})
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env
  const limiter = createLimiter({
    redis,
    rest: url && token ? { url, token } : undefined,
    onUnavailable: () => {
      limitCounts.unavailable++
    },
  })
  return { env, database: connect(env.APP_DATABASE_URL, env.DATABASE_POOL), auth, redis, limiter }
}

let current: ReturnType<typeof open> | undefined

export function runtime(): ReturnType<typeof open> {
  current ??= open()
  return current
}

/** The tenant tables, as the actor may see them. */
export const work = (actor: Pick<Actor, 'orgId'>): Tenant => tenant(runtime().database, actor)

/** True when this process reaches what every request needs. */
export async function isReady(): Promise<boolean> {
  const { database, auth, redis } = runtime()
  const probes = [database.pool.query('select 1'), auth.query('select 1'), redis.ping()]
  return (await Promise.allSettled(probes)).every(({ status }) => status === 'fulfilled')
}

/** Ends every connection; for a graceful stop. */
export async function closeRuntime(): Promise<void> {
  if (!current) return
  const { database, auth, redis } = current
  current = undefined
  await database.prisma.$disconnect()
  await Promise.allSettled([database.pool.end(), auth.end(), redis.quit()])
}
