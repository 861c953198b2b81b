import { postgresAddress } from './postgres-address.ts'
import { reachPostgres, withPostgres } from './reach-postgres.ts'
import { codeOf, RefusedConnection, refusedBecause } from './refused-connection.ts'

/** What came of granting or revoking, in the database's own words. */
export type Granting = 'added' | 'already' | 'no account' | 'not proved'
export type Revoking = 'removed' | 'no operator'
export type Listed = { email: string; grantedAt: Date }

/**
 * Who runs Worklane, as the owner of the database alone can say it: no role of Worklane's processes may.
 * @param adminUrl the owner's connection string
 * @throws RefusedConnection when the server cannot be reached, or this is not its owner
 */
export function operatorsOf(adminUrl: string) {
  const ask = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> => {
    const address = await reachPostgres(postgresAddress('DATABASE_URL', adminUrl))
    try {
      return await withPostgres(address, async (client) => (await client.query<Row>(text, values)).rows)
    } catch (error) {
      const fix = why[codeOf(error)]
      throw fix ? new RefusedConnection('DATABASE_URL', ...fix) : refusedBecause('DATABASE_URL', error)
    }
  }
  const outcome = async <Outcome>(text: string, email: string): Promise<Outcome> =>
    (await ask<{ outcome: Outcome }>(text, [email]))[0]?.outcome as Outcome
  return {
    add: (email: string) => outcome<Granting>('select add_operator($1) as outcome', email),
    remove: (email: string) => outcome<Revoking>('select remove_operator($1) as outcome', email),
    list: () => ask<Listed>('select email, granted_at as "grantedAt" from list_operators()'),
  }
}

const why: Record<string, [problem: string, fix: string] | undefined> = {
  '42501': [
    'signs in as somebody who may not say who is an operator',
    'sign in as the owner of the database',
  ],
  '42883': [
    'leads to a database of an earlier version',
    'start this version once, which brings it up to date',
  ],
}
