import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { type PostgresAddress, postgresAddress, postgresUrl } from './postgres-address.ts'
import { reachPostgres, withPostgres } from './reach-postgres.ts'
import { RefusedConnection, refusedBecause } from './refused-connection.ts'
import {
  assertRolesSecret,
  ensureGroups,
  ensureRoles,
  type RoleKind,
  retireEarlierSignIns,
  signInOf,
} from './roles.ts'

export const migrationsDirectory = join(import.meta.dirname, 'migrations')

export type DatabaseUrls = Record<RoleKind, string>

/**
 * Makes the roles and brings the schema up to date. Safe to repeat and to run twice at once, also for two databases of
 * one server.
 * @param adminUrl a connection that may create roles and tables
 * @param secret decides the roles' names and passwords: the same for all processes of a deployment
 * @returns the connection strings of the roles
 * @throws RefusedConnection when the server cannot be reached or refuses
 */
export async function prepareDatabase(
  adminUrl: string,
  secret = process.env.DATABASE_ROLES_SECRET,
): Promise<DatabaseUrls> {
  assertRolesSecret(secret)
  const address = await reachPostgres(postgresAddress('DATABASE_URL', adminUrl))
  await asAdministrator(address, async (client) => {
    await ensureRoles(client, address, secret)
    await migrate(address)
    await retireEarlierSignIns(client)
  })
  return databaseUrls(address, secret)
}

/**
 * Makes the roles that migrations grant to, and nothing else: a backup can be restored into a server that has them.
 * @throws RefusedConnection when the server cannot be reached or refuses
 */
export async function prepareRoles(adminUrl: string): Promise<void> {
  const address = await reachPostgres(postgresAddress('DATABASE_URL', adminUrl))
  await asAdministrator(address, (client) => ensureGroups(client, address))
}

/** One at a time, on a server that takes writes. @throws RefusedConnection */
async function asAdministrator(
  address: PostgresAddress,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  try {
    await withPostgres(address, async (client) => {
      await lockMigrations(client)
      await assertWritable(client, address)
      await work(client)
    })
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw refusedBecause('DATABASE_URL', error)
    // It was let in, so the string was read as it was meant: the server's words hold nothing of a password.
    const said = withoutPassword(error.message, address)
    throw new RefusedConnection('DATABASE_URL', `has a user whom the server refuses (${said})`, 'correct it')
  }
}

/** The connection strings of the roles that belong to an administrator's address. */
export function databaseUrls(address: PostgresAddress, secret: string): DatabaseUrls {
  const as = (kind: RoleKind) => postgresUrl({ ...address, ...signInOf(kind, address.database, secret) })
  return {
    app: as('app'),
    worker: as('worker'),
    auth: as('auth'),
    relay: as('relay'),
    intake: as('intake'),
    operator: as('operator'),
  }
}

const lockAgainMs = 100

/**
 * Asks again and again: a statement that waits for the lock would itself be waited for by `create index concurrently`,
 * which whoever has the lock may be at.
 */
async function lockMigrations(client: pg.Client): Promise<void> {
  const lock = 'select pg_try_advisory_lock(738_201) as locked'
  while (!(await client.query<{ locked: boolean }>(lock)).rows[0]?.locked) await setTimeout(lockAgainMs)
}

async function assertWritable(client: pg.Client, { variable }: PostgresAddress): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
  if (rows[0]?.standby)
    throw new RefusedConnection(variable, 'leads to a standby, which takes no writes', 'name the primary')
}

/** By the environment: what stands on a command line everybody on the machine can read. */
async function migrate(address: PostgresAddress): Promise<void> {
  const require = createRequire(import.meta.url)
  const { resolveBinary } = (await import(pathToFileURL(require.resolve('dbmate')).href)) as {
    resolveBinary(): string
  }
  const { PATH, HOME, PGPASSWORD, PGPASSFILE } = process.env
  await promisify(execFile)(
    resolveBinary(),
    ['--env', 'DATABASE_URL', '--migrations-dir', migrationsDirectory, '--no-dump-schema', 'migrate'],
    { env: { PATH, HOME, PGPASSWORD, PGPASSFILE, PGTZ: 'UTC', DATABASE_URL: urlForMigrations(address) } },
  ).catch((error: { stderr?: string; code?: unknown }) => {
    const said = withoutPassword(error.stderr?.trim() || `ended with ${error.code}`, address)
    throw new RefusedConnection(
      'DATABASE_URL',
      `leads to a database that cannot be migrated: ${said}`,
      'see why',
    )
  })
}

/** As lib/pq reads it, which dbmate is made with: the host stands in the query, where IPv6 and sockets look alike. */
function urlForMigrations({ host, port, database, user, password, options, tls }: PostgresAddress): string {
  const query = new URLSearchParams({ host, port: String(port) })
  query.set('sslmode', tls.mode)
  if (tls.rootCertificate) query.set('sslrootcert', tls.rootCertificate)
  if (tls.certificate) query.set('sslcert', tls.certificate)
  if (tls.key) query.set('sslkey', tls.key)
  if (tls.direct) query.set('sslnegotiation', 'direct')
  if (options) query.set('options', options)
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  return `postgres://${encodeURIComponent(user)}${secret}@/${encodeURIComponent(database)}?${query}`
}

function withoutPassword(text: string, { password }: PostgresAddress): string {
  if (!password) return text
  return text.replaceAll(password, '***').replaceAll(encodeURIComponent(password), '***')
}
