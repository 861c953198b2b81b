import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { migrationsDirectory, prepareDatabase } from './prepare.ts'
import { UtcClient } from './utc-client.ts'

describe('migrations', () => {
  const name = `migrated_${randomUUID().replaceAll('-', '')}`
  const url = new URL(process.env.DATABASE_URL ?? '')
  const as = async <T>(database: string, work: (client: UtcClient) => Promise<T>): Promise<T> => {
    const client = new UtcClient(database)
    await client.connect()
    return work(client).finally(() => client.end())
  }
  afterAll(() =>
    as(process.env.DATABASE_URL ?? '', (client) => client.query(`drop database ${name} with (force)`)),
  )

  /** Everything that a migration makes, but for the order of columns. */
  const shape = `
    select table_name || '.' || column_name || ' ' || data_type || coalesce(' = ' || column_default, '') as it
    from information_schema.columns where table_schema = 'public'
    union all select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace and prokind = 'f'
      and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
    union all select tgrelid::regclass || ' ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
      where connamespace = 'public'::regnamespace
    union all select indexdef from pg_indexes where schemaname = 'public'
    union all select tablename || ' ' || policyname || cmd || coalesce(qual, '') || coalesce(with_check, '') from pg_policies
    union all select table_name || ' ' || grantee || ' ' || privilege_type from information_schema.role_table_grants
      where table_schema = 'public'
    union all select table_name || '.' || column_name || ' ' || grantee || ' ' || privilege_type
      from information_schema.role_column_grants where table_schema = 'public'
    order by 1`

  it('go down, every one, and come up again to the same', async () => {
    await as(url.href, (client) => client.query(`create database ${name}`))
    url.pathname = `/${name}`
    await prepareDatabase(url.href)
    const before = await as(url.href, (client) => client.query(shape))
    expect(before.rows.length).toBeGreaterThan(300)
    const versions = (await readdir(migrationsDirectory)).filter((file) => file.endsWith('.sql'))
    expect(new Set(versions.map((file) => file.split('_')[0])).size).toBe(versions.length)
    const { resolveBinary } = (await import(
      pathToFileURL(createRequire(import.meta.url).resolve('dbmate')).href
    )) as { resolveBinary(): string }
    const at = [
      '--url',
      `${url.href}?sslmode=disable`,
      '--migrations-dir',
      migrationsDirectory,
      '--no-dump-schema',
    ]
    for (const _ of versions) await promisify(execFile)(resolveBinary(), [...at, 'rollback'])
    const left = await as(url.href, (client) => client.query(shape))
    expect(left.rows.filter(({ it }) => !it.includes('schema_migrations'))).toEqual([])
    await prepareDatabase(url.href)
    expect((await as(url.href, (client) => client.query(shape))).rows).toEqual(before.rows)

    // Of events of before, those that are a day old have had their effect.
    const later = versions.filter((file) => file >= '20261130001000').length
    for (let n = 0; n < later; n++) await promisify(execFile)(resolveBinary(), [...at, 'rollback'])
    await as(url.href, (client) =>
      client.query(`insert into stripe_events (id, type, created, received_at, payload)
        values ('evt_old', 'x', now(), now() - interval '80 days', '{}'), ('evt_new', 'x', now(), now(), '{}')`),
    )
    // Two at once: indexes that are built while rows are written wait for whoever is in the middle of a statement.
    await Promise.all([prepareDatabase(url.href), prepareDatabase(url.href)])
    const events = 'select id, processed_at is not null as done from stripe_events order by id'
    expect((await as(url.href, (client) => client.query(events))).rows).toEqual([
      { id: 'evt_new', done: false },
      { id: 'evt_old', done: true },
    ])
    expect((await as(url.href, (client) => client.query(shape))).rows).toEqual(before.rows)
  })
})
