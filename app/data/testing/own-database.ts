import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { clientConfig, type PostgresAddress, postgresAddress, postgresUrl } from '../postgres-address.ts'
import { type DatabaseUrls, prepareDatabase } from '../prepare.ts'

export type OwnDatabase = {
  name: string
  adminUrl: string
  urls: DatabaseUrls
  /** As the administrator, in this database. */
  query(text: string): Promise<pg.QueryResult>
  /** The administrator's address with something else in its place. */
  as(change: Partial<PostgresAddress>): string
  remove(): Promise<void>
}

/** A migrated database of a test's own on the shared server, for what would disturb those that share the other one. */
export async function ownDatabase(): Promise<OwnDatabase> {
  const shared = postgresAddress('DATABASE_URL', process.env.DATABASE_URL ?? '')
  const name = `own_${randomUUID().replaceAll('-', '')}`
  const server = new pg.Client(clientConfig(shared))
  await server.connect()
  await server.query(`create database ${name}`)
  const as = (change: Partial<PostgresAddress>) => postgresUrl({ ...shared, database: name, ...change })
  const adminUrl = as({})
  const urls = await prepareDatabase(adminUrl)
  const own = new pg.Client(clientConfig({ ...shared, database: name }))
  await own.connect()
  return {
    ...{ name, adminUrl, urls, as },
    query: (text) => own.query(text),
    async remove() {
      await own.end()
      await server.query(`drop database ${name} with (force)`)
      await server.end()
    },
  }
}
