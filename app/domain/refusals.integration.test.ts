import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { inWords, isForeseen } from './refusals.ts'
import { asAdministrator } from './testing/tenants.ts'

/** Nothing that a caller sends can meet these: their values are drawn by us, or written by the worker alone. */
const ours = [
  /_pkey$/,
  /_hash_key$/,
  /^(sessions_id|organisations_slug|sessions_previous_hash)_key$/,
  /^(notifications|activity)_/,
  /^sessions_active_org_id_fkey$/,
  /^accounts_user_id_fkey$/,
  /^billing_customers_stripe_id_key$/,
  // By the owner of the database alone.
  /^operators_user_id_fkey$/,
  /^one_installation$/,
  // Written by the worker, and a token that is drawn.
  /^digest_mails_/,
  /^digests_unsubscribe_token_key$/,
  // Written by the worker, or with ids that were drawn for it.
  /^webhook_deliveries_org_id_event_id/,
  /^webhook_attempts_org_id_delivery_id_fkey$/,
]

describe('the refusals of the database', () => {
  it('each have their words, for every constraint that two writes can meet', async () => {
    const { rows } = await asAdministrator((client) =>
      client.query<{ name: string; kind: string }>(
        `select conname as name, contype::text as kind from pg_constraint
         where connamespace = 'public'::regnamespace and contype in ('f', 'u', 'p')
         union all
         select c.relname, 'i' from pg_index i join pg_class c on c.oid = i.indexrelid
         where i.indisunique and c.relnamespace = 'public'::regnamespace
           and not exists (select from pg_constraint k where k.conindid = i.indexrelid)`,
      ),
    )
    expect(rows.length).toBeGreaterThan(40)
    const unforeseen = rows.filter(
      ({ name, kind }) =>
        !isForeseen({ code: kind === 'f' ? '23503' : '23505', constraint: name }) &&
        !ours.some((each) => each.test(name)),
    )
    expect(unforeseen.map(({ name }) => name)).toEqual([])
  })

  it('are no fault of ours where others held a lock, or all connections, for too long', async () => {
    const waited = asAdministrator(async (holder) => {
      await holder.query('begin')
      await holder.query('lock table population')
      await inWords(
        asAdministrator(async (client) => {
          await client.query("begin; set local lock_timeout = '50ms'")
          await client.query('lock table population')
        }),
      )
    })
    await expect(waited).rejects.toMatchObject({ kind: 'unavailable' })
    const pool = new pg.Pool({
      connectionString: process.env.DATABASE_URL,
      max: 1,
      connectionTimeoutMillis: 1_000,
    })
    const held = await pool.connect()
    await expect(inWords(pool.connect())).rejects.toMatchObject({ kind: 'unavailable' })
    held.release()
    await pool.end()
  })
})
