import { createHash, createHmac, hkdfSync, pbkdf2Sync, randomBytes } from 'node:crypto'
import pg from 'pg'
import type { PostgresAddress } from './postgres-address.ts'
import { withPostgres } from './reach-postgres.ts'
import { codeOf, RefusedConnection, refusedBecause } from './refused-connection.ts'

/**
 * What migrations grant to. They belong to the server and are shared by all its databases, so nobody signs in as one of
 * them: each deployment has roles of its own for that, members of these.
 */
const groups = {
  app: 'worklane_app',
  worker: 'worklane_worker',
  auth: 'worklane_auth',
  relay: 'worklane_relay',
  intake: 'worklane_intake',
  operator: 'worklane_operator',
} as const
export type RoleKind = keyof typeof groups

/** Owns the functions that see more than their caller. To give it a function one must be its member. */
const keeper = 'worklane_keeper'

/** @throws RefusedConnection when it is none */
export function assertRolesSecret(secret: string | undefined): asserts secret is string {
  if (secret === undefined || secret.length < 32)
    throw new RefusedConnection(
      'DATABASE_ROLES_SECRET',
      secret ? 'is too short' : 'is not set',
      'choose one of 32 characters or more (openssl rand -base64 32), and keep it: it decides the passwords of Worklane’s roles',
    )
}

/**
 * A deployment's role for a kind of work. Name and password follow from its secret and its database, and from nothing
 * that the connection string holds: two deployments on one server never change each other's.
 */
export function signInOf(
  kind: RoleKind,
  database: string,
  secret: string,
): { user: string; password: string } {
  const derived = (what: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, 'worklane database roles', `${what} ${kind} ${database}`, bytes))
  return {
    user: `${groups[kind]}_${derived('name', 6).toString('hex')}`,
    password: derived('password', 32).toString('base64url'),
  }
}

/** Makes what is missing of the groups and of a deployment's roles. @throws RefusedConnection */
export async function ensureRoles(
  client: pg.Client,
  address: PostgresAddress,
  secret: string,
): Promise<void> {
  await orSayWhatIsMissing(address, async () => {
    await refuseEarlierVersion(client)
    await makeGroups(client)
    for (const kind of Object.keys(groups) as RoleKind[]) await ensureSignIn(client, address, kind, secret)
  })
}

/** Makes what is missing of the groups: what a backup of the schema grants to. @throws RefusedConnection */
export const ensureGroups = (client: pg.Client, address: PostgresAddress): Promise<void> =>
  orSayWhatIsMissing(address, () => makeGroups(client))

async function makeGroups(client: pg.Client): Promise<void> {
  for (const group of [...Object.values(groups), keeper]) await ensureGroup(client, group)
  // Workers may do and see the same; by its name Postgres tells what a request asked from what came of it.
  await again(() => client.query(`grant ${groups.app} to ${groups.worker}`))
  await again(() => client.query(`grant ${keeper} to current_user`))
}

/** @throws RefusedConnection where the administrator may not make roles */
async function orSayWhatIsMissing(address: PostgresAddress, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== '42501') throw error
    const all = [...Object.values(groups), keeper].join(', ')
    throw new RefusedConnection(
      address.variable,
      'has a user who may not make Worklane’s roles, or not give them to others',
      `let an administrator of the server grant it CREATEROLE, and, where another one made them: grant ${all} to "${address.user}" with admin option`,
    )
  }
}

/** Before anything is changed. @throws RefusedConnection */
async function refuseEarlierVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ usename: string; datname: string }>(
    `select usename, datname from pg_stat_activity join pg_roles on rolname = usename
     where rolcanlogin and rolname = any($1) and datname <> current_database() limit 1`,
    [Object.values(groups)],
  )
  const [other] = rows
  if (other)
    throw new RefusedConnection(
      'DATABASE_URL',
      `leads to a server where an earlier version of Worklane is signed in as ${other.usename}, to the database ${other.datname}`,
      'bring that one up to date first: what would be changed here would lock it out',
    )
}

async function ensureGroup(client: pg.Client, group: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [group])
  if (rowCount !== 0) return
  // Another database's administrator may do the same right now.
  await client.query(`create role ${group} nologin`).catch((error) => {
    if (!isDuplicate(error)) throw error
  })
}

/**
 * Ends the sign-ins of an earlier version, which used the groups themselves. Once the schema is this version's: where a
 * migration fails, the earlier one goes on.
 */
export async function retireEarlierSignIns(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>(
    'select rolname from pg_roles where rolcanlogin and rolname = any($1)',
    [Object.values(groups)],
  )
  for (const { rolname } of rows)
    await again(() => client.query(`alter role ${rolname} nologin password null`))
}

const isDuplicate = (error: unknown) =>
  error instanceof pg.DatabaseError && ['42710', '23505'].includes(error.code ?? '')

async function ensureSignIn(
  client: pg.Client,
  address: PostgresAddress,
  kind: RoleKind,
  secret: string,
): Promise<void> {
  const { user, password } = signInOf(kind, address.database, secret)
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [user])
  // Managed servers let nobody say "nosuperuser"; a new role is without these rights anyway.
  if (rowCount === 0)
    await client.query(`create role ${user} login inherit password '${verifierOf(password)}'`)
  await again(() => client.query(`grant ${groups[kind]} to ${user}`))
  // For whoever signs in as it by hand; our own connections ask for it themselves (utc-client.ts).
  if (!(await isInUtc(client, user))) await client.query(`alter role ${user} set timezone = 'UTC'`)
  if (rowCount === 0) return
  const mayEnter = await withPostgres({ ...address, user, password }, async () => true).catch((error) => {
    if (codeOf(error) === '28P01') return false
    throw refusedBecause(address.variable, error)
  })
  if (!mayEnter) await client.query(`alter role ${user} login inherit password '${verifierOf(password)}'`)
}

async function isInUtc(client: pg.Client, role: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "select from pg_db_role_setting where setrole = $1::regrole and setdatabase = 0 and 'TimeZone=UTC' = any(setconfig)",
    [role],
  )
  return rowCount !== 0
}

/** Roles are the server's: who changes them at the same time for another database has Postgres say "concurrently updated". */
async function again(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work()
      return
    } catch (error) {
      const isRace = error instanceof pg.DatabaseError && ['XX000', '23505'].includes(error.code ?? '')
      if (!isRace || attempt === 10) throw error
      await new Promise((resolve) => setTimeout(resolve, 20 * attempt))
    }
  }
}

/**
 * What Postgres keeps of a password (RFC 5803, "SCRAM-SHA-256"). Sent in its place the password itself stands in no log
 * of the server, nor in pg_stat_statements.
 */
function verifierOf(password: string): string {
  const [iterations, salt] = [4_096, randomBytes(16)]
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${hmac('Server Key').toString('base64')}`
}
