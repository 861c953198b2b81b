import { account } from '../accounts/transaction.ts'
import type { Mail } from './mail.ts'

export const accountMailTopic = 'account.mail'
/** Stands where a job has its organisation. */
export const nobody = '00000000-0000-0000-0000-000000000000'

/**
 * Leaves a mail to the worker that is of no organisation; within a transaction of accounts, with what that writes. How
 * long it takes says nothing of whether the address has a mailbox. A worker that could send none does not start.
 */
export async function mailToAccount(mail: Mail<'sign-in-link' | 'address-proof'>): Promise<void> {
  await account().query('insert into account_mails (payload) values ($1)', [JSON.stringify(mail)])
}
