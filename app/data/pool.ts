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
  /** Of every connection of it. Asked for once it stands: poolers refuse what they do not know in a startup message. */
  settings?: Record<string, number>
}

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
export function poolConfig({ variable, url, group, max, name, settings = {} }: PoolOptions): pg.PoolConfig {
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
  const wanted = Object.entries(settings).map(([setting, value]) => `set ${setting} = ${value}`)
  const begun = async (client: pg.ClientBase) => {
    await identified(client)
    if (wanted.length > 0) await client.query(wanted.join('; '))
  }
  return {
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
