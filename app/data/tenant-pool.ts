import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import type { OrgId } from './ids.ts'
import { toleratesLostConnections } from './lost-connections.ts'
import { UtcClient } from './utc-client.ts'

/** For whom the code runs now, and in the course of which request. */
export type Current = {
  orgId: OrgId
  requestId: string
  /** Transactions only read, all of them as things are at their first statement, and may wait this long between two. */
  snapshotIdleMs?: number
}

/** Only `tenant()` sets it. */
export const currentTenant = new AsyncLocalStorage<Current>()

/** The request's id shows in pg_stat_activity and in the server's log lines, as the application's name. */
const setTenant = {
  name: 'set_tenant',
  text: "select set_config('app.org_id', $1, true), set_config('application_name', $2, true)",
}
const nameOf = (requestId: string) => `worklane ${requestId}`.slice(0, 63)

/**
 * A pool whose every query carries the current tenant in the same round trip.
 *
 * Outside a transaction the prepared `set_config(…, true)` and the query are bound and executed before one
 * Sync, which makes them one implicit transaction: the setting ends with it and cannot reach the next user
 * of the connection. A transaction gets the setting in the message of its BEGIN. Without a tenant nothing is
 * set, and row-level security shows no rows.
 * Protocol: PostgreSQL documentation, "Extended Query", "Pipelining".
 */
export class TenantPool extends pg.Pool {
  /** Messages sent to the server, each ending in one Sync: what a round trip is. */
  roundTrips = 0
  /** Statements that read or write rows: without those that only begin or end a transaction. */
  queries = 0

  constructor(config: pg.PoolConfig) {
    super({ ...config, Client: UtcClient })
    toleratesLostConnections(this)
    // Prepared first on each connection, so that no query's own parse can be mistaken for this one's.
    this.on('connect', (client) => {
      client.query({ ...setTenant, values: ['', 'worklane'] }).catch(() => {})
    })
  }

  // pg types `query` and `connect` as many overloads; Prisma's adapter calls the promise form of both.
  override query = (async (config: pg.QueryConfig, values?: unknown[]) => {
    const client = await super.connect()
    let failure: Error | undefined
    try {
      return await this.#send(client, typeof config === 'string' ? { text: config, values } : config)
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
      throw error
    } finally {
      // A refused query leaves the connection usable; a broken one is thrown away.
      client.release(failure && !(failure instanceof pg.DatabaseError) ? failure : undefined)
    }
  }) as unknown as pg.Pool['query']

  override connect = (async () => {
    const client = await super.connect()
    return withTenantInBegin(client, (text) => {
      this.roundTrips++
      if (!/^(begin|commit|rollback)/i.test(text)) this.queries++
    })
  }) as unknown as pg.Pool['connect']

  #send(client: pg.PoolClient, config: pg.QueryConfig): Promise<pg.QueryResult> {
    this.roundTrips++
    this.queries++
    const current = currentTenant.getStore()
    if (current === undefined) return client.query(config)
    return new Promise((resolve, reject) => {
      client.query(
        new TenantQuery(current, config, (error, result) => {
          if (error) reject(error)
          else resolve(result)
        }),
      )
    })
  }
}

/** Messages that `pg.Query` handles, of which its types tell nothing. */
type Connection = {
  stream: { cork(): void; uncork(): void }
  bind(message: { statement: string; values: string[] }): void
  execute(message: { portal?: string }): void
}

const Query = pg.Query as unknown as new (
  config: pg.QueryConfig & { queryMode: 'extended' },
  values: undefined,
  callback: (error: Error | null, result: pg.QueryResult) => void,
) => {
  prepare(connection: Connection): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, connection: Connection): void
}

class TenantQuery extends Query implements pg.Submittable {
  readonly #current: Current
  #tenantIsSet = false
  declare submit: pg.Submittable['submit']

  constructor(
    current: Current,
    config: pg.QueryConfig,
    callback: (error: Error | null, result: pg.QueryResult) => void,
  ) {
    super({ ...config, queryMode: 'extended' }, undefined, callback)
    this.#current = current
  }

  override prepare(connection: Connection): void {
    connection.bind({
      statement: setTenant.name,
      values: [this.#current.orgId, nameOf(this.#current.requestId)],
    })
    connection.execute({})
    super.prepare(connection)
  }

  override handleDataRow(message: unknown): void {
    if (this.#tenantIsSet) super.handleDataRow(message)
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.#tenantIsSet) super.handleCommandComplete(message, connection)
    this.#tenantIsSet = true
  }
}

const beginning = ({ snapshotIdleMs }: Current): string =>
  snapshotIdleMs === undefined
    ? 'begin'
    : `begin isolation level repeatable read read only; set local idle_in_transaction_session_timeout = ${snapshotIdleMs}`

/** Gives the next BEGIN of this client its tenant, as one message; every later query goes through as it is. */
function withTenantInBegin(client: pg.PoolClient, count: (text: string) => void): pg.PoolClient {
  const current = currentTenant.getStore()
  const send = client.query.bind(client) as (config: pg.QueryConfig) => Promise<pg.QueryResult>
  client.query = ((config: pg.QueryConfig) => {
    count(config.text)
    if (current === undefined || config.text !== 'BEGIN') return send(config)
    const [orgId, name] = [pg.escapeLiteral(current.orgId), pg.escapeLiteral(nameOf(current.requestId))]
    const setting = `select set_config('app.org_id', ${orgId}, true), set_config('application_name', ${name}, true)`
    return send({ text: `${beginning(current)}; ${setting}` })
  }) as unknown as pg.PoolClient['query']
  const release = client.release.bind(client)
  client.release = (error) => {
    Reflect.deleteProperty(client, 'query')
    Reflect.deleteProperty(client, 'release')
    release(error)
  }
  return client
}
