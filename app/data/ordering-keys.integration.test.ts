import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrationsDirectory, prepareDatabase } from './prepare.ts'

const database = `ordering_${randomUUID().replaceAll('-', '')}`
let admin: pg.Client
let client: pg.Client

beforeAll(async () => {
  admin = new pg.Client({ connectionString: process.env.DATABASE_URL })
  await admin.connect()
  await admin.query(`create database ${database}`)
  const url = new URL(process.env.DATABASE_URL ?? '')
  url.pathname = `/${database}`
  await prepareDatabase(url.href)
  client = new pg.Client({ connectionString: url.href })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await admin.query(`drop database ${database} with (force)`)
  await admin.end()
})

/** The order of all columns, as their numbers. */
const order = async () => {
  const { rows } = await client.query<{ number: number }>(
    'select number from tasks order by project_id, status, position, id',
  )
  return rows.map(({ number }) => number)
}

it('the migration to ordering keys keeps the order of every column, there and back', async () => {
  const file = await readFile(join(migrationsDirectory, '20261129161000_ordering_keys.sql'), 'utf8')
  const [up, down] = file.split('-- migrate:down') as [string, string]
  const migrate = (text: string) => client.query(`begin; ${text}; commit`)
  await migrate(down)
  await client.query(`
    with o as (insert into organisations (name, slug) values ('One', 'one'), ('Two', 'two') returning id),
    p as (insert into projects (org_id, key, name) select id, key, key from o, unnest(array['AA', 'BB']) key returning org_id, id)
    insert into tasks (org_id, project_id, number, title, status, position)
    select org_id, id, n, 'x', s,
      -- Halves, negative ones, and some that are equal, as they came to be once halves had run out.
      case when n % 7 = 0 then 1e-15 else ((n * 7919) % 4001 - 2000) / 2.0 end
    from p, generate_series(1, 4000) n, unnest(array['todo', 'done']::task_status[]) s where (s = 'todo') = (n % 2 = 0)`)
  const before = await order()
  expect(before).toHaveLength(16_000)
  await migrate(up)
  expect(await order()).toEqual(before)
  const { rows } = await client.query(
    "select count(*) filter (where position !~ '^d[0-9A-Za-z]{4}$')::int as odd, bool_and(c.relforcerowsecurity) as forced from tasks, pg_class c where c.relname = 'tasks'",
  )
  expect(rows[0]).toEqual({ odd: 0, forced: true })
  await migrate(down)
  expect(await order()).toEqual(before)
})
