import type pg from 'pg'
import { assertHarmlessRole, type Group } from './harmless-role.ts'
import { clientConfig, postgresAddress } from './postgres-address.ts'
import { mayPass, RefusedConnection, refusedBecause } from './refused-connection.ts'
import { UtcClient } from './utc-client.ts'
import { within } from './within.ts'

export type PoolOptions = {
  /** The variable that holds the string. */
  variable: string
  url: string
  /** What its role must be a member of, and of nothing else. */
  group: Group
  /** Connections at most; fewer where the string says so (`connection_limit`). */
  max: number
  name: string
  /** How long a statement waits for a lock that others hold, where not as long as everybody. Milliseconds. */
  lockedMs?: number | undefined
}

/**
 * How long anybody waits for a free connection or for a lock, unless the string says otherwise (`pool_timeout`), and an
 * open transaction for its next statement: whoever waits longer is refused, and holds up nobody else.
 */
export const waitsAtMostMs = 10_000

/** Told once of each pool whose role may more than it should. */
let onRefusal: (refusal: RefusedConnection) => void = () => {}
export const whenRefused = (tell: typeof onRefusal): void => {
  onRefusal = tell
}

/**
 * The configuration of a pool that asks on its first connection who it is, before any query of others. One that may more
 * than it should answers every query with the refusal, for good.
 * @throws RefusedConnection when the string cannot be kept
 */
export function poolConfig(options: PoolOptions): pg.PoolConfig {
  const { variable, url, group, max, name, lockedMs = waitsAtMostMs } = options
  const address = postgresAddress(variable, url)
  const { poolSeconds } = address
  let known: Promise<void> | undefined
  const identified = (client: pg.ClientBase) => {
    known ??= assertHarmlessRole(client, variable, group).catch((error: unknown) => {
      // A lost connection says nothing; the next one is asked.
      if (error instanceof RefusedConnection) onRefusal(error)
      else known = undefined
      throw error
    })
    return known
  }
  // Asked for once the connection stands: poolers refuse what they do not know in a startup message.
  const begun = async (client: pg.ClientBase) => {
    await identified(client)
    await client.query(
      `set lock_timeout = ${lockedMs}; set idle_in_transaction_session_timeout = ${waitsAtMostMs}`,
    )
  }
  return {
    connectionTimeoutMillis: waitsAtMostMs,
    ...clientConfig(address),
    Client: UtcClient,
    ...(poolSeconds === undefined ? {} : { connectionTimeoutMillis: poolSeconds * 1_000 }),
    max: Math.min(max, address.connectionLimit ?? max),
    application_name: name,
    // pg-pool waits for what it returns (3.14), of which its types tell nothing.
    onConnect: begun as (client: pg.ClientBase) => void,
  }
}

const patienceMs = 5_000

/**
 * Has each of these pools ask who it is; one whose server does not answer yet asks later, before its first query.
 * @param pools by the variable that holds the string
 * @throws RefusedConnection
 */
export async function assertPools(
  pools: readonly (readonly [string, Pick<pg.Pool, 'connect'>])[],
): Promise<void> {
  const asked = pools.map(async ([variable, pool]) => {
    try {
      const client = await pool.connect()
      client.release()
    } catch (error) {
      if (!mayPass(error)) throw refusedBecause(variable, error)
    }
  })
  await within(patienceMs, Promise.all(asked)).catch((error: unknown) => {
    if (error instanceof RefusedConnection) throw error
  })
}
