import { inTransaction } from '@worklane/data/transaction.ts'
import { within } from '@worklane/data/within.ts'
import { accountMailTopic, nobody } from '@worklane/domain/mail/account-mails.ts'
import type pg from 'pg'
import type { Intake } from '../fair.ts'

const batch = 200
/** How long Redis has to take a batch. */
const enqueuedWithinMs = 5_000
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

/** Does so until it is told to stop. @param report hears of failures; the next round tries again */
export function startAccountMails(
  pool: pg.Pool,
  intake: Intake,
  report: (error: unknown) => void,
): () => Promise<void> {
  let going = true
  const rounds = (async () => {
    while (going) {
      const moved = await relayAccountMails(pool, intake).catch((error) => {
        report(error)
        return 0
      })
      if (moved < batch) await new Promise((resolve) => setTimeout(resolve, restMs))
    }
  })()
  return async function stop(): Promise<void> {
    going = false
    await rounds
  }
}
