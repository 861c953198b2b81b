import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { poolConfig } from './pool.ts'
import { connect } from './tenant.ts'

const urlOf = (variable: string, query = '') => {
  const url = new URL(process.env[variable] as string)
  url.search = new URLSearchParams([...url.searchParams, ...new URLSearchParams(query)]).toString()
  return url.href
}
const waits = `select current_setting('lock_timeout') as lock,
  current_setting('idle_in_transaction_session_timeout') as idle`

describe('a pool', () => {
  const opened: pg.Pool[] = []
  afterAll(() => Promise.all(opened.map((pool) => pool.end())))

  it.each([
    ['APP_DATABASE_URL', 'worklane_app'],
    ['AUTH_DATABASE_URL', 'worklane_auth'],
    ['RELAY_DATABASE_URL', 'worklane_relay'],
  ] as const)('of %s waits neither for a connection nor for a lock for ever', async (variable, group) => {
    const options = { variable, url: urlOf(variable), group, max: 2, name: 'probe' }
    const pool = new pg.Pool(poolConfig(options))
    opened.push(pool)
    expect(pool.options.connectionTimeoutMillis).toBe(10_000)
    expect((await pool.query(waits)).rows).toEqual([{ lock: '10s', idle: '10s' }])
    const prompt = new pg.Pool(poolConfig({ ...options, lockedMs: 2_000 }))
    opened.push(prompt)
    expect((await prompt.query(waits)).rows).toEqual([{ lock: '2s', idle: '10s' }])
  })

  it('of the tenant tables is one of them, and waits for as long as its string says', async () => {
    const { pool } = connect(urlOf('APP_DATABASE_URL', 'pool_timeout=1'), 1)
    opened.push(pool)
    expect((await pool.query(waits)).rows).toEqual([{ lock: '10s', idle: '10s' }])
    const held = await pool.connect()
    await expect(pool.query(waits)).rejects.toThrow('timeout exceeded when trying to connect')
    held.release()
    expect((await pool.query(waits)).rows).toHaveLength(1)
  })
})
