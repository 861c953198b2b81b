import { account } from './accounts/transaction.ts'
import { type Actor, Role } from './actor.ts'
import type { RunStatement } from './effects.ts'
import { notFound, Problem } from './errors.ts'
import type { AnyOperation } from './operation.ts'
import { authorise } from './permission.ts'

// Not FOR UPDATE: rows that refer to the organisation may be added meanwhile.
const lock = 'select id from organisations where id = $1::uuid for no key update'
// A statement of its own: one that waits for a lock has read everything else before it waited.
const roleNow = 'select role::text from memberships where org_id = $1::uuid and user_id = $2::uuid'

/**
 * Waits until nobody else changes the members of the actor's organisation, as part of the transaction that runs.
 * Order of locks: organisations by id, then everything else.
 * @returns the actor with the role that they have now
 * @throws Problem notFound, forbidden
 */
export async function takeTurn(run: RunStatement, operation: AnyOperation, actor: Actor): Promise<Actor> {
  const found = (await run(lock, [actor.orgId])) as unknown[]
  if (found.length === 0) throw notFound('organisation')
  const [membership] = (await run(roleNow, [actor.orgId, actor.userId])) as { role: string }[]
  if (!membership) throw new Problem('forbidden', 'You are no longer a member of this organisation.')
  const now = { ...actor, role: Role.parse(membership.role) }
  authorise(operation, now)
  return now
}

/** The same for an account's own transaction: every organisation that the person belongs to. */
export async function takeTurnEverywhere(userId: string): Promise<void> {
  await account().query(
    `select id from organisations where id in (select org_id from memberships where user_id = $1)
     order by id for no key update`,
    [userId],
  )
}

/** The same for one organisation by its id. */
export async function takeTurnAt(organisationId: string): Promise<void> {
  await account().query(lock, [organisationId])
}
