import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeRuntime } from '../domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '../domain/testing/tenants.ts'
import { orgId } from './ids.ts'
import { connect, type Database, tenant } from './tenant.ts'

/** Two connections for many at once: whatever stays behind on one is found by the next. */
const connections = 2

describe('the tenant-scoped client', () => {
  let database: Database
  let tenants: Tenant[]
  const of = (which: Tenant) => tenant(database, { orgId: orgId(which.id) })

  beforeAll(async () => {
    database = connect(process.env.APP_DATABASE_URL ?? '', connections)
    tenants = await Promise.all([createTenant(), createTenant(), createTenant()])
  })
  afterAll(async () => {
    await database.prisma.$disconnect()
    await database.pool.end()
    await closeRuntime()
  })

  /** Each tenant's tasks, asked for by many at once. @returns titles that were seen by somebody else */
  async function leaksUnderLoad(): Promise<string[]> {
    const seen = await Promise.all(
      Array.from({ length: 300 }, async (_, turn) => {
        const asking = tenants[turn % tenants.length] as Tenant
        const rows = await of(asking).read((db) => db.$queryRaw<{ title: string }[]>`select title from tasks`)
        return rows.filter(({ title }) => !title.includes(asking.canary)).map(({ title }) => title)
      }),
    )
    return seen.flat()
  }

  it('shows each tenant its own rows only, however many ask at once', async () => {
    expect(await leaksUnderLoad()).toEqual([])
  })

  it.each(['raw statements', 'the client'])(
    'does a write again that met another in a deadlock, by %s',
    async (way) => {
      const first = await createTenant()
      const [one, other] = (await asAdministrator(async (client) => {
        const { rows } = await client.query(
          `insert into tasks (org_id, project_id, number, title, position)
         select $1, $2, (select max(number) from tasks where org_id = $1) + n, 'x', 'd' || lpad(n::text, 4, '0') from generate_series(1, 2) n returning id`,
          [first.id, first.project],
        )
        return rows.map((row) => row.id as string)
      })) as [string, string]
      const bothHold = Promise.withResolvers<void>()
      let holding = 0
      let attempts = 0
      /** Takes its first row, waits until the other has its own, and then wants that one as well. */
      const takeBoth = (ids: string[], title: string) =>
        of(first).transaction(async (tx) => {
          attempts++
          for (const [turn, id] of ids.entries()) {
            if (way === 'the client') await tx.task.updateMany({ where: { id }, data: { title } })
            else await tx.$executeRaw`update tasks set title = ${title} where id = ${id}::uuid`
            if (turn === 1) continue
            if (++holding === 2) bothHold.resolve()
            await bothHold.promise
          }
        })
      await Promise.all([takeBoth([one, other], 'a'), takeBoth([other, one], 'b')])
      expect(attempts).toBe(3)
    },
  )

  it('would be seen leaking if the tenant were set for the session of a connection', async () => {
    const [first] = tenants as [Tenant]
    const pool = new pg.Pool({ connectionString: process.env.APP_DATABASE_URL, max: 1 })
    await pool.query("select set_config('app.org_id', $1, false)", [first.id])
    const { rows } = await pool.query('select title from tasks')
    await pool.end()
    expect(rows.some(({ title }) => title.includes(first.canary))).toBe(true)
  })

  it('leaves no tenant behind on a connection', async () => {
    await leaksUnderLoad()
    // The pool's own connect, which knows of no tenant.
    const plainConnect = pg.Pool.prototype.connect as (this: pg.Pool) => Promise<pg.PoolClient>
    const clients = await Promise.all(
      Array.from({ length: connections }, () => plainConnect.call(database.pool)),
    )
    for (const client of clients) {
      const { rows } = await client.query("select current_setting('app.org_id', true) as tenant")
      expect(rows[0].tenant ?? '').toBe('')
      client.release()
    }
  })

  it('answers a read in one round trip, tenant included', async () => {
    const [first] = tenants as [Tenant]
    await of(first).read((db) => db.task.findMany())
    const before = database.pool.roundTrips
    const rows = await of(first).read((db) => db.task.findMany())
    expect(rows).toHaveLength(1)
    expect(database.pool.roundTrips - before).toBe(1)
  })

  it('sees nothing, and says so, outside of a tenant', async () => {
    await expect(async () => await database.prisma.task.findMany()).rejects.toThrow(/no organisation is set/)
    const { rowCount } = await database.pool.query('select 1 from tasks')
    expect(rowCount).toBe(0)
  })

  it('stamps what it writes with its own tenant, whatever the data says', async () => {
    const [own, foreign] = tenants as [Tenant, Tenant]
    const created = await of(own).transaction((tx) =>
      tx.project.create({ data: { orgId: foreign.id, key: 'STAMP', name: 'Stamped' } }),
    )
    expect(created.orgId).toBe(own.id)
  })

  it('goes on after a query that was refused', async () => {
    const [first] = tenants as [Tenant]
    for (let turn = 0; turn < connections * 2; turn++) {
      await expect(of(first).read((db) => db.$queryRaw`select 1 / 0`)).rejects.toThrow(/division by zero/)
      await expect(of(first).read((db) => db.$queryRaw`select nonsense`)).rejects.toThrow(/nonsense/)
    }
    expect(await of(first).read((db) => db.task.count())).toBe(1)
  })

  it('keeps nothing of a transaction that failed', async () => {
    const [first] = tenants as [Tenant]
    const failing = of(first).transaction(async (tx) => {
      await tx.project.create({ data: { orgId: first.id, key: 'GONE', name: 'Never' } })
      throw new Error('half-way')
    })
    await expect(failing).rejects.toThrow('half-way')
    expect(await of(first).read((db) => db.project.count({ where: { key: 'GONE' } }))).toBe(0)
  })
})
