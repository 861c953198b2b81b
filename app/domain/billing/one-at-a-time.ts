import { createLog } from '@worklane/data/log.ts'
import type { Actor } from '../actor.ts'
import { Effects } from '../effects.ts'
import { Problem } from '../errors.ts'
import { tenantDb } from '../runtime.ts'
import { billingSyncTopic } from './intake.ts'

/** Longer than all that a change asks Stripe, each with its time-out; whoever took longer is taken for dead. */
const turnSeconds = 240

let log: ReturnType<typeof createLog> | undefined

/** What Stripe has done is done, and answered as such, whatever becomes of our own rows. */
export function told(error: unknown, what: string): void {
  log ??= createLog('domain')
  log.error({ err: error }, what)
}

/**
 * Changes of an organisation's subscription go one at a time: who comes second decides by what the first has left. No
 * lock is held while Stripe is asked: the turn is a time in a row, which ends by itself.
 * @param change is told how many changes Stripe has answered: by that a try differs from the one before it
 * @throws Problem conflict where somebody else is at it, or there is no customer
 */
export async function oneAtATime<T>(
  actor: Pick<Actor, 'orgId'>,
  change: (answered: string) => Promise<T>,
): Promise<T> {
  const [turn] = await tenantDb(actor).transaction(
    (tx) => tx.$queryRaw<{ until: string; answered: string }[]>`
      update billing_customers set changing_until = clock_timestamp() + make_interval(secs => ${turnSeconds}::int)
      where org_id = (select current_org_id()) and coalesce(changing_until < clock_timestamp(), true)
      returning changing_until::text as until, changes_answered::text as answered`,
  )
  if (!turn) throw await whyNot(actor)
  let isMade = false
  try {
    const made = await change(turn.answered)
    isMade = true
    return made
  } finally {
    await endTurn(actor, turn.until, isMade).catch((error: unknown) =>
      told(error, 'the turn of a change of a subscription ends by itself'),
    )
  }
}

/** A turn that is over in the past, and not null, has the customer looked at: see `lookAtDue` of the worker. */
const endTurn = (actor: Pick<Actor, 'orgId'>, until: string, isMade: boolean) =>
  tenantDb(actor).transaction(
    (tx) => tx.$executeRaw`
      update billing_customers
      set changing_until = case when let_go is not null and not ${isMade}::boolean then clock_timestamp() end
      where org_id = (select current_org_id()) and changing_until = ${until}::timestamptz`,
  )

/** Stripe has said what came of a change: the next try is another one, which it does not answer from memory. */
export async function answered(actor: Pick<Actor, 'orgId'>): Promise<void> {
  await tenantDb(actor)
    .transaction(
      (tx) => tx.$executeRaw`
        update billing_customers set changes_answered = changes_answered + 1
        where org_id = (select current_org_id())`,
    )
    .catch((error: unknown) => told(error, 'the next try of a change gets the answer of this one once more'))
}

async function whyNot(actor: Pick<Actor, 'orgId'>): Promise<Problem> {
  const [customer] = await tenantDb(actor).read(
    (db) => db.$queryRaw<object[]>`select from billing_customers where org_id = (select current_org_id())`,
  )
  return customer
    ? new Problem('conflict', 'Somebody is changing the subscription right now. Look again in a moment.')
    : new Problem('conflict', 'Your organisation has no subscription: choose a plan and begin one first.')
}

/**
 * Once Stripe has taken a change: who made it, and that our tables are to follow it at once. Where that cannot be
 * written the change is made all the same: it is told in the log, and Stripe's own event has our tables follow.
 */
export async function noted(
  actor: Actor,
  operation: string,
  target: string,
  before: unknown,
  after: unknown,
): Promise<void> {
  const effects = new Effects()
  effects.audit.push({ target, before, after })
  effects.outbox.push({ orgId: actor.orgId, topic: billingSyncTopic, payload: {} })
  await tenantDb(actor)
    .transaction((tx) =>
      effects.write((text, values) => tx.$queryRawUnsafe(text, ...values), actor, operation),
    )
    .catch((error: unknown) =>
      told(error, `${operation} of ${target} by ${actor.userId} is made at Stripe, and not in the audit log`),
    )
}
