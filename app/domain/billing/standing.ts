import type Stripe from 'stripe'
import type { Actor } from '../actor.ts'
import { Problem } from '../errors.ts'
import { tenantDb } from '../runtime.ts'
import { customerOf } from './customer.ts'
import { byBeginning, isLive, linesOf, type Subscription } from './reading.ts'
import { aheadOf, expandedPhases } from './schedule.ts'
import type { Terms } from './terms.ts'

/** How an organisation's subscription stands at Stripe at this moment: what a change goes out from. */
export type Standing = {
  subscription: Stripe.Subscription
  /** The line of its seats. */
  item: Stripe.SubscriptionItem
  metered: Subscription['metered']
  seats: number
  terms: Terms
  isTrial: boolean
  /** Seconds since 1970, by Stripe's clock, as all its times. */
  periodEnd: number
  schedule: Stripe.SubscriptionSchedule | null
  /** What the schedule brings, where that is another plan or interval. */
  scheduled: Terms | null
}

/**
 * @throws Problem conflict where there is no subscription
 * @throws Stripe's errors
 */
export async function standingOf(client: Stripe, actor: Pick<Actor, 'orgId'>): Promise<Standing> {
  const standing = await findStanding(client, actor)
  if (standing) return standing
  if (await isLeftOut(client, actor)) throw leftOut()
  throw new Problem('conflict', 'Your organisation has no subscription: choose a plan and begin one first.')
}

/**
 * @returns null where there is no subscription
 * @throws Stripe's errors
 */
export async function findStanding(client: Stripe, actor: Pick<Actor, 'orgId'>): Promise<Standing | null> {
  const customer = await customerOf(actor)
  if (customer === null) return null
  const { data } = await client.subscriptions.list({ customer, status: 'all', limit: 100 })
  // The first counts, as in a reading: others are cancelled by it, but those of something else.
  const ours = data.filter((each) => isLive(each) && linesOf(each) !== null)
  const subscription = ours.sort((a, b) => byBeginning([a.created, a.id], [b.created, b.id]))[0]
  const lines = subscription && linesOf(subscription)
  if (!lines) return null
  const schedule = await scheduleOf(client, subscription)
  const { item, terms, metered } = lines
  return {
    subscription,
    item,
    metered,
    seats: item.quantity ?? 0,
    terms,
    isTrial: subscription.status === 'trialing',
    periodEnd: item.current_period_end,
    schedule,
    scheduled: schedule && (aheadOf(schedule, terms)?.terms ?? null),
  }
}

/**
 * Whether a subscription goes on that was ours, and has no price of ours any more: none is begun beside it, and nothing
 * of it is changed here.
 * @throws Stripe's errors
 */
export async function isLeftOut(client: Stripe, actor: Pick<Actor, 'orgId'>): Promise<boolean> {
  const customer = await customerOf(actor)
  if (customer === null) return false
  const { data } = await client.subscriptions.list({ customer, status: 'all', limit: 100 })
  const ids = data.filter((each) => isLive(each) && linesOf(each) === null).map(({ id }) => id)
  if (ids.length === 0) return false
  const rows = await tenantDb(actor).read(
    (db) => db.$queryRaw<object[]>`
      select from subscriptions where org_id = (select current_org_id()) and id = any(${ids})`,
  )
  return rows.length > 0
}

/** Of such a one: what can be done. */
export const leftOut = () =>
  new Problem(
    'conflict',
    'Your subscription is by a price that none of our plans has, so it cannot be changed here. Write to our support, or cancel it under Payment.',
  )

async function scheduleOf(client: Stripe, { schedule }: Stripe.Subscription) {
  if (schedule === null) return null
  const id = typeof schedule === 'string' ? schedule : schedule.id
  return client.subscriptionSchedules.retrieve(id, { expand: expandedPhases })
}

/**
 * What stands against another plan: who owes pays first, and who has cancelled resumes first.
 * @throws Problem conflict
 */
export function assertChangeable(
  { subscription: { status, cancel_at } }: Standing,
  { readOnlyAt }: Pick<Actor, 'readOnlyAt'>,
): void {
  if (readOnlyAt !== null || status === 'past_due' || status === 'unpaid')
    throw new Problem('conflict', 'An invoice of your organisation is not paid: pay it first, then change.')
  if (cancel_at !== null)
    throw new Problem('conflict', 'Your subscription is cancelled: resume it first, then change.')
}
