import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeRuntime } from '../domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '../domain/testing/tenants.ts'
import { furnish } from '../domain/testing/things.ts'
import { clientConfigOf } from './postgres-address.ts'
import { type OwnDatabase, ownDatabase } from './testing/own-database.ts'

type Finding =
  | 'not enabled'
  | 'not forced'
  | 'rows without a tenant'
  | 'took a foreign row'
  | 'org_id is first in no index'

/** What is wrong with a table that has org_id, seen through the catalog and as the application's role. */
async function findings(
  table: string,
  admin: pg.Client,
  app: pg.Client,
  own: string,
  foreign: string,
): Promise<Finding[]> {
  const found: Finding[] = []
  const {
    rows: [flags],
  } = await admin.query(
    'select relrowsecurity as enabled, relforcerowsecurity as forced from pg_class where oid = $1::regclass',
    [table],
  )
  if (!flags.enabled) found.push('not enabled')
  if (!flags.forced) found.push('not forced')

  const { rowCount } = await app.query(`select 1 from ${table} limit 1`)
  if (rowCount) found.push('rows without a tenant')

  // A real row of the other tenant, sent again as it is: whoever may insert it may write into a stranger's house.
  const {
    rows: [row],
  } = await admin.query(`select to_jsonb(t) as row from ${table} t where org_id = $1 limit 1`, [foreign])
  if (!row) throw new Error(`${table} holds no row of the other tenant: nothing would be proven`)
  await app.query('begin')
  await app.query("select set_config('app.org_id', $1, true)", [own])
  const columns = await admin.query(
    "select string_agg(quote_ident(attname), ', ') as names from pg_attribute where attrelid = $1::regclass and attnum > 0 and attgenerated = ''",
    [table],
  )
  const { names } = columns.rows[0]
  const outcome = await app
    .query(`insert into ${table} (${names}) select ${names} from jsonb_populate_record(null::${table}, $1)`, [
      row.row,
    ])
    .then(
      () => 'taken',
      (error: pg.DatabaseError) => error.message,
    )
  await app.query('rollback')
  if (!/row-level security policy|permission denied/.test(outcome)) found.push('took a foreign row')

  const { rows: indexes } = await admin.query(
    `select 1 from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
     where i.indrelid = $1::regclass and a.attname = 'org_id'`,
    [table],
  )
  if (indexes.length === 0) found.push('org_id is first in no index')
  return found
}

/** From the catalog, so that no list has to be kept. */
const tablesWithOrgId = async (admin: pg.Client): Promise<string[]> => {
  const { rows } = await admin.query(
    `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and a.attname = 'org_id' and a.attnum > 0
     order by 1`,
  )
  return rows.map((row) => row.relname as string)
}

