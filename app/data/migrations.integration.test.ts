import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrationsDirectory } from './prepare.ts'

const run = promisify(execFile)
const { resolveBinary } = (await import('dbmate')) as { resolveBinary(): string }

/** A database of its own, whose owner may make roles and is no superuser: row-level security binds them as well. */
async function emptyDatabase() {
  const name = `migrations_${randomUUID().slice(0, 8)}`
  const server = new pg.Client({ connectionString: process.env.DATABASE_URL })
  await server.connect()
  await server.query(`create role ${name} login createrole password 'an owner'`)
  // As `prepareDatabase` does for whoever runs the migrations.
  await server.query(`grant worklane_keeper to ${name}`)
  await server.query(`create database ${name} owner ${name}`)
  const url = new URL(process.env.DATABASE_URL as string)
  url.pathname = `/${name}`
  url.searchParams.set('sslmode', 'disable')
  const owned = new URL(url)
  owned.username = name
  owned.password = 'an owner'
  const administrator = new pg.Client({ connectionString: url.href })
  await administrator.connect()
  return {
    administrator,
    dbmate: (directory: string, command: 'up' | 'down') =>
      run(resolveBinary(), [
        ...['--url', owned.href, '--migrations-dir', directory, '--no-dump-schema', command],
      ]),
    drop: async () => {
      await administrator.end()
      await server.query(`drop database ${name}`)
      await server.query(`drop role ${name}`)
      await server.end()
    },
  }
}

describe('the migrations of an owner who is no superuser', () => {
  let database: Awaited<ReturnType<typeof emptyDatabase>>
  let before: string
  let files: string[]

  beforeAll(async () => {
    database = await emptyDatabase()
    before = await mkdtemp(join(tmpdir(), 'migrations-'))
    files = (await readdir(migrationsDirectory)).sort()
    for (const file of files.filter((each) => each < '20261129150000')) {
      await copyFile(join(migrationsDirectory, file), join(before, file))
    }
    await database.dbmate(before, 'up')
  })
  afterAll(async () => {
    await rm(before, { recursive: true, force: true })
    await database.drop()
  })

  it('mend what was there: one owner each, and no digest of a password', async () => {
    const { administrator } = database
    // What came about before the database refused it.
    await administrator.query("set session_replication_role = 'replica'")
    await administrator.query(broken)
    await administrator.query("set session_replication_role = 'origin'")
    await database.dbmate(migrationsDirectory, 'up')
    const { rows } = await administrator.query(
      `select o.slug, array_agg(u.name || ' ' || m.role order by u.name) as members from organisations o
       join memberships m on m.org_id = o.id join users u on u.id = m.user_id group by o.slug order by o.slug`,
    )
    expect(rows).toEqual([
      { slug: 'good', members: ['anna owner', 'ben admin'] },
      { slug: 'none', members: ['anna viewer', 'ben owner', 'cleo admin'] },
      { slug: 'two', members: ['anna admin', 'ben owner', 'cleo admin'] },
    ])
    expect((await administrator.query('select operation from idempotency')).rows).toEqual([
      { operation: 'task.create' },
    ])
    expect((await administrator.query('select from tallies')).rowCount).toBe(0)
    // The database's own check, and row-level security, hold as before.
    await expect(
      administrator.query("update memberships set role = 'viewer' where role = 'owner'"),
    ).rejects.toThrow(/owners/)
    const { rows: unforced } = await administrator.query(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relrowsecurity and not relforcerowsecurity`,
    )
    expect(unforced).toEqual([])
  })

  it('can be taken back one by one, and made again; what is left works at each step', async () => {
    const { administrator } = database
    // Of what holds across migrations: ending a session, and a membership.
    const endSession = async () => {
      await administrator.query('begin')
      await administrator.query(
        "insert into sessions (token_hash, user_id, expires_at) select gen_random_uuid(), id, now() + interval '1 day' from users",
      )
      await administrator.query('delete from sessions')
      await administrator.query("delete from memberships where role <> 'owner'")
      await administrator.query('rollback')
    }
    for (let left = files.length; left > 1; left--) {
      await endSession()
      await database.dbmate(migrationsDirectory, 'down')
    }
    await database.dbmate(migrationsDirectory, 'down')
    const { rows } = await administrator.query(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'schema_migrations'`,
    )
    expect(rows).toEqual([])
    await database.dbmate(migrationsDirectory, 'up')
  })
})

const broken = `
with people as (
  insert into users (email, name) select n || '@example.test', n from unnest(array['anna', 'ben', 'cleo']) n
  returning id, name),
organisation as (
  insert into organisations (name, slug) select s, s from unnest(array['good', 'none', 'two']) s returning id, slug),
members as (
  insert into memberships (org_id, user_id, role, created_at)
  select o.id, p.id, v.role::role, v.at::timestamptz from (values
    ('good', 'anna', 'owner', '2026-01-01'), ('good', 'ben', 'admin', '2026-01-01'),
    ('two', 'anna', 'owner', '2026-01-03'), ('two', 'ben', 'owner', '2026-01-02'), ('two', 'cleo', 'admin', '2026-01-01'),
    ('none', 'anna', 'viewer', '2026-01-01'), ('none', 'ben', 'admin', '2026-01-02'), ('none', 'cleo', 'admin', '2026-01-03')
  ) v (slug, name, role, at) join organisation o using (slug) join people p using (name)),
calls as (
  insert into idempotency (org_id, user_id, key, operation, input_digest)
  select o.id, p.id, v, v, 'digest' from organisation o, people p, unnest(array['me.setPassword', 'task.create']) v
  where o.slug = 'good' and p.name = 'anna')
insert into tallies (org_id, measure, subject, count) values (gen_random_uuid(), 'todo', 'x', 1)`
