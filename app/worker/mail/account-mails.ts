import { inTransaction } from '@worklane/data/transaction.ts'
import { within } from '@worklane/data/within.ts'
import { accountMailTopic } from '@worklane/domain/mail/account-mails.ts'
import type { Queue } from 'bullmq'
import type pg from 'pg'
import { z } from 'zod'
import { sendMail } from './send.ts'

/** A job of the queue for a mail that is of no organisation. */
export const AccountMail = z.object({
  id: z.uuid(),
  topic: z.literal(accountMailTopic),
  payload: z.unknown(),
})
export type AccountMail = z.infer<typeof AccountMail>

const batch = 200
/** How long Redis has to take a batch. */
const enqueuedWithinMs = 5_000
const restMs = 250

/** Sends one. @param data what the job holds */
export async function sendAccountMail(data: unknown): Promise<void> {
  const { id, payload } = AccountMail.parse(data)
  await sendMail(payload, id)
}

/**
 * Moves waiting mails of accounts to the queue, in one transaction: a crash in between enqueues them again, under the
 * same id.
 * @returns how many
 */
export const relayAccountMails = (pool: pg.Pool, queue: Queue<AccountMail>): Promise<number> =>
  inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string; payload: unknown }>({
      name: 'take-account-mails',
      text: 'select id, payload from account_mails order by id limit $1 for update skip locked',
      values: [batch],
    })
    if (rows.length === 0) return 0
    const jobs = rows.map(({ id, payload }) => ({
      name: accountMailTopic,
      data: { id, topic: accountMailTopic, payload } satisfies AccountMail,
      // Its link signs somebody in: it is kept no longer than it takes.
      opts: { jobId: id, removeOnComplete: true },
    }))
    await within(enqueuedWithinMs, queue.addBulk(jobs))
    await client.query('delete from account_mails where id = any($1)', [rows.map(({ id }) => id)])
    return rows.length
  })

/** Does so until it is told to stop. @param report hears of failures; the next round tries again */
export function startAccountMails(
  pool: pg.Pool,
  queue: Queue<AccountMail>,
  report: (error: unknown) => void,
): () => Promise<void> {
  let going = true
  const rounds = (async () => {
    while (going) {
      const moved = await relayAccountMails(pool, queue).catch((error) => {
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