describe('row-level security', () => {
  let admin: pg.Client
  let app: pg.Client
  let worker: pg.Client
  let own: Tenant
  let foreign: Tenant
  let database: OwnDatabase
  const shared = { ...process.env }

  beforeAll(async () => {
    // Its own: what it makes wrong has every pool refused that asks in that moment.
    database = await ownDatabase()
    Object.assign(process.env, {
      DATABASE_URL: database.adminUrl,
      APP_DATABASE_URL: database.urls.app,
      AUTH_DATABASE_URL: database.urls.auth,
    })
    const connected = (url: string) => new pg.Client(clientConfigOf('DATABASE_URL', url))
    admin = connected(database.adminUrl)
    app = connected(database.urls.app)
    worker = connected(database.urls.worker)
    await Promise.all([admin.connect(), app.connect(), worker.connect()])
    own = await createTenant()
    foreign = await createTenant()
    for (const each of [own, foreign]) await furnish(each)
  })
  afterAll(async () => {
    await Promise.all([admin.end(), app.end(), worker.end(), closeRuntime()])
    Object.assign(process.env, shared)
    await database.remove()
  })

  it('finds the tenant tables in the catalog', async () => {
    expect(await tablesWithOrgId(admin)).toEqual([
      ...[
        'activity',
        'api_keys',
        'audit_log',
        'billing_customers',
        'billing_mails',
        'comments',
        'digest_mails',
        'digests',
        'disputes',
        'exports',
        'files',
        'idempotency',
      ],
      ...[
        'import_lines',
        'imports',
        'invitations',
        'invoices',
        'labels',
        'ledger_entries',
        'memberships',
        'notifications',
        'outbox',
        'payments',
        'picture_uploads',
      ],
      ...['projects', 'refunds', 'saved_filters', 'subscriptions', 'tallies', 'task_labels', 'tasks'],
      ...['usage_events', 'usage_hours', 'usage_months'],
      ...['webhook_attempts', 'webhook_deliveries', 'webhook_endpoints', 'webhook_events'],
    ])
  })

  it('holds for every table with org_id', async () => {
    for (const table of await tablesWithOrgId(admin)) {
      expect(await findings(table, admin, app, own.id, foreign.id), table).toEqual([])
    }
  })

  it('holds for the workers as for the application', async () => {
    for (const table of await tablesWithOrgId(admin)) {
      expect(await findings(table, admin, worker, own.id, foreign.id), table).toEqual([])
    }
    await worker.query('begin')
    await worker.query("select set_config('app.org_id', $1, true)", [own.id])
    const { rows } = await worker.query('select current_user as name, count(*)::int as tasks from tasks')
    await worker.query('rollback')
    expect(rows).toEqual([{ name: expect.stringMatching(/^worklane_worker_/), tasks: expect.any(Number) }])
    expect(rows[0].tasks).toBeGreaterThan(0)
  })

  it.each<[string, string, Finding[]]>([
    ['never enabled', '', ['not enabled', 'not forced', 'rows without a tenant', 'took a foreign row']],
    [
      'not forced',
      `alter table leaky enable row level security;
       create policy tenant on leaky to worklane_app using (org_id = (select current_org_id()))`,
      ['not forced'],
    ],
    [
      'open to reading',
      `alter table leaky enable row level security; alter table leaky force row level security;
       create policy tenant on leaky to worklane_app using (true) with check (org_id = (select current_org_id()))`,
      ['rows without a tenant'],
    ],
    [
      'open to writing',
      `alter table leaky enable row level security; alter table leaky force row level security;
       create policy tenant on leaky to worklane_app using (org_id = (select current_org_id())) with check (true)`,
      ['took a foreign row'],
    ],
  ])('sees a table that is %s', async (_, policy, expected) => {
    await admin.query('create table leaky (org_id uuid, note text); create index on leaky (org_id, note)')
    try {
      await admin.query(
        `insert into leaky values ('${foreign.id}', 'x'); grant select, insert on leaky to worklane_app; ${policy}`,
      )
      expect(await findings('leaky', admin, app, own.id, foreign.id)).toEqual(expected)
    } finally {
      await admin.query('drop table leaky')
    }
  })

  it('sees a table without an index that begins with org_id', async () => {
    await admin.query(`create table leaky (note text, org_id uuid); create index on leaky (note, org_id);
      insert into leaky values ('x', '${foreign.id}'); grant select, insert on leaky to worklane_app;
      alter table leaky enable row level security; alter table leaky force row level security`)
    try {
      expect(await findings('leaky', admin, app, own.id, foreign.id)).toEqual(['org_id is first in no index'])
    } finally {
      await admin.query('drop table leaky')
    }
  })

  it('is not bypassed by any role of Worklane', async () => {
    // Another test lets an earlier version's role sign in, and has that mended, on the same server.
    const roles = async () =>
      (
        await admin.query(
          `select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcanlogin,
         (select count(*)::int from pg_class where relowner = r.oid) as owns
       from pg_roles r where rolname like 'worklane%' order by 1`,
        )
      ).rows
    await expect.poll(async () => (await roles()).filter(({ rolcanlogin }) => !rolcanlogin).length).toBe(7)
    const rows = await roles()
    const harmless = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, owns: 0 }
    const groups = rows.filter(({ rolcanlogin }) => !rolcanlogin)
    expect(groups.map(({ rolname }) => rolname)).toEqual(
      ['app', 'auth', 'intake', 'keeper', 'operator', 'relay', 'worker'].map((name) => `worklane_${name}`),
    )
    for (const each of rows) expect(each).toMatchObject(harmless)
    // Whoever signs in belongs to one deployment.
    for (const { rolname } of rows.filter(({ rolcanlogin }) => rolcanlogin))
      expect(rolname).toMatch(/^worklane_(app|worker|auth|relay|intake|operator)_[0-9a-f]{12}$/)
  })

  it('keeps sessions from the application and tasks from sign-in', async () => {
    await expect(app.query('select 1 from sessions')).rejects.toThrow(/permission denied/)
    await expect(app.query('select password_hash from users')).rejects.toThrow(/permission denied/)
    await asAdministrator(async (client) => {
      await client.query('set role worklane_auth')
      await expect(client.query('select 1 from tasks')).rejects.toThrow(/permission denied/)
    })
  })
})
