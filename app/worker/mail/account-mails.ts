import { inTransaction } from '@worklane/data/transaction.ts'
import { within } from '@worklane/data/within.ts'
import { accountMailTopic, nobody } from '@worklane/domain/mail/account-mails.ts'
import type { Redis } from 'ioredis'
import type pg from 'pg'
import type { Intake } from '../fair.ts'
import { enqueuedWithinMs } from '../relay.ts'
import { startRounds } from '../rounds.ts'

const batch = 200
const restMs = 250
/** Tries of some fifteen minutes, for as long as a link is good. */
const attempts = 20

/**
 * Moves waiting mails of accounts to the queue, in one transaction: a crash in between enqueues them again, under the
 * same id.
 * @returns how many
 */
export const relayAccountMails = (pool: pg.Pool, intake: Intake): Promise<number> =>
  inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string; payload: unknown }>({
      name: 'take-account-mails',
      text: 'select id, payload from account_mails order by id limit $1 for update skip locked',
      values: [batch],
    })
    if (rows.length === 0) return 0
    const jobs = rows.map(({ id, payload }) => ({
      name: accountMailTopic,
      data: { id, orgId: nobody, topic: accountMailTopic, payload },
      // Its link signs somebody in: it is kept no longer than it takes.
      opts: { jobId: id, attempts, removeOnComplete: true },
    }))
    await within(enqueuedWithinMs, intake.addBulk(jobs))
    await client.query('delete from account_mails where id = any($1)', [rows.map(({ id }) => id)])
    return rows.length
  })

/** Does so until it is stopped. @param redis answers soon, or fails @returns stops it */
export const startAccountMails = (
  pool: pg.Pool,
  redis: Redis,
  intake: Intake,
  onError: (error: unknown) => void,
): (() => Promise<void>) =>
  startRounds(redis, { round: () => relayAccountMails(pool, intake), restMs, onError })
