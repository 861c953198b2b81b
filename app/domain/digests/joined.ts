import { account } from '../accounts/transaction.ts'
import { frequencyOfNewMembers } from './frequency.ts'

/** Gives a new member the mails that new members get, as part of the transaction that makes them one. */
export async function beginDigests(organisation: string, userId: string): Promise<void> {
  await account().query(begin, [organisation, userId, frequencyOfNewMembers])
}

const begin = `
  insert into digests (org_id, user_id, every, due_at)
  select o.id, $2::uuid, $3, next_digest($3, o.time_zone, now()) from organisations o where o.id = $1
  on conflict do nothing`
