import { randomUUID } from 'node:crypto'
import { prepareDatabase } from '@worklane/data/prepare.ts'
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { organisationAt, type PopulationSpec, projectAt, taskAt, userAt } from '../fixtures/population.ts'
import { seedDatabase } from './seed.ts'

const spec: PopulationSpec = { seed: 4, organisations: 9, users: 60 }
const options = { sessionSecret: 'a secret for tests', today: new Date('2026-11-23T12:00:00Z') }

describe('the seed', () => {
  const made: string[] = []

  const as = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }
  const admin = () => process.env.DATABASE_URL ?? ''
  const rowsOf = (url: string, text: string) => as(url, async (client) => (await client.query(text)).rows)

  /** A migrated database of its own. */
  async function database(): Promise<string> {
    const name = `seed_${randomUUID().replaceAll('-', '')}`
    await as(admin(), (client) => client.query(`create database ${name}`))
    made.push(name)
    const url = new URL(admin())
    url.pathname = `/${name}`
    await prepareDatabase(url.href)
    return url.href
  }

  afterEach(async () => {
    for (const name of made.splice(0))
      await as(admin(), (client) => client.query(`drop database ${name} with (force)`))
  })

  it('writes exactly the population', async () => {
    const url = await database()
    await seedDatabase(url, spec, options)
    const organisations = Array.from({ length: spec.organisations }, (_, index) =>
      organisationAt(spec, index),
    )
    const projects = organisations.flatMap((each) =>
      Array.from({ length: each.projects }, (_, p) => projectAt(spec, each.index, p)),
    )
    const people = Array.from({ length: spec.users }, (_, index) => userAt(spec, index))
    const [counts] = await rowsOf(
      url,
      `select (select count(*)::int from organisations) organisations, (select count(*)::int from users) users,
         (select count(*)::int from memberships) memberships, (select count(*)::int from sessions) sessions,
         (select count(*)::int from projects) projects, (select count(*)::int from tasks) tasks`,
    )
    expect(counts).toEqual({
      organisations: spec.organisations,
      users: spec.users,
      memberships: spec.users + people.filter(({ guestIn }) => guestIn !== null).length,
      sessions: spec.users,
      projects: projects.length,
      tasks: projects.reduce((sum, { tasks }) => sum + tasks, 0),
    })
    const whale = organisationAt(spec, 7)
    const wanted = taskAt(spec, whale, 1, 3)
    const [task] = await rowsOf(
      url,
      `select title, description, status, priority, number from tasks where id = '${wanted.id}'`,
    )
    const { title, description, status, priority, number } = wanted
    expect(task).toEqual({ title, description, status, priority, number })
    const [user] = await rowsOf(url, `select email, name from users where id = '${userAt(spec, 59).id}'`)
    expect(user).toEqual({ email: userAt(spec, 59).email, name: userAt(spec, 59).name })
  })

  it('gives the same database for the same seed, and another for another', async () => {
    const digests = []
    for (const seed of [4, 4, 5])
      digests.push((await seedDatabase(await database(), { ...spec, seed }, options)).digest)
    expect(digests[1]).toBe(digests[0])
    expect(digests[2]).not.toBe(digests[0])
  })

  it("puts a tenant's canary, and no other, in each of its texts", async () => {
    const url = await database()
    await seedDatabase(url, spec, options)
    const wrong = await rowsOf(
      url,
      `select t.title from tasks t join organisations o on o.id = t.org_id
       where (select array_agg(distinct m[1]) from regexp_matches(t.title || t.description, 'cnr-[0-9a-f]+', 'g') m)
             is distinct from array[o.canary]`,
    )
    expect(wrong).toEqual([])
  })

  it('writes the past year as people work: on working days, by day, and nothing before its cause', async () => {
    const url = await database()
    await seedDatabase(url, { seed: 4, organisations: 9, users: 400 }, options)
    const [days] = await rowsOf(
      url,
      `select avg((extract(isodow from at) > 5)::int)::float as weekend, min(extract(hour from at))::int as first,
         max(extract(hour from at))::int as last, count(*) filter (where at > '2026-11-23T23:59Z')::int as future
       from activity`,
    )
    expect(days.weekend).toBeGreaterThan(0)
    expect(days.weekend).toBeLessThan(0.1)
    expect(days).toMatchObject({ future: 0 })
    expect([days.first >= 7, days.last <= 20]).toEqual([true, true])
    const [wrong] = await rowsOf(
      url,
      `select (select count(*)::int from tasks where done_at <= created_at) as done,
         (select count(*)::int from comments c join tasks t using (org_id) where t.id = c.task_id and c.created_at <= t.created_at) as said,
         (select count(*)::int from comments) > 100 as talked, (select count(*)::int from task_labels) > 100 as labelled,
         (select count(*)::int from notifications) > 100 as told`,
    )
    expect(wrong).toEqual({ done: 0, said: 0, talked: true, labelled: true, told: true })
  })

  it('leaves a database with the same population as it is', async () => {
    const url = await database()
    const first = await seedDatabase(url, spec, options)
    const again = await seedDatabase(url, spec, options)
    expect(again).toMatchObject({ rows: 0, digest: first.digest })
  })

  it('says that it is not finished when it is interrupted, and can be run again', async () => {
    const url = await database()
    const interrupted = seedDatabase(url, spec, {
      ...options,
      onProgress(line) {
        if (line.includes('rows ·')) throw new Error('interrupted')
      },
    })
    await expect(interrupted).rejects.toThrow('interrupted')
    expect(await rowsOf(url, 'select digest from population')).toEqual([{ digest: '' }])
    const again = await seedDatabase(url, spec, options)
    const whole = await database()
    expect(again).toMatchObject({ digest: (await seedDatabase(whole, spec, options)).digest })
    const counts = `select (select count(*)::int from tasks) tasks, (select sum(count)::int from tallies) tallied`
    expect(await rowsOf(url, counts)).toEqual(await rowsOf(whole, counts))
  })

  it('leaves every index and every foreign key as it found it', async () => {
    const shape = `select pg_get_indexdef(indexrelid) as it from pg_index i join pg_class c on c.oid = i.indrelid
        where c.relnamespace = 'public'::regnamespace
      union all select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace
      order by 1`
    const url = await database()
    const before = await rowsOf(url, shape)
    expect(before.length).toBeGreaterThan(50)
    await seedDatabase(url, spec, options)
    expect(await rowsOf(url, shape)).toEqual(before)
  })

  it('refuses a database that holds something else', async () => {
    const url = await database()
    await as(url, (client) =>
      client.query("insert into organisations (name, slug) values ('Real people', 'real')"),
    )
    await expect(seedDatabase(url, spec, options)).rejects.toThrow(/no seed made; use an empty one/)
    const other = await database()
    await seedDatabase(other, spec, options)
    await expect(seedDatabase(other, { ...spec, seed: 9 }, options)).rejects.toThrow(
      /holds the population v2-4-9-60/,
    )
  })

  it('refuses production', async () => {
    const before = process.env.WORKLANE_ENV
    process.env.WORKLANE_ENV = 'production'
    try {
      await expect(seedDatabase(admin(), spec, options)).rejects.toThrow(/production/)
    } finally {
      process.env.WORKLANE_ENV = before
    }
  })

  it('works for an owner who cannot bypass row-level security, and leaves it forced', async () => {
    const url = await database()
    const owner = `owner_${randomUUID().slice(0, 8)}`
    await as(url, async (client) => {
      await client.query(`create role ${owner} login password 'owner'`)
      const { rows } = await client.query(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
      )
      for (const { relname } of rows) await client.query(`alter table ${relname} owner to ${owner}`)
      await client.query(`grant usage, create on schema public to ${owner}`)
    })
    const asOwner = new URL(url)
    asOwner.username = owner
    asOwner.password = 'owner'
    expect((await seedDatabase(asOwner.href, spec, options)).rows).toBeGreaterThan(0)
    const unforced = await rowsOf(
      url,
      "select relname from pg_class where relrowsecurity and not relforcerowsecurity and relnamespace = 'public'::regnamespace",
    )
    expect(unforced).toEqual([])
    await as(url, (client) => client.query(`drop owned by ${owner}`))
    await as(admin(), (client) => client.query(`drop role ${owner}`).catch(() => {}))
  })
})
