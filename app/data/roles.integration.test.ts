import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { clientConfigOf, postgresAddress } from './postgres-address.ts'
import { prepareDatabase } from './prepare.ts'
import { type OwnDatabase, ownDatabase } from './testing/own-database.ts'

const secrets = {
  one: 'the secret of a deployment, long enough',
  other: 'the secret of another one, as long',
}

describe('the roles of deployments', () => {
  const databases: OwnDatabase[] = []
  const made = async () => {
    const database = await ownDatabase()
    databases.push(database)
    return database
  }
  afterEach(async () => {
    for (const each of databases.splice(0)) await each.remove()
  })

  const signsIn = async (url: string): Promise<string> => {
    const client = new pg.Client(clientConfigOf('DATABASE_URL', url))
    try {
      await client.connect()
      const { rows } = await client.query<{ name: string }>('select current_user as name')
      return rows[0]?.name ?? ''
    } catch (error) {
      return String(error)
    } finally {
      await client.end().catch(() => {})
    }
  }
  const all = (urls: Record<string, string>) => Promise.all(Object.values(urls).map(signsIn))
  const ours = ['app', 'worker', 'auth', 'relay', 'intake', 'operator'].map((kind) =>
    expect.stringMatching(new RegExp(`^worklane_${kind}_[0-9a-f]{12}$`)),
  )

  it('of two databases of one server let each other in, whoever was last', async () => {
    const [first, second] = [await made(), await made()]
    const [firstUrls, secondUrls] = await Promise.all([
      prepareDatabase(first.adminUrl, secrets.one),
      prepareDatabase(second.adminUrl, secrets.other),
    ])
    expect(await all(firstUrls)).toEqual(ours)
    expect(await all(secondUrls)).toEqual(ours)
    expect(await all(first.urls)).toEqual(ours)
  })

  it('of two administrators of one database, with a secret each, let each other in', async () => {
    const { adminUrl, query, as } = await made()
    const name = `other_${randomUUID().slice(0, 8)}`
    await query(`create role ${name} superuser login password 'x'`)
    const urls = await prepareDatabase(adminUrl, secrets.one)
    const others = await prepareDatabase(as({ user: name, password: 'x' }), secrets.other)
    expect(await all(urls)).toEqual(ours)
    expect(await all(others)).toEqual(ours)
    // Whoever has the same secret is the same deployment, whichever administrator made it.
    expect(await prepareDatabase(as({ user: name, password: 'x' }), secrets.one)).toEqual(urls)
    await query(`drop role ${name}`)
  })

  it('have passwords that follow from the secret and the database, and not from the string', async () => {
    const [first, second] = [await made(), await made()]
    const passwordsOf = async ({ adminUrl }: OwnDatabase, secret: string) =>
      Object.values(await prepareDatabase(adminUrl, secret)).map(
        (url) => postgresAddress('DATABASE_URL', url).password,
      )
    const found = [
      ...(await passwordsOf(first, secrets.one)),
      ...(await passwordsOf(second, secrets.one)),
      ...(await passwordsOf(first, secrets.other)),
    ]
    expect(new Set(found).size).toBe(18)
  })

  it('get their password back where somebody changed it', async () => {
    const { adminUrl, urls, query } = await made()
    const { user } = postgresAddress('DATABASE_URL', urls.app)
    await query(`alter role ${user} password 'changed'`)
    expect(await signsIn(urls.app)).toContain('password authentication failed')
    await prepareDatabase(adminUrl)
    expect(await signsIn(urls.app)).toBe(user)
  })

  it('are the only ones that sign in: nobody is what migrations grant to', async () => {
    const { adminUrl, query } = await made()
    await query("alter role worklane_relay login password 'of an earlier version'")
    await prepareDatabase(adminUrl)
    const { rows } = await query(
      "select rolname from pg_roles where rolcanlogin and rolname ~ '^worklane_[a-z]+$'",
    )
    expect(rows).toEqual([])
  })

  it('are refused in one line to an administrator who may not give them', async () => {
    const { query, as } = await made()
    const name = `small_${randomUUID().slice(0, 8)}`
    await query(`create role ${name} createrole login password 'x'`)
    const error = await prepareDatabase(as({ user: name, password: 'x' }), secrets.other).catch(String)
    expect(error).toMatch(
      new RegExp(
        `^RefusedConnection: DATABASE_URL has a user who may not .* — .*grant worklane_app.* to "${name}" with admin option$`,
      ),
    )
    await query(`drop owned by ${name} cascade; drop role ${name}`)
  })

  it('have their passwords in no statement that the server keeps', async () => {
    const { adminUrl, query } = await made()
    await query('create extension if not exists pg_stat_statements')
    const urls = await prepareDatabase(adminUrl, `${secrets.one} ${randomUUID()}`)
    const { rows } = await query("select query from pg_stat_statements where query ilike '%password%'")
    const kept = rows.map((row) => row.query).join('\n')
    expect(kept).toContain('create role')
    for (const url of Object.values(urls))
      expect(kept).not.toContain(postgresAddress('DATABASE_URL', url).password)
  })

  it.each([undefined, '', 'short'])('are not made of the secret %j', async (secret) => {
    const given = process.env.DATABASE_ROLES_SECRET
    delete process.env.DATABASE_ROLES_SECRET
    try {
      await expect(prepareDatabase('postgres://a:b@127.0.0.1:1/c', secret)).rejects.toThrow(
        /^DATABASE_ROLES_SECRET is (not set|too short) — choose one/,
      )
    } finally {
      process.env.DATABASE_ROLES_SECRET = given
    }
  })
})
