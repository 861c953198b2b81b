import { AsyncLocalStorage } from 'node:async_hooks'
import { withRetryOnConflict } from '@worklane/data/refusal.ts'
import { inTransaction } from '@worklane/data/transaction.ts'
import type pg from 'pg'
import { runAfterCommit } from '../after-commit.ts'
import type { RunStatement } from '../effects.ts'
import { inWords } from '../refusals.ts'
import { runtime } from '../runtime.ts'

type Open = { client: pg.PoolClient; after: (() => Promise<void>)[] }
const current = new AsyncLocalStorage<Open>()

/**
 * A transaction across tenants, as the role that may read and write accounts, sessions and memberships.
 * Everything inside reaches it by `account()`. It is done again when it met another one.
 * @throws Problem for what the database refuses
 */
export const accountTransaction = <T>(_actor: unknown, body: (run: RunStatement) => Promise<T>): Promise<T> =>
  inWords(withRetryOnConflict(() => once(body)))

async function once<T>(body: (run: RunStatement) => Promise<T>): Promise<T> {
  const after: Open['after'] = []
  const result = await inTransaction(runtime().accounts, (client) =>
    current.run({ client, after }, () =>
      body(async (text, values) => (await client.query(text, values)).rows),
    ),
  )
  await runAfterCommit(after)
  return result
}

/** The transaction that this code runs in, or one of its own. */
export const withinAccountTransaction = <T>(body: () => Promise<T>): Promise<T> =>
  current.getStore() ? body() : accountTransaction(null, body)

/** Something to do once the open transaction is committed. It should not fail: the write has happened. */
export function afterCommit(work: () => Promise<void>): void {
  const open = current.getStore()
  if (!open) throw new Error('afterCommit outside of an account transaction: there is nothing to wait for')
  open.after.push(work)
}

/** The transaction that this code runs in; outside of one, the pool. */
export const account = (): pg.Pool | pg.PoolClient => current.getStore()?.client ?? runtime().auth
