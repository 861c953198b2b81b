import { AsyncLocalStorage } from 'node:async_hooks'
import { untilUndisturbed } from '@worklane/data/refusal.ts'
import type pg from 'pg'
import type { RunStatement } from '../effects.ts'
import { inWords } from '../refusals.ts'
import { runtime } from '../runtime.ts'

const current = new AsyncLocalStorage<pg.PoolClient>()

/**
 * A transaction across tenants, as the role that may read and write accounts, sessions and memberships.
 * Everything inside reaches it by `account()`. It is done again when it met another one.
 * @throws Problem for what the database refuses
 */
export const accountTransaction = <T>(_actor: unknown, body: (run: RunStatement) => Promise<T>): Promise<T> =>
  inWords(untilUndisturbed(() => once(body)))

async function once<T>(body: (run: RunStatement) => Promise<T>): Promise<T> {
  const client = await runtime().auth.connect()
  try {
    await client.query('begin')
    const result = await current.run(client, () =>
      body(async (text, values) => (await client.query(text, values)).rows),
    )
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

/** The transaction that this code runs in; outside of one, the pool. */
export const account = (): pg.Pool | pg.PoolClient => current.getStore() ?? runtime().auth
