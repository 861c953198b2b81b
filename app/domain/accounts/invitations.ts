import { Plan, type Role } from '../actor.ts'
import { plans } from '../billing/plans.ts'
import { beginDigests } from '../digests/joined.ts'
import { Problem } from '../errors.ts'
import { notificationTopic } from '../notifications/topic.ts'
import { tokenHash } from '../sessions/token.ts'
import { tags } from '../tags.ts'
import { takeTurnEverywhere } from '../turn.ts'
import { eventTopic, isWanted } from '../webhooks/events.ts'
import { forgetWithAccount } from './forget.ts'
import { proveAddress } from './proof.ts'
import { account, accountTransaction } from './transaction.ts'

export type Invitation = {
  id: string
  organisation: { id: string; name: string }
  email: string
  role: Role
  invitedBy: { id: string; name: string }
}

/** The least role that may invite. */
export const mayInvite = 'admin' satisfies Role

/**
 * What a link leads to, or null when it is used, revoked, expired or made up, or when whoever made it may no longer
 * give what it gives: an invitation carries no more than its maker.
 */
export async function invitationOf(token: string): Promise<Invitation | null> {
  const { rows } = await account().query(
    `select i.id, i.email, i.role, jsonb_build_object('id', o.id, 'name', o.name) as organisation,
       jsonb_build_object('id', u.id, 'name', u.name) as "invitedBy"
     from invitations i
     join organisations o on o.id = i.org_id
     join users u on u.id = i.invited_by
     join memberships m on m.org_id = i.org_id and m.user_id = i.invited_by
     where i.token_hash = $1 and i.expires_at > now() and m.role >= $2::role and m.role >= i.role`,
    [tokenHash(token), mayInvite],
  )
  return rows[0] ?? null
}

/** @throws Problem notFound */
async function invitationByToken(token: string): Promise<Invitation> {
  const invitation = await invitationOf(token)
  if (!invitation) throw new Problem('notFound', 'This invitation is no longer valid. Ask for a new one.')
  return invitation
}

/**
 * The same inside of a transaction, which nobody can take back any more until it ends.
 * @param userId who accepts it, whose own organisations wait as well; null where they have no account yet
 * @throws Problem notFound
 */
export async function invitationInTurn(token: string, userId: string | null): Promise<Invitation> {
  const { organisation } = await invitationByToken(token)
  await takeTurnEverywhere(userId, organisation.id)
  return invitationByToken(token)
}

/**
 * Makes somebody who is signed in a member of the organisation that invited them. The link is good once.
 * Who holds the link reads the mail of its address, which proves it.
 * @param session the token of the session that accepts it, see `proveAddress`
 * @returns the organisation's id, to switch the session to
 * @throws Problem notFound, forbidden when the invitation went to another address, beyondPlan
 */
export async function acceptInvitation(
  userId: string,
  token: string,
  session: string,
): Promise<{ organisationId: string }> {
  return accountTransaction(null, async () => {
    const invitation = await invitationInTurn(token, userId)
    const { rows } = await account().query('select email from users where id = $1', [userId])
    if (rows[0]?.email.toLowerCase() !== invitation.email.toLowerCase()) {
      throw new Problem(
        'forbidden',
        `This invitation was sent to ${invitation.email}; sign in with that address.`,
      )
    }
    await proveAddress(userId, session)
    await join(userId, invitation, tokenHash(token))
    return { organisationId: invitation.organisation.id }
  })
}

/** The plan may have become smaller since the invitation was made, which held a place until then. */
async function mustFit(organisation: string): Promise<void> {
  type Row = { plan: string; members: number; isReadOnly: boolean }
  const { rows } = await account().query<Row>(
    `select plan::text, (select count(*) from memberships where org_id = o.id)::int as members,
       coalesce(read_only_at <= now(), false) as "isReadOnly"
     from organisations o where id = $1`,
    [organisation],
  )
  const [{ plan, members, isReadOnly }] = rows as [Row]
  if (isReadOnly)
    throw new Problem('readOnly', 'The organisation takes nobody in until it has paid an invoice.')
  if (members > (plans[Plan.parse(plan)].limits.members ?? Number.POSITIVE_INFINITY)) {
    throw new Problem(
      'beyondPlan',
      'The organisation has as many members as its plan allows. Ask who invited you to change the plan.',
    )
  }
}

/** Uses the invitation up, as part of the transaction that runs. Who is a member already stays what they are. */
export async function join(userId: string, invitation: Invitation, hash: string): Promise<void> {
  const { organisation, role, invitedBy } = invitation
  const { rowCount } = await account().query('delete from invitations where token_hash = $1', [hash])
  if (rowCount === 0) throw new Problem('notFound', 'This invitation is no longer valid. Ask for a new one.')
  const joined = await account().query(
    'insert into memberships (org_id, user_id, role) values ($1, $2, $3) on conflict do nothing',
    [organisation.id, userId, role],
  )
  if (joined.rowCount) {
    await mustFit(organisation.id)
    await beginDigests(organisation.id, userId)
  }
  await account().query(
    `insert into audit_log (org_id, actor_id, operation, target, before, after)
     values ($1, $2, 'invitation.accept', $3, null, $4)`,
    [organisation.id, userId, `member ${userId}`, JSON.stringify({ role })],
  )
  await forgetWithAccount(organisation.id, [tags.members, tags.organisation])
  await account().query(tellOfJoining, [
    organisation.id,
    JSON.stringify({ userId: invitedBy.id, kind: 'joined', actorId: userId }),
    JSON.stringify({
      type: 'member.joined',
      timestamp: new Date().toISOString(),
      data: { actorId: userId, member: { id: userId, role } },
    }),
    (joined.rowCount ?? 0) > 0,
  ])
}

const tellOfJoining = `
  insert into outbox (org_id, topic, payload)
  select $1::uuid, '${notificationTopic}', $2::jsonb
  union all
  select $1::uuid, '${eventTopic}', $3::jsonb where $4::boolean and ${isWanted('$1::uuid', "'member.joined'")}`
