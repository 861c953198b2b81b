import { createHash } from 'node:crypto'
import { cpus } from 'node:os'
import { type PopulationSpec, populationId } from '@headroom/fixtures/population.ts'
import { hash } from '@node-rs/argon2'
import type pg from 'pg'
import { defer, restore } from './deferred.ts'
import { partsOf } from './parts.ts'
import { tablesOf } from './rows.ts'
import { writeAll } from './threads.ts'
import { connectForBulk } from './write.ts'

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

const threads = Math.min(4, cpus().length)

/**
 * Writes a population into a migrated database. A database that holds the same population is left as it is; one in
 * which a seed was interrupted is emptied and written anew. Until the end it says of itself that it is not finished.
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
  const client = await connectForBulk(adminUrl)
  try {
    // Two seeds at once: the second waits, and then finds the work done.
    await client.query('select pg_advisory_lock(738_202)')
    const known = await existing(client, spec)
    if (known) return known
    const writing = { adminUrl, spec, options: await rowOptions(spec, options) }
    await begin(
      client,
      spec,
      tablesOf(spec, { from: 0, to: 0 }, writing.options).map(({ name }) => name),
    )
    onProgress(`seed: writing ${spec.organisations.toLocaleString('en')} organisations on ${threads} threads`)
    const parts = partsOf(spec)
    const tell = progress(parts.length, onProgress)
    const written = await writeAll(writing, parts, threads, tell)
    onProgress('seed: indexes and foreign keys')
    await restore(adminUrl, threads)
    const digest = createHash('sha256')
    for (const part of written) digest.update(part.digest)
    const finished = digest.digest('hex')
    await client.query('vacuum (analyze)')
    await client.query('update population set digest = $2 where id = $1', [populationId(spec), finished])
    const rows = written.reduce((sum, part) => sum + part.rows, 0)
    const seconds = (performance.now() - started) / 1000
    onProgress(`seed: ${rows.toLocaleString('en')} rows in ${seconds.toFixed(1)} s`)
    return { rows, seconds, digest: finished }
  } finally {
    await client.end()
  }
}

const unfinished = ''

async function rowOptions(spec: PopulationSpec, { sessionSecret, today = new Date() }: SeedOptions) {
  const midnight = new Date(today)
  midnight.setUTCHours(0, 0, 0, 0)
  // One salt for all, from the seed: the same seed gives the same database to the byte.
  const salt = createHash('sha256').update(`seed ${spec.seed}`).digest().subarray(0, 16)
  const passwordHash = await hash(demoPassword, { memoryCost: 19_456, timeCost: 2, parallelism: 1, salt })
  return { sessionSecret, passwordHash, today: midnight }
}

/** What the database holds: this population (told), an interrupted one (emptied), or nothing. @throws otherwise */
async function existing(client: pg.Client, spec: PopulationSpec): Promise<Seeded | null> {
  const { rows } = await client.query('select id, digest from population')
  const [known] = rows
  if (known?.digest === unfinished) return null
  if (known?.id === populationId(spec)) return { rows: 0, seconds: 0, digest: known.digest }
  if (known) throw new Error(`seed: the database holds the population ${known.id}; use an empty one`)
  const { rowCount } = await client.query('select from organisations limit 1')
  if (rowCount) throw new Error('seed: the database holds organisations that no seed made; use an empty one')
  return null
}

/** Marks the database as unfinished, empties it of an interrupted seed, and takes off what the rows need not wait for. */
async function begin(client: pg.Client, spec: PopulationSpec, tables: string[]): Promise<void> {
  await client.query('begin')
  const { rowCount } = await client.query('delete from population where digest = $1', [unfinished])
  if (rowCount) await client.query(`truncate ${[...tables, 'tallies'].join(', ')} cascade`)
  await client.query('insert into population (id, spec, digest) values ($1, $2, $3)', [
    populationId(spec),
    spec,
    unfinished,
  ])
  await defer(client, tables)
  await client.query('commit')
}

const tellEvery = 2_000

/** A line now and then: rows, rate, share done, time left. */
function progress(parts: number, onProgress: (line: string) => void) {
  const started = performance.now()
  let told = started
  let rows = 0
  let done = 0
  return (written: { rows: number }) => {
    rows += written.rows
    done++
    const now = performance.now()
    if (now - told < tellEvery && done < parts) return
    told = now
    const seconds = (now - started) / 1000
    const left = Math.ceil((seconds / done) * (parts - done))
    onProgress(
      `seed: ${rows.toLocaleString('en')} rows · ${Math.round(rows / seconds).toLocaleString('en')}/s · ${Math.round((100 * done) / parts)}% · ${left} s left`,
    )
  }
}
