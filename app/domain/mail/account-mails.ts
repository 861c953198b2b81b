import { account } from '../accounts/transaction.ts'
import { runtime } from '../runtime.ts'
import type { Mail } from './mail.ts'
import { hasMailSink } from './sink.ts'

export const accountMailTopic = 'account.mail'
/** Stands where a job has its organisation. */
export const nobody = '00000000-0000-0000-0000-000000000000'

/**
 * Leaves a mail to the worker that is of no organisation; within a transaction of accounts, with what that writes. How
 * long it takes says nothing of whether the address has a mailbox.
 * @throws Error where no mail can be sent: whoever waits for one is to know
 */
export async function mailToAccount(mail: Mail<'sign-in-link' | 'address-proof'>): Promise<void> {
  if (runtime().env.SMTP_URL === undefined && !hasMailSink())
    throw new Error('no mail can be sent: set SMTP_URL')
  await account().query('insert into account_mails (payload) values ($1)', [JSON.stringify(mail)])
}
