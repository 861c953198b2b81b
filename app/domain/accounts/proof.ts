import { endSessionsOf, findSession, refreshSessionsOf } from '../sessions/sessions.ts'
import { tags } from '../tags.ts'
import { takeTurnEverywhere } from '../turn.ts'
import { forgetWithAccount } from './forget.ts'
import { account, afterCommit, withinAccountTransaction } from './transaction.ts'

/**
 * The address is theirs: they read its mail, or a provider that checked it says so. Where the browser that brings the
 * first proof is signed in to the account, whoever signed up and whoever reads the mail are the same, and all stays
 * but other sessions. Everywhere else the first proof starts a clean account (docs/decisions/030): whoever used it
 * before may have been a stranger who signed up with an address not theirs, so everything that lets somebody in goes,
 * with the proof or not at all.
 * @param token the session that the browser has, if any
 * @returns whether it was the first proof
 */
export async function proveAddress(userId: string, token?: string): Promise<boolean> {
  const { rowCount } = await account().query(isUnproved, [userId])
  if (!rowCount) return false
  return withinAccountTransaction(async () => {
    await takeTurnEverywhere(userId)
    const { rows } = await account().query<{ email: string }>(`${isUnproved} for update`, [userId])
    if (!rows[0]) return false
    await account().query('update users set email_verified = now() where id = $1', [userId])
    const own = token === undefined ? null : await ownSession(userId, token)
    await endSessionsOf(userId, own)
    if (own === null) await startClean(userId, rows[0].email)
    return true
  })
}

const isUnproved = 'select email from users where id = $1 and email_verified is null'

async function ownSession(userId: string, token: string): Promise<string | null> {
  const session = await findSession(token)
  return session?.userId === userId ? session.id : null
}

async function startClean(userId: string, email: string): Promise<void> {
  await account().query('update users set password_hash = null where id = $1', [userId])
  await account().query('delete from accounts where user_id = $1', [userId])
  await account().query('delete from verification_tokens where lower(identifier) = lower($1)', [email])
  await account().query(endKeys, [userId])
  await account().query(endInvitations, [userId])
  await removeOthers(userId)
}

/** Who may act in an organisation of the account was let in by whoever used it before the proof. */
async function removeOthers(userId: string): Promise<void> {
  const { rows } = await account().query<{ org_id: string; user_id: string }>(endMemberships, [userId])
  const organisations = new Set(rows.map(({ org_id }) => org_id))
  for (const organisation of organisations) {
    await forgetWithAccount(organisation, [tags.members, tags.organisation, tags.tasks, tags.work])
  }
  const removed = rows.map(({ user_id }) => user_id)
  await refreshSessionsOf(removed)
  afterCommit(() => refreshSessionsOf(removed))
}

const owned = `(select org_id from memberships where user_id = $1 and role = 'owner')`
const endKeys = `delete from api_keys where created_by = $1 or org_id in ${owned}`
const endInvitations = `delete from invitations where invited_by = $1 or org_id in ${owned}`
const endMemberships = `with ended as (
    delete from memberships where user_id <> $1 and org_id in ${owned} returning org_id, user_id, role
  ), entries as (
    insert into audit_log (org_id, actor_id, operation, target, before)
    select org_id, $1, 'account.prove', 'member ' || user_id, jsonb_build_object('role', role) from ended
  ) select org_id, user_id from ended`
