import type Stripe from 'stripe'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { Problem } from '../errors.ts'
import { tenantDb } from '../runtime.ts'
import { passes } from './customer.ts'
import { itemsOf } from './metered-items.ts'
import { noted, oneAtATime, told } from './one-at-a-time.ts'
import { releaseSchedule, scheduleChange } from './schedule.ts'
import { findStanding, type Standing } from './standing.ts'
import { isSame, Terms } from './terms.ts'

type Organisation = Pick<Actor, 'orgId'>

/** A change that was scheduled, and that Stripe was told to let go for another one, which may fail. */
const LetGo = z.object({
  subscription: z.string(),
  /** What the subscription was: as long as it is that, nothing came of the other one. */
  from: Terms,
  scheduled: Terms,
})
type LetGo = z.infer<typeof LetGo>

/** Lets go of the schedule, if there is one, once what it says is kept: whatever fails after it, it can be put back. */
export async function letGo(
  client: Stripe,
  actor: Actor,
  operation: string,
  { subscription, schedule, scheduled, terms }: Standing,
): Promise<void> {
  if (!schedule) return
  if (scheduled) await keep(actor, { subscription: subscription.id, from: terms, scheduled })
  await releaseSchedule(client, schedule)
  await noted(actor, operation, `schedule ${schedule.id}`, { scheduled }, { scheduled: null })
}

/** What takes its place is made. Where that cannot be written, the next reading sees it. */
export async function forgetLetGo(actor: Organisation): Promise<void> {
  await forget(actor).catch((error: unknown) => told(error, 'a reading forgets what was scheduled before'))
}

/** Puts it back as part of a change that failed: where this fails as well, the next reading does it. */
export async function putBackSoon(client: Stripe, actor: Organisation): Promise<void> {
  await putBack(client, actor).catch((error: unknown) =>
    told(error, `what ${actor.orgId} had scheduled is put back by its next reading`),
  )
}

/**
 * As part of a reading: puts back what was let go for a change of which nothing came, unless somebody changes the
 * subscription at this moment.
 * @throws Stripe's errors, while it is away; what it refuses is logged, and keeps nothing else from being read
 */
export async function putBackLeft(client: Stripe, organisation: Organisation): Promise<void> {
  if ((await leftOf(organisation)) === null) return
  const inTurn = () =>
    putBack(client, organisation).catch((error: unknown) => {
      if (passes(error)) throw error
      told(error, `what ${organisation.orgId} had scheduled cannot be put back`)
    })
  await oneAtATime(organisation, inTurn).catch((error: unknown) => {
    if (!(error instanceof Problem && error.kind === 'conflict')) throw error
  })
}

/** In the turn of whoever calls. */
async function putBack(client: Stripe, organisation: Organisation): Promise<void> {
  const left = await leftOf(organisation)
  if (left === null) return
  const standing = await findStanding(client, organisation)
  if (standing === null || isOver(standing, left.letGo)) return forget(organisation)
  // Whether the holder of the card confirms the other one is not known yet.
  if (standing.subscription.pending_update) return
  const { scheduled, subscription } = left.letGo
  // From the next period on, as in any change to less.
  const items = await itemsOf(client, { ...scheduled, seats: left.members })
  await scheduleChange(client, { ...standing, items })
  const [before, after] = [JSON.stringify({ scheduled: null }), JSON.stringify({ scheduled })]
  await tenantDb(organisation).transaction(
    (tx) => tx.$executeRaw`
      with forgotten as (
        update billing_customers set let_go = null where org_id = (select current_org_id()) returning org_id
      )
      insert into audit_log (org_id, operation, target, before, after)
      select org_id, 'billing.converge', ${`subscription ${subscription}`}, ${before}::jsonb, ${after}::jsonb
      from forgotten`,
  )
}

/** Whether the other change was made, or somebody has decided otherwise since. */
const isOver = ({ subscription: { id, cancel_at }, terms, scheduled }: Standing, letGo: LetGo): boolean =>
  id !== letGo.subscription || cancel_at !== null || scheduled !== null || !isSame(terms, letGo.from)

async function leftOf(organisation: Organisation): Promise<{ letGo: LetGo; members: number } | null> {
  const [row] = await tenantDb(organisation).read(
    (db) => db.$queryRaw<{ letGo: unknown; members: number }[]>`
      select let_go as "letGo", (select count(*)::int from memberships m where m.org_id = c.org_id) as members
      from billing_customers c where org_id = (select current_org_id()) and let_go is not null`,
  )
  return row ? { letGo: LetGo.parse(row.letGo), members: row.members } : null
}

const keep = (actor: Organisation, letGo: LetGo) =>
  tenantDb(actor).transaction(
    (tx) => tx.$executeRaw`
      update billing_customers set let_go = ${JSON.stringify(letGo)}::jsonb
      where org_id = (select current_org_id())`,
  )

/** Somebody does not want it any more. */
export async function forget(organisation: Organisation): Promise<void> {
  await tenantDb(organisation).transaction(
    (tx) => tx.$executeRaw`
      update billing_customers set let_go = null
      where org_id = (select current_org_id()) and let_go is not null`,
  )
}
