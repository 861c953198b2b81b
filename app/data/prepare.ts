import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { UtcClient } from './utc-client.ts'

export const migrationsDirectory = join(import.meta.dirname, 'migrations')

const roles = {
  app: 'worklane_app',
  worker: 'worklane_worker',
  auth: 'worklane_auth',
  relay: 'worklane_relay',
} as const

export type DatabaseUrls = Record<keyof typeof roles, string>

/**
 * Makes the roles and brings the schema up to date. Safe to repeat and to run twice at once.
 * @param adminUrl a connection that may create roles and tables
 * @throws Error that names DATABASE_URL when the server cannot be reached or refuses
 */
export async function prepareDatabase(adminUrl: string): Promise<DatabaseUrls> {
  const client = new UtcClient({ connectionString: adminUrl, connectionTimeoutMillis: 5_000 })
  // What is lost fails the query; untold of here it would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select pg_advisory_lock(738_201)')
    for (const role of Object.values(roles)) await ensureRole(client, role, passwordOf(adminUrl, role))
    // Workers may do and see the same; by its name Postgres tells what a request asked from what came of it.
    await client.query(`grant ${roles.app} to ${roles.worker}`)
    await ensureKeeper(client)
    await migrate(adminUrl)
  } catch (error) {
    throw new Error(`DATABASE_URL: ${described(error)}`, { cause: error })
  } finally {
    await client.end().catch(() => {})
  }
  return databaseUrls(adminUrl)
}

/** The connection strings that belong to an administrator's. */
export function databaseUrls(adminUrl: string): DatabaseUrls {
  const as = (role: string) => {
    const url = new URL(adminUrl)
    url.username = role
    url.password = passwordOf(adminUrl, role)
    return url.href
  }
  return { app: as(roles.app), worker: as(roles.worker), auth: as(roles.auth), relay: as(roles.relay) }
}

/**
 * Derived, not drawn: two runs against one server must agree without sharing a file. Roles belong to the server,
 * so the database's name has no part in it.
 */
function passwordOf(adminUrl: string, role: string): string {
  const { username, password } = new URL(adminUrl)
  return createHmac('sha256', `${username}:${password}`).update(role).digest('base64url')
}

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role])
  const verb = rowCount === 0 ? 'create' : 'alter'
  // Managed servers let nobody say "nosuperuser"; a new role is without these rights anyway.
  await client.query(`${verb} role ${role} login inherit password ${pg.escapeLiteral(password)}`)
  // For whoever signs in as it by hand; our own connections ask for it themselves (utc-client.ts).
  if (!(await isInUtc(client, role))) await client.query(`alter role ${role} set timezone = 'UTC'`)
}

async function isInUtc(client: pg.Client, role: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "select from pg_db_role_setting where setrole = $1::regrole and setdatabase = 0 and 'TimeZone=UTC' = any(setconfig)",
    [role],
  )
  return rowCount !== 0
}

/** Owns the functions that see more than their caller; nobody can sign in as it. To give it a function one must be its member. */
async function ensureKeeper(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query("select from pg_roles where rolname = 'worklane_keeper'")
  if (rowCount === 0) await client.query('create role worklane_keeper nologin')
  await client.query('grant worklane_keeper to current_user')
}

async function migrate(adminUrl: string): Promise<void> {
  const url = new URL(adminUrl)
  if (!url.searchParams.has('sslmode')) url.searchParams.set('sslmode', 'disable')
  const require = createRequire(import.meta.url)
  const { resolveBinary } = (await import(pathToFileURL(require.resolve('dbmate')).href)) as {
    resolveBinary(): string
  }
  await promisify(execFile)(
    resolveBinary(),
    [...['--url', url.href, '--migrations-dir', migrationsDirectory], ...['--no-dump-schema', 'up']],
    { env: { ...process.env, PGTZ: 'UTC' } },
  ).catch((error: { stderr?: string; message: string }) => {
    throw new Error(`migration failed: ${error.stderr?.trim() || error.message}`)
  })
}

/** An address that refuses is an AggregateError with an empty message of its own. */
function described(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join('; ')
  return error instanceof Error ? error.message : String(error)
}
