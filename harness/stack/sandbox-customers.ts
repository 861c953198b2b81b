import type { PostgresAddress } from '@worklane/data/postgres-address.ts'
import { withPostgres } from '@worklane/data/reach-postgres.ts'
import pg from 'pg'

/** Of those that no sandbox made, whoever reads them from one learns that they are gone, and writes so. */
const unmarked = `select count(*)::int as count
  from (select stripe_id from billing_customers union select stripe_id from ended_customers) customers
  where stripe_id not in (select stripe_id from sandbox_customers)`

/** How many customers a database holds whom no sandbox of the harness made. */
export async function customersOfOthers(client: Pick<pg.ClientBase, 'query'>): Promise<number> {
  const { rows } = await client.query<{ count: number }>(unmarked)
  return rows[0]?.count ?? 0
}

/**
 * Whether a sandbox may be started beside a database: it has nobody's customers but those of earlier sandboxes.
 * An administrator whom row-level security keeps from seeing so is no help.
 */
export async function takesSandbox(database: PostgresAddress): Promise<boolean> {
  return withPostgres(database, async (client) => {
    await client.query('set row_security = off')
    return (await customersOfOthers(client)) === 0
  }).catch((error: unknown) => {
    if (error instanceof pg.DatabaseError && error.code === insufficientPrivilege) return false
    throw error
  })
}
const insufficientPrivilege = '42501'

/** Says of customers that a sandbox made them. */
export async function markCustomers(client: pg.ClientBase, ids: readonly string[]): Promise<void> {
  await client.query(
    'insert into sandbox_customers (stripe_id) select unnest($1::text[]) on conflict do nothing',
    [ids],
  )
}
