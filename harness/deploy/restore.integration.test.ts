import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { organisationAt } from '@headroom/fixtures/population.ts'
import { seedDatabase } from '@headroom/seed/seed.ts'
import { assertHarmlessRole } from '@worklane/data/harmless-role.ts'
import { postgresAddress, postgresUrl } from '@worklane/data/postgres-address.ts'
import { type DatabaseUrls, prepareDatabase, prepareRoles } from '@worklane/data/prepare.ts'
import { withPostgres } from '@worklane/data/reach-postgres.ts'
import { execa } from 'execa'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { project } from '../project.ts'
import { type Guard, startGuard } from '../stack/guard.ts'
import { takePortBlock } from '../stack/ports.ts'
import { clusterHome, initCluster, startPostgres, temporaryBelow } from '../stack/postgres.ts'
import { postgresTools } from '../toolchain/postgres-tools.ts'
import { digestOfDatabase } from './database-digest.ts'

const population = { seed: 7, organisations: 6, users: 90 }
const secrets = {
  before: 'the roles of the deployment that is lost',
  after: 'the roles of the one in its place',
}

/**
 * The drill of docs/deploy.md: a backup under load, restored into a new cluster with roles of its own. Both have an
 * administrator as managed servers give one, who is no superuser.
 */
describe('a backup', () => {
  let guard: Guard
  let directory: string
  let programs: string
  let backup: string
  let lost: Server
  let restored: Server
  let urls: DatabaseUrls
  let digest: Record<string, string>
  let writes: { during: number; after: number }

  type Server = { superuser: string; administrator: string; database: string }

  /** A cluster of its own, empty but for Worklane's administrator and database. */
  async function startServer(name: string, port: number): Promise<Server> {
    const home = await temporaryBelow(await clusterHome(project), 'running-')
    guard.directory(home)
    const cluster = join(home, 'cluster')
    await initCluster(cluster)
    const started = { directory: cluster, port, logFile: join(directory, `${name}.log`), durable: false }
    const { adminUrl } = await startPostgres(guard, { ...started, settings: { wal_level: 'replica' } })
    const password = 'of the administrator'
    await run('/bin/sh', [join(project, 'deploy/postgres/10-administrator.sh')], adminUrl, {
      WORKLANE_DATABASE_PASSWORD: password,
    })
    const address = postgresAddress('DATABASE_URL', adminUrl)
    const database = { ...address, database: 'worklane' }
    return {
      superuser: adminUrl,
      administrator: postgresUrl({ ...database, user: 'worklane', password }),
      database: postgresUrl(database),
    }
  }

  /** A program with PostgreSQL's own variables for a connection. */
  function run(file: string, args: string[], url: string, env: Record<string, string> = {}) {
    const { host = '', port, user, password = '', database } = postgresAddress('DATABASE_URL', url)
    return execa(file, args, {
      extendEnv: false,
      env: {
        PATH: `${programs}:${process.env.PATH}`,
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: database,
        ...env,
      },
    })
  }
  const restore = (url: string, file = backup) =>
    run(join(project, 'deploy/restore'), [file], url).then(
      () => null,
      ({ stderr }: { stderr: string }) => stderr,
    )
  const as = <T>(url: string, work: (client: pg.Client) => Promise<T>) =>
    withPostgres(postgresAddress('DATABASE_URL', url), work)

  /** Someone who writes all the while: tasks are renamed, and comments are made. */
  function startWriting(url: string) {
    let count = 0
    let isOn = true
    const ended = as(url, async (client) => {
      while (isOn) {
        await client.query(
          `with one as (select org_id, id from tasks order by random() limit 1)
           update tasks set title = 'written ' || $1 from one where tasks.org_id = one.org_id and tasks.id = one.id`,
          [count],
        )
        await client.query(
          `insert into labels (org_id, id, name, colour)
           select id, gen_random_uuid(), 'label ' || $1, 'blue' from organisations order by id limit 1`,
          [count],
        )
        count++
      }
    })
    // Whoever waits for the end hears of it.
    ended.catch(() => {})
    return {
      count: () => count,
      async stop() {
        isOn = false
        await ended
      },
    }
  }

  beforeAll(async () => {
    programs = await postgresTools()
    guard = startGuard()
    directory = await mkdtemp(join(tmpdir(), 'worklane-backup-'))
    backup = join(directory, 'worklane.backup')
    const ports = await takePortBlock()
    ;[lost, restored] = await Promise.all([
      startServer('lost', await ports.next()),
      startServer('restored', await ports.next()),
    ])
    await prepareDatabase(lost.administrator, secrets.before)
    // As the superuser: rows of all tenants.
    await seedDatabase(lost.database, population, {
      sessionSecret: 'a secret of the seed',
      onProgress: () => {},
    })

    const writing = startWriting(lost.database)
    while (writing.count() < 20) await setTimeout(50)
    writes = await as(lost.database, async (client) => {
      await client.query('begin isolation level repeatable read read only')
      const { rows } = await client.query<{ snapshot: string }>('select pg_export_snapshot() as snapshot')
      const before = writing.count()
      await run(join(project, 'deploy/backup'), [backup], lost.database, {
        BACKUP_SNAPSHOT: rows[0]?.snapshot ?? '',
      })
      const during = writing.count() - before
      digest = await digestOfDatabase(client)
      await client.query('commit')
      return { during, after: writing.count() - before - during }
    })
    await writing.stop()
    await prepareRoles(restored.administrator)
  }, 300_000)
  afterAll(async () => {
    guard?.end()
    await rm(directory, { recursive: true, force: true })
  })

  it('is taken while others write', () => {
    expect(writes.during).toBeGreaterThan(0)
  })

  it('is not taken by somebody who sees no rows of tenants', async () => {
    const file = join(directory, 'empty.backup')
    const refused = await run(join(project, 'deploy/backup'), [file], lost.administrator).catch(String)
    expect(refused).toMatch(/sees no rows of tenants: take a superuser, or one with BYPASSRLS/)
  })

  it('is not restored where roles are missing, by another administrator, or over something', async () => {
    expect(await restore(lost.administrator)).toMatch(/the database is not empty/)
    await as(restored.superuser, (client) => client.query('create database other'))
    const address = postgresAddress('DATABASE_URL', restored.superuser)
    const other = postgresUrl({ ...address, database: 'other' })
    expect(await restore(other)).toMatch(/belong to "worklane", and this is "postgres"/)
  })

  it('of which a byte is missing restores nothing at all', async () => {
    const cut = join(directory, 'cut.backup')
    await execa('sh', ['-c', 'head -c "$(($(wc -c < "$1") - 2000))" "$1" > "$2"', 'sh', backup, cut])
    expect(await restore(restored.administrator, cut)).not.toBeNull()
    const tables = 'select count(*)::int as n from pg_class where relnamespace = $1::regnamespace'
    const { rows } = await as(restored.database, (client) => client.query(tables, ['public']))
    expect(rows).toEqual([{ n: 0 }])
  })

  it('is, once restored, what the database was at the moment of the backup, row for row', async () => {
    expect(await restore(restored.administrator)).toBeNull()
    urls = await prepareDatabase(restored.administrator, secrets.after)
    expect(Object.keys(digest).length).toBeGreaterThan(30)
    expect(await as(restored.database, digestOfDatabase)).toEqual(digest)
    // The lost one went on.
    expect(await as(lost.database, digestOfDatabase)).not.toEqual(digest)
  })

  it.each([
    [
      'a row that differs in one letter',
      "update projects set name = name || '.' where id = (select min(id::text)::uuid from projects)",
    ],
    ['a row less', 'delete from labels where id = (select min(id::text)::uuid from labels)'],
    ['a sequence, a policy or a grant that differs', 'alter table tasks no force row level security'],
  ])('would be said to differ with %s', async (_, change) => {
    await as(restored.database, async (client) => {
      await client.query('begin')
      await client.query(change)
      expect(await digestOfDatabase(client)).not.toEqual(digest)
      await client.query('rollback')
    })
  })

  it('has row-level security forced on every table of tenants, and roles without further rights', async () => {
    const { rows } = await as(restored.database, (client) =>
      client.query(`select relname, relrowsecurity, relforcerowsecurity from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id' and a.attnum > 0
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace`),
    )
    expect(rows.length).toBeGreaterThan(20)
    expect(rows.filter((row) => !row.relrowsecurity || !row.relforcerowsecurity)).toEqual([])
    await as(urls.app, (client) => assertHarmlessRole(client, 'APP_DATABASE_URL', 'worklane_app'))
    const create = "select has_schema_privilege('worklane_keeper', 'public', 'create') as may"
    expect((await as(restored.database, (client) => client.query(create))).rows).toEqual([{ may: false }])
    const functions = `select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace
      and pg_get_userbyid(proowner) <> 'worklane_keeper'`
    expect((await as(restored.database, (client) => client.query(functions))).rows).toEqual([])
  })

  it('shows a tenant its own rows, and nobody else’s', async () => {
    const organisation = organisationAt(population, 2)
    await as(urls.app, async (client) => {
      expect((await client.query('select count(*)::int as n from tasks')).rows).toEqual([{ n: 0 }])
      await client.query('begin')
      await client.query("select set_config('app.org_id', $1, true)", [organisation.id])
      const { rows } = await client.query('select distinct org_id from tasks')
      expect(rows).toEqual([{ org_id: organisation.id }])
      await client.query('rollback')
    })
  })

  it('lets nobody in with what the lost deployment signed in by', async () => {
    const address = postgresAddress('DATABASE_URL', urls.app)
    const { user, password } = postgresAddress(
      'DATABASE_URL',
      (await prepareDatabase(lost.administrator, secrets.before)).app,
    )
    const old = postgresUrl({ ...address, user, ...(password === undefined ? {} : { password }) })
    await expect(as(old, (client) => client.query('select 1'))).rejects.toThrow(
      /password authentication failed/,
    )
  })
})
