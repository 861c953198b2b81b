import { account } from './accounts/transaction.ts'
import { type Actor, Role } from './actor.ts'
import type { RunStatement } from './effects.ts'
import { notFound, Problem } from './errors.ts'
import type { AnyOperation } from './operation.ts'
import { authorise } from './permission.ts'

// Not FOR UPDATE: rows that refer to the organisation may be added meanwhile.
const lock = 'select id from organisations where id = $1::uuid for no key update'
const stateNow = 'credential_state($1::uuid, $2::uuid, $3::uuid)'
// A statement of its own: one that waits for a lock has read everything else before it waited.
const roleNow = `select ${stateNow} as state,
  (select role::text from memberships where org_id = $4::uuid and user_id = $1::uuid) as role`

/**
 * Waits for what the operation locks, as part of the transaction that runs, and looks once more whether the actor
 * may do it: their session or key may have ended since it was resolved, their role changed.
 * Order of locks: organisations by id, the person, their session or key, then everything else.
 * @returns the actor with the role that they have now
 * @throws Problem notFound, forbidden, unauthenticated
 */
export async function takeTurn(run: RunStatement, operation: AnyOperation, actor: Actor): Promise<Actor> {
  if (operation.locks === 'organisation') return takeTurnAtOwn(run, operation, actor)
  if (operation.locks === 'own organisations') await takeTurnEverywhere(actor.userId)
  if (operation.writes === 'account' || operation.needsProof) {
    const [row] = (await run(`select ${stateNow} as state`, credentialOf(actor))) as { state: string }[]
    refuseEnded(operation, row?.state)
  }
  return actor
}

async function takeTurnAtOwn(run: RunStatement, operation: AnyOperation, actor: Actor): Promise<Actor> {
  const found = (await run(lock, [actor.orgId])) as unknown[]
  if (found.length === 0) throw notFound('organisation')
  const rows = (await run(roleNow, [...credentialOf(actor), actor.orgId])) as Now[]
  const [{ role, state }] = rows as [Now]
  if (role === null) throw new Problem('forbidden', 'You are no longer a member of this organisation.')
  refuseEnded(operation, state)
  const now = { ...actor, role: Role.parse(role) }
  authorise(operation, now)
  return now
}

type Now = { role: string | null; state: string }
const credentialOf = ({ userId, sessionId, key }: Actor) => [userId, sessionId, key?.id ?? null]

/** @param state what `credential_state` says: `gone`, `unproved` or `proved` */
function refuseEnded({ name, needsProof }: AnyOperation, state: string | undefined): void {
  if (state !== 'proved' && state !== 'unproved') {
    throw new Problem('unauthenticated', 'Your session or key has ended meanwhile. Sign in again.')
  }
  if (needsProof && state === 'unproved') {
    throw new Problem(
      'forbidden',
      `${name} needs a proof of your e-mail address: open the link that was mailed to you, in this browser.`,
    )
  }
}

/**
 * Waits for every organisation that the person belongs to, and for others by their ids, in an account's own
 * transaction. All at once: who took them one after another could meet another in a deadlock.
 * @param userId null for who has no account yet
 */
export async function takeTurnEverywhere(userId: string | null, ...organisations: string[]): Promise<void> {
  await account().query(
    `select id from organisations
     where id in (select org_id from memberships where user_id = $1) or id = any($2::uuid[])
     order by id for no key update`,
    [userId, organisations],
  )
}
