import { createLog } from '@worklane/data/log.ts'
import type { Actor } from '../actor.ts'
import { Effects } from '../effects.ts'
import { Problem } from '../errors.ts'
import { work } from '../runtime.ts'
import { billingSyncTopic } from './intake.ts'

/** Longer than all that a change asks Stripe, each with its time-out; whoever took longer is taken for dead. */
const turnSeconds = 150

let log: ReturnType<typeof createLog> | undefined

/** What Stripe has done is done, and answered as such, whatever becomes of our own rows. */
function told(error: unknown, what: string): void {
  log ??= createLog('domain')
  log.error({ err: error }, what)
}

/**
 * Changes of an organisation's subscription go one at a time: who comes second decides by what the first has left. No
 * lock is held while Stripe is asked: the turn is a time in a row, which ends by itself.
 * @throws Problem conflict where somebody else is at it, or there is no customer
 */
export async function oneAtATime<T>(actor: Pick<Actor, 'orgId'>, change: () => Promise<T>): Promise<T> {
  const [turn] = await work(actor).transaction(
    (tx) => tx.$queryRaw<{ until: string }[]>`
      update billing_customers set changing_until = clock_timestamp() + make_interval(secs => ${turnSeconds}::int)
      where org_id = (select current_org_id()) and coalesce(changing_until < clock_timestamp(), true)
      returning changing_until::text as until`,
  )
  if (!turn) throw await whyNot(actor)
  try {
    return await change()
  } finally {
    await work(actor)
      .transaction(
        (tx) => tx.$executeRaw`
          update billing_customers set changing_until = null
          where org_id = (select current_org_id()) and changing_until = ${turn.until}::timestamptz`,
      )
      .catch((error: unknown) => told(error, 'the turn of a change of a subscription ends by itself'))
  }
}

async function whyNot(actor: Pick<Actor, 'orgId'>): Promise<Problem> {
  const [customer] = await work(actor).read(
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
  await work(actor)
    .transaction((tx) =>
      effects.write((text, values) => tx.$queryRawUnsafe(text, ...values), actor, operation),
    )
    .catch((error: unknown) =>
      told(error, `${operation} of ${target} by ${actor.userId} is made at Stripe, and not in the audit log`),
    )
}
