import type pg from 'pg'
import { connectForBulk } from './write.ts'

/**
 * Indexes, foreign keys and the force of row-level security cost each row that is written, or refuse the COPY; made
 * after the rows they cost a fraction. How to make them stands in a table of the database itself until they are back,
 * so that a seed that was interrupted can be taken up by the next one.
 */
const remembered = `
  select 1 as turn, pg_get_indexdef(i.indexrelid) as make, format('drop index %s', i.indexrelid::regclass) as take
  from pg_index i where i.indrelid = any($1::regclass[]) and not i.indisprimary
    and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x'))
  union all
  select 2, format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
    format('alter table %s drop constraint %I', conrelid::regclass, conname)
  from pg_constraint where contype = 'f' and conrelid = any($1::regclass[])
  union all
  select 3, format('alter table %s force row level security', oid::regclass),
    format('alter table %s no force row level security', oid::regclass)
  from pg_class where oid = any($1::regclass[]) and relforcerowsecurity`

/** Takes them off the tables, as part of the transaction that runs. */
export async function defer(client: pg.Client, tables: string[]): Promise<void> {
  const { rows } = await client.query<{ turn: number; make: string; take: string }>(remembered, [tables])
  await client.query('create table if not exists seed_deferred (turn int not null, make text primary key)')
  for (const { turn, make, take } of rows.sort((a, b) => b.turn - a.turn)) {
    await client.query('insert into seed_deferred values ($1, $2)', [turn, make])
    await client.query(take)
  }
}

/** Puts back what `defer` took off, indexes on several connections at once. */
export async function restore(adminUrl: string, connections: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: connections }, () => connectForBulk(adminUrl)))
  const [first] = clients as [pg.Client]
  try {
    const { rows } = await first.query<{ turn: number; make: string }>(
      'select turn, make from seed_deferred order by turn, make',
    )
    const indexes = rows.filter(({ turn }) => turn === 1)
    await Promise.all(
      clients.map(async (client) => {
        for (let next = indexes.shift(); next; next = indexes.shift()) await client.query(next.make)
      }),
    )
    // One after the other: two foreign keys at once can wait for each other's tables.
    await first.query('begin')
    for (const { turn, make } of rows) if (turn > 1) await first.query(make)
    await first.query('drop table seed_deferred')
    await first.query('commit')
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}
