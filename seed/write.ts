import type { PopulationSpec } from '@headroom/fixtures/population.ts'
import { clientConfigOf } from '@worklane/data/postgres-address.ts'
import { UtcClient } from '@worklane/data/utc-client.ts'
import type pg from 'pg'
import { copyTable } from './copy.ts'
import { type Range, tablesOf } from './rows.ts'

export type Writing = {
  adminUrl: string
  spec: PopulationSpec
  options: { sessionSecret: string; passwordHash: string; today: Date }
}
export type Written = { rows: number; digest: string }

/** A connection for bulk work: what is lost in a crash is written again anyway. */
export async function connectForBulk(adminUrl: string): Promise<pg.Client> {
  const client = new UtcClient(clientConfigOf('DATABASE_URL', adminUrl))
  // What is lost fails the query; untold of here it would end the process.
  client.on('error', () => {})
  await client.connect()
  await client.query("set synchronous_commit = off; set maintenance_work_mem = '256MB'")
  return client
}

/** Writes one part of the population. @returns the SHA-256 of what was sent, and how many rows */
export async function writePart(
  client: pg.Client,
  { spec, options }: Pick<Writing, 'spec' | 'options'>,
  part: Range,
): Promise<Written> {
  let rows = 0
  const digests: string[] = []
  for (const table of tablesOf(spec, part, options)) {
    const copied = await copyTable(client, table)
    rows += copied.rows
    digests.push(copied.digest)
  }
  return { rows, digest: digests.join(' ') }
}
