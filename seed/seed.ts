import { createHash } from 'node:crypto'
import { type PopulationSpec, populationId } from '@headroom/fixtures/population.ts'
import { hash } from '@node-rs/argon2'
import pg from 'pg'
import { copyTable } from './copy.ts'
import { tablesOf } from './rows.ts'

/** What every seeded user signs in with. */
export const demoPassword = 'worklane-demo'

export type SeedOptions = {
  /** Every user's session token is an HMAC under it. */
  sessionSecret: string
  onProgress?: (line: string) => void
  /** The day that dates count from; this one unless said. */
  today?: Date
}

export type Seeded = { rows: number; seconds: number; digest: string }

/**
 * Writes a population into a migrated database, all of it or nothing.
 * A database that holds the same population is left as it is.
 * @param adminUrl the administrator's connection: COPY needs the owner's rights
 * @throws Error when the database holds anything else, or in production
 */
export async function seedDatabase(
  adminUrl: string,
  spec: PopulationSpec,
  options: SeedOptions,
): Promise<Seeded> {
  if (process.env.WORKLANE_ENV === 'production') {
    throw new Error(
      'seed: WORKLANE_ENV is production; sessions that can be derived from a secret have no place there',
    )
  }
  const { onProgress = () => {} } = options
  const started = performance.now()
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query('begin')
    // Two seeds at once: the second waits, and then finds the work done.
    await client.query('select pg_advisory_xact_lock(738_202)')
    const known = await existing(client, spec)
    if (known) return known
    const written = await withoutRowSecurity(client, () => copyAll(client, spec, options, onProgress))
    await client.query('insert into population (id, spec, digest) values ($1, $2, $3)', [
      populationId(spec),
      spec,
      written.digest,
    ])
    await client.query('commit')
    await client.query('vacuum (analyze)')
    const seconds = (performance.now() - started) / 1000
    onProgress(`seed: ${written.rows.toLocaleString('en')} rows in ${seconds.toFixed(1)} s`)
    return { ...written, seconds }
  } finally {
    // Ends the transaction as well: what was not committed never was.
    await client.end()
  }
}

async function copyAll(
  client: pg.Client,
  spec: PopulationSpec,
  { sessionSecret, today = new Date() }: SeedOptions,
  onProgress: (line: string) => void,
): Promise<{ rows: number; digest: string }> {
  const midnight = new Date(today)
  midnight.setUTCHours(0, 0, 0, 0)
  // One salt for all, from the seed: the same seed gives the same database to the byte.
  const salt = createHash('sha256').update(`seed ${spec.seed}`).digest().subarray(0, 16)
  const passwordHash = await hash(demoPassword, { memoryCost: 19_456, timeCost: 2, parallelism: 1, salt })
  const digest = createHash('sha256')
  let total = 0
  for (const table of tablesOf(spec, { sessionSecret, passwordHash, today: midnight })) {
    const { rows, digest: part } = await copyTable(client, table)
    onProgress(`seed: ${table.name}, ${rows.toLocaleString('en')} rows`)
    digest.update(part)
    total += rows
  }
  return { rows: total, digest: digest.digest('hex') }
}

async function existing(client: pg.Client, spec: PopulationSpec): Promise<Seeded | null> {
  const { rows } = await client.query('select id, digest from population')
  if (rows[0]?.id === populationId(spec)) return { rows: 0, seconds: 0, digest: rows[0].digest }
  if (rows[0]) throw new Error(`seed: the database holds the population ${rows[0].id}; use an empty one`)
  const { rowCount } = await client.query('select from organisations limit 1')
  if (rowCount) throw new Error('seed: the database holds organisations that no seed made; use an empty one')
  return null
}

/**
 * COPY refuses a table whose row-level security holds for the one who copies. A superuser passes anyway; an
 * owner lifts the force for this transaction, unseen by anyone else.
 */
async function withoutRowSecurity<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  const { rows } = await client.query(
    'select rolsuper or rolbypassrls as bypasses from pg_roles where rolname = current_user',
  )
  if (rows[0]?.bypasses) return work()
  const forced = await client.query(
    "select relname from pg_class where relforcerowsecurity and relnamespace = 'public'::regnamespace",
  )
  const tables = forced.rows.map((row) => pg.escapeIdentifier(row.relname))
  for (const table of tables) await client.query(`alter table ${table} no force row level security`)
  const result = await work()
  for (const table of tables) await client.query(`alter table ${table} force row level security`)
  return result
}
