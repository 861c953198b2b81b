import { randomUUID } from 'node:crypto'
import { orgId } from '@worklane/data/ids.ts'
import { tagKeys } from '../cache.ts'
import { forgetNow } from '../forgetting.ts'
import { account, afterCommit } from './transaction.ts'

/** What `forget` is to an operation, for what an account does before there is an actor; inside of its transaction. */
export async function forgetWithAccount(organisation: string, tags: string[]): Promise<void> {
  const [row, keys] = [randomUUID(), tagKeys({ orgId: orgId(organisation) }, tags)]
  await account().query('insert into cache_outbox (id, keys) values ($1, $2)', [row, keys])
  afterCommit(() => forgetNow(row, keys))
}
