import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UtcClient, WrongZoneError } from './utc-client.ts'

const project = join(import.meta.dirname, '../..')

describe('a connection', () => {
  const url = () => process.env.APP_DATABASE_URL ?? ''
  /** A role that is set to another zone and another form of dates in this very database. */
  const role = `elsewhere_${process.pid}`
  const elsewhere = () => {
    const theirs = new URL(process.env.DATABASE_URL ?? '')
    Object.assign(theirs, { username: role, password: 'elsewhere' })
    return theirs.href
  }
  const asAdministrator = async (...statements: string[]) => {
    const client = new UtcClient(process.env.DATABASE_URL)
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }
  beforeAll(() =>
    asAdministrator(
      `create role ${role} login password 'elsewhere'`,
      `alter role ${role} in database postgres set timezone = 'Asia/Kathmandu'`,
      `alter role ${role} in database postgres set datestyle = 'SQL, DMY'`,
    ),
  )
  afterAll(() => asAdministrator(`drop role ${role}`))

  it('works in UTC where the role, the database and the process are set to other zones', async () => {
    expect(new Date('2026-11-29T00:00:00Z').getTimezoneOffset()).toBe(-330)
    const plain = new pg.Client(elsewhere())
    const client = new UtcClient(elsewhere())
    await Promise.all([plain.connect(), client.connect()])
    const text = "select '2026-11-29T12:00:00Z'::timestamptz::text as at"
    expect((await plain.query(text)).rows).toEqual([{ at: '29/11/2026 17:45:00 +0545' }])
    expect((await client.query(text)).rows).toEqual([{ at: '2026-11-29 12:00:00+00' }])
    await Promise.all([plain.end(), client.end()])
  })

  it('takes and gives moments and days as they are, of any century', async () => {
    const client = new UtcClient(url())
    await client.connect()
    // Zones of the 19th century are minutes and seconds off, which `pg` writes as no offset at all.
    for (const at of ['0001-01-01T00:00:00.000Z', '1883-05-01T23:59:59.000Z', '2026-12-24T00:00:00.000Z']) {
      const { rows } = await client.query('select $1::timestamptz as at, $1::date as day, $2::date as same', [
        new Date(at),
        at.slice(0, 10),
      ])
      expect(rows).toEqual([{ at: new Date(at), day: at.slice(0, 10), same: at.slice(0, 10) }])
    }
    await client.end()
  })

  it('is refused when it is in another zone all the same', async () => {
    const client = new UtcClient(url())
    client.on('error', () => {})
    await client.connect()
    const change = client.query("set timezone = 'Asia/Kolkata'")
    await expect(change).rejects.toThrow(/TimeZone "Asia\/Kolkata" although the connection asks for UTC/)
    await expect(client.query('select 1')).rejects.toThrow()
    // What a pooler says that forgets what was asked for.
    class Forgetful extends UtcClient {
      override getStartupConf() {
        return { ...super.getStartupConf(), TimeZone: 'Europe/Berlin' }
      }
    }
    await expect(new Forgetful(url()).connect()).rejects.toBeInstanceOf(WrongZoneError)
    const pool = new pg.Pool({ Client: Forgetful, connectionString: url() })
    await expect(pool.query('select 1')).rejects.toBeInstanceOf(WrongZoneError)
    expect(pool.totalCount).toBe(0)
    await pool.end()
  })

  it('is made by no other class', async () => {
    const found: string[] = []
    for (const folder of ['app', 'harness', 'seed', 'sandbox']) {
      for await (const file of glob('**/*.ts', {
        cwd: join(project, folder),
        exclude: (name) => /^(node_modules|\.next|generated|testing)$|\.test\.ts$/.test(name),
      })) {
        const text = await readFile(join(project, folder, file), 'utf8')
        // `poolConfig` names it.
        for (const [made] of text.matchAll(/new pg\.(Client|Pool)\([^)]*\)|new PrismaPg\(\s*\{[^}]*\}/g))
          if (!/Client: UtcClient|poolConfig\(/.test(made)) found.push(`${folder}/${file}: ${made}`)
      }
    }
    expect(found).toEqual([])
  })
})

describe('columns', () => {
  it('have no time without a zone', async () => {
    const client = new UtcClient(process.env.DATABASE_URL)
    await client.connect()
    const { rows } = await client.query(
      `select table_name, column_name, data_type from information_schema.columns
       where table_schema = 'public' and data_type in ('timestamp without time zone', 'time without time zone', 'time with time zone')`,
    )
    await client.end()
    expect(rows).toEqual([])
  })
})
