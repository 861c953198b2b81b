import type pg from 'pg'

/**
 * A connection that the server ends while somebody uses it fails that query. pg-pool tells the pool only of idle ones:
 * of one in use pg emits an `error` on the connection itself, which ends the process where nobody listens.
 */
export function toleratesLostConnections(pool: pg.Pool): void {
  pool.on('connect', (client) => {
    client.on('error', () => {})
  })
}
