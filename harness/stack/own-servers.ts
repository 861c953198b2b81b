import { assertHarmlessRole, type Group } from '@worklane/data/harmless-role.ts'
import { type PostgresAddress, postgresAddress } from '@worklane/data/postgres-address.ts'
import { type DatabaseUrls, prepareDatabase } from '@worklane/data/prepare.ts'
import { reachPostgres, withPostgres } from '@worklane/data/reach-postgres.ts'
import { reachRedis, redisAddress } from '@worklane/data/redis-address.ts'
import { RefusedConnection, refusedBecause } from '@worklane/data/refused-connection.ts'
import { UsageError } from '../plan/usage.ts'
import { ownStore } from './own-store.ts'
import { checkoutSecret } from './secrets.ts'

/** The servers of the user's own that a run is to use, where there are any. */
export type OwnServers = {
  database: PostgresAddress | null
  redisUrl: string | null
  /** What Worklane's processes need to know of the object store. */
  store: Record<string, string> | null
}
type Needed = { postgres: boolean; redis: boolean; store: boolean }

/**
 * Reads DATABASE_URL, REDIS_URL and S3_…, and signs in to those that are needed.
 * @throws UsageError that holds nothing of any
 */
export async function ownServers(needed: Needed): Promise<OwnServers> {
  const { DATABASE_URL, REDIS_URL } = process.env
  return asUsage(async () => ({
    database:
      DATABASE_URL && needed.postgres
        ? await reachPostgres(
            postgresAddress('DATABASE_URL', DATABASE_URL),
            'unset it to have a PostgreSQL started for you',
          )
        : null,
    redisUrl:
      REDIS_URL && needed.redis
        ? await reached('REDIS_URL', REDIS_URL, 'unset it to have a Redis started for you')
        : null,
    store: needed.store ? await ownStore() : null,
  }))
}

async function reached(variable: string, url: string, whatElse: string): Promise<string> {
  await reachRedis(variable, url, whatElse)
  return url.trim()
}

/** Where the servers of DATABASE_URL and REDIS_URL listen, of those that do so on a port. */
export function addressesOfOwnServers(): { host: string; port: number }[] {
  const { DATABASE_URL, REDIS_URL } = process.env
  const found = [
    DATABASE_URL ? postgresAddress('DATABASE_URL', DATABASE_URL) : null,
    REDIS_URL ? redisAddress('REDIS_URL', REDIS_URL) : null,
  ]
  return found.flatMap((address) => {
    const { host, port } = address ?? {}
    return host && !host.startsWith('/') && port ? [{ host, port }] : []
  })
}

/** What decides the passwords of Worklane's roles: the deployment's own, or this checkout's. */
export const rolesSecret = async (): Promise<string> =>
  process.env.DATABASE_ROLES_SECRET || (await checkoutSecret('database-secret'))

const groupOf: Record<keyof DatabaseUrls, Group> = {
  app: 'worklane_app',
  worker: 'worklane_app',
  auth: 'worklane_auth',
  relay: 'worklane_relay',
  intake: 'worklane_intake',
  operator: 'worklane_operator',
}

/**
 * Makes roles and schema, and asks as each role whether row-level security holds it, as the processes will.
 * @throws UsageError when one of them would refuse to start
 */
export const preparedDatabase = (adminUrl: string): Promise<DatabaseUrls> =>
  asUsage(async () => {
    const urls = await prepareDatabase(adminUrl, await rolesSecret())
    for (const [kind, url] of Object.entries(urls) as [keyof DatabaseUrls, string][])
      await withPostgres(postgresAddress('DATABASE_URL', url), (client) =>
        assertHarmlessRole(client, 'DATABASE_URL', groupOf[kind]),
      ).catch((error: unknown) => {
        throw refusedBecause('DATABASE_URL', error)
      })
    return urls
  })

/** A connection that is refused is wrong use of the command. */
export async function asUsage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RefusedConnection)) throw error
    throw new UsageError(`${error.variable} ${error.problem}`, error.fix)
  }
}
