import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { execa } from 'execa'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { poolConfig, whenRefused } from './pool.ts'
import { type OwnDatabase, ownDatabase } from './testing/own-database.ts'

const app = join(import.meta.dirname, '..')

/** Those that run as they are; the web is built first (see web/refused-start.e2e.test.ts). */
const processes = { api: join(app, 'api/main.ts'), worker: join(app, 'worker/main.ts') } as const

describe('a process', () => {
  let database: OwnDatabase
  const password = `geheim-${randomUUID()}`
  const undo: string[] = []

  beforeAll(async () => {
    database = await ownDatabase()
  })
  afterAll(() => database.remove())
  afterEach(async () => {
    for (const each of undo.splice(0).reverse()) await database.query(each)
  })

  /** A role that signs in by the marker. */
  async function role(attributes: string): Promise<{ name: string; url: string }> {
    const name = `probe_${randomUUID().slice(0, 8)}`
    await database.query(`create role ${name} login password '${password}' ${attributes}`)
    undo.push(`drop role ${name}`, `drop owned by ${name}`)
    return { name, url: database.as({ user: name, password }) }
  }

  const environment = () => ({
    ...{
      WORKLANE_ENV: 'test',
      ORIGIN: 'http://127.0.0.1:1',
      PORT: '1',
      REDIS_URL: process.env.REDIS_URL ?? '',
    },
    APP_DATABASE_URL: database.urls.app,
    AUTH_DATABASE_URL: database.urls.auth,
    RELAY_DATABASE_URL: database.urls.relay,
    INTAKE_DATABASE_URL: database.urls.intake,
    OPERATOR_DATABASE_URL: database.urls.operator,
  })

  async function start(kind: keyof typeof processes, env: Record<string, string>) {
    const { exitCode, stdout, stderr } = await execa(process.execPath, [processes[kind]], {
      ...{ reject: false, timeout: 60_000, extendEnv: false },
      env: { PATH: process.env.PATH, ...environment(), ...env },
    })
    return { exitCode, stdout, lines: stderr.split('\n') }
  }

  /** Every process refuses, with one line and nothing else. */
  async function refusedByAll(env: Record<string, string>, why: RegExp) {
    const kinds = Object.keys(processes) as (keyof typeof processes)[]
    for (const { exitCode, stdout, lines } of await Promise.all(kinds.map((kind) => start(kind, env)))) {
      expect(lines, lines.join('\n')).toHaveLength(1)
      expect(lines[0]).toMatch(/^(api|worker) does not start: (APP|AUTH|RELAY|INTAKE|OPERATOR)_DATABASE_URL /)
      expect(lines[0]).toMatch(why)
      expect(exitCode).toBe(64)
      expect(stdout + lines.join('')).not.toContain(password)
    }
  }
  const variables = {
    worklane_app: ['APP_DATABASE_URL', 'app'],
    worklane_auth: ['AUTH_DATABASE_URL', 'auth'],
    worklane_relay: ['RELAY_DATABASE_URL', 'relay'],
    worklane_intake: ['INTAKE_DATABASE_URL', 'intake'],
    worklane_operator: ['OPERATOR_DATABASE_URL', 'operator'],
  } as const
  const inEach = (url: string) =>
    Object.fromEntries(Object.values(variables).map(([variable]) => [variable, url]))

  it('refuses to start as a superuser', async () => {
    const { url } = await role('superuser')
    await refusedByAll(inEach(url), /signs in as probe_\w+, a superuser/)
  }, 90_000)

  it('refuses to start as the owner of the tables', async () => {
    const { name, url } = await role('')
    await database.query(`grant usage on schema public to ${name}; alter table tasks owner to ${name}`)
    undo.push('alter table tasks owner to current_user')
    await refusedByAll(inEach(url), /signs in as probe_\w+, the owner of the table tasks/)
  }, 90_000)

  it('refuses to start as a role with BYPASSRLS', async () => {
    const { url } = await role('bypassrls')
    await refusedByAll(inEach(url), /signs in as probe_\w+, which has BYPASSRLS/)
  }, 90_000)

  it('refuses to start where a tenant table does not force row-level security', async () => {
    await database.query('alter table tasks no force row level security')
    undo.push('alter table tasks force row level security')
    await refusedByAll({}, /table tasks does not force row-level security — alter table tasks force/)
  }, 90_000)

  it.each([
    ['a role that may replicate', 'replication', ''],
    ['a role that makes roles', 'createrole', ''],
    ['a role that runs programs of the server', '', 'grant pg_execute_server_program to'],
    ['a role that reads files of the server', '', 'grant pg_read_server_files to'],
    ['a role that writes all data', '', 'grant pg_write_all_data to'],
  ])(
    'refuses to start as %s',
    async (_, attributes, grant) => {
      const { name, url } = await role(attributes)
      if (grant) await database.query(`${grant} ${name}`)
      await refusedByAll(
        inEach(url),
        /probe_\w+, (which can become \w+, )?which may read or change what row-level/,
      )
    },
    90_000,
  )

  it('refuses to start where a policy shows more than one organisation’s rows', async () => {
    await database.query('create policy everything on tasks for select to worklane_app using (true)')
    undo.push('drop policy everything on tasks')
    await refusedByAll({}, /table tasks has a policy that shows more than one organisation’s rows — drop/)
  }, 90_000)

  const groups = Object.keys(variables) as (keyof typeof variables)[]

  /** What the first query of a pool of each kind comes to. @param given in place of the role's own string */
  async function firstQueries(given?: string): Promise<string[]> {
    return Promise.all(
      groups.map(async (group) => {
        const [variable, kind] = variables[group]
        const url = given ?? database.urls[kind]
        const pool = new pg.Pool(poolConfig({ variable, url, group, max: 2, name: 'probe' }))
        try {
          await pool.query('select 1')
          return 'answered'
        } catch (error) {
          return String(error)
        } finally {
          await pool.end()
        }
      }),
    )
  }
  const refusedEach = (why: string) =>
    groups.map((group) =>
      expect.stringMatching(new RegExp(`^RefusedConnection: ${variables[group][0]} .*${why}`)),
    )

  it.each<[string, () => Promise<string>, string]>([
    [
      'a superuser whom the session only set aside',
      async () =>
        database.as({ user: (await role('superuser')).name, password, options: '-c role=worklane_app' }),
      'signs in as worklane_app, which can become probe_\\w+, a superuser',
    ],
    [
      'who can become a role with BYPASSRLS',
      async () => {
        const strong = await role('bypassrls')
        const { name, url } = await role('')
        await database.query(`grant ${strong.name} to ${name} with inherit false`)
        return url
      },
      'can become probe_\\w+, which has BYPASSRLS',
    ],
    [
      'a member of the owner of a tenant table',
      async () => {
        const owner = await role('')
        const { name, url } = await role(`in role ${owner.name}`)
        await database.query(`alter table labels owner to ${owner.name}; grant worklane_app to ${name}`)
        undo.push('alter table labels owner to current_user')
        return url
      },
      'the owner of the table labels',
    ],
    [
      'who may do the work of all others too',
      async () => {
        const { name, url } = await role('')
        await database.query(`grant worklane_app, worklane_auth, worklane_relay to ${name}`)
        return url
      },
      'a member not only of worklane_',
    ],
    ['nobody of Worklane', async () => (await role('')).url, 'no member of worklane_'],
  ])('has no query of a pool answered that is %s', async (_, url, why) => {
    expect(await firstQueries(await url())).toEqual(refusedEach(why))
  })

  it.each<[string, string, string, string]>([
    [
      'has it switched off',
      'alter table comments disable row level security',
      'alter table comments enable row level security',
      'table comments has no row-level security',
    ],
    [
      'came without it',
      'create table notes (org_id uuid)',
      'drop table notes',
      'table notes has no row-level security',
    ],
    [
      'stands in another schema that these may read',
      `create schema extra; create table extra.notes (org_id uuid);
       grant select on extra.notes to worklane_app, worklane_auth, worklane_relay, worklane_intake,
         worklane_operator`,
      'drop schema extra cascade',
      'table extra.notes has no row-level security',
    ],
    [
      'is shown by a view of its owner',
      `create view all_tasks as select * from tasks;
       grant select on all_tasks to worklane_app, worklane_auth, worklane_relay, worklane_intake,
         worklane_operator`,
      'drop view all_tasks',
      'view all_tasks shows what its owner sees',
    ],
    [
      'is hidden by a table of the same name',
      `create schema first; create table first.tasks (id int);
       do $$ begin execute format('alter database %I set search_path = first, public', current_database()); end $$;
       grant usage on schema first to worklane_app, worklane_auth, worklane_relay, worklane_intake,
         worklane_operator`,
      `do $$ begin execute format('alter database %I reset search_path', current_database()); end $$; drop schema first cascade`,
      'begins in another schema than public',
    ],
  ])('has no query of a pool answered where a tenant table %s', async (_, make, mend, why) => {
    await database.query(make)
    undo.push(mend)
    expect(await firstQueries()).toEqual(refusedEach(why))
  })

  it('does not mind what others keep in the same database', async () => {
    await database.query('create schema other; create table other.notes (org_id uuid)')
    undo.push('drop schema other cascade')
    expect(await firstQueries()).toEqual(groups.map(() => 'answered'))
  })

  it('is refused by every connection of a pool, not only by the first', async () => {
    const { url } = await role('superuser')
    const told: string[] = []
    // As a process does, which ends then, however late its server came up.
    whenRefused(({ variable }) => told.push(variable))
    const pool = new pg.Pool(
      poolConfig({ variable: 'APP_DATABASE_URL', url, group: 'worklane_app', max: 3, name: 'probe' }),
    )
    try {
      for (let round = 0; round < 2; round++) {
        const asked = await Promise.allSettled(
          [1, 2, 3, 4].map(() => pool.query('select count(*) from tasks')),
        )
        for (const each of asked)
          expect(each).toMatchObject({ status: 'rejected', reason: { name: 'RefusedConnection' } })
      }
      expect(told).toEqual(['APP_DATABASE_URL'])
    } finally {
      whenRefused(() => {})
      await pool.end()
    }
  })
})
