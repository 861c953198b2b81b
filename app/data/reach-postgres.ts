import type pg from 'pg'
import { clientConfig, type PostgresAddress } from './postgres-address.ts'
import { codeOf, RefusedConnection, refusedBecause } from './refused-connection.ts'
import { UtcClient } from './utc-client.ts'

/** How the two modes that leave it open are decided, as libpq does: in this order, until one is let in. */
const attempts: Partial<Record<PostgresAddress['tls']['mode'], PostgresAddress['tls']['mode'][]>> = {
  allow: ['disable', 'require'],
  prefer: ['require', 'disable'],
}

/** The server speaks no TLS, or wants it (or wants none) of this user. */
const wantsTheOther = ['NO_TLS', '28000']

/**
 * Signs in, and decides whether the connection is encrypted where that was left open.
 * @param whatElse another thing to do than to correct the string
 * @throws RefusedConnection
 */
export async function reachPostgres(address: PostgresAddress, whatElse = ''): Promise<PostgresAddress> {
  let failure: unknown
  for (const mode of attempts[address.tls.mode] ?? [address.tls.mode]) {
    const tried = { ...address, tls: { ...address.tls, mode } }
    try {
      await withPostgres(tried, (client) => client.query('select 1'))
      return tried
    } catch (error) {
      if (error instanceof RefusedConnection) throw error
      failure = failure !== undefined && codeOf(error) === 'NO_TLS' ? failure : error
      if (!wantsTheOther.includes(codeOf(error))) break
    }
  }
  throw refusedBecause(address.variable, failure, whatElse)
}

/** Work on a connection of its own. */
export async function withPostgres<T>(
  address: PostgresAddress,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new UtcClient({ connectionTimeoutMillis: 5_000, ...clientConfig(address) })
  // What is lost fails the query; untold of here it would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
