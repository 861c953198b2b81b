import type Stripe from 'stripe'
import { priceOf } from './catalogue.ts'
import { type Interval, metered, type PaidPlan, paidPlans } from './plans.ts'
import type { Subscription } from './reading.ts'

/** What somebody subscribes to: the seats of a plan, and what of it is metered. */
export async function itemsOf(
  stripe: Stripe,
  { plan, interval, seats }: { plan: PaidPlan; interval: Interval; seats: number },
): Promise<{ price: string; quantity?: number }[]> {
  const { id } = await priceOf(stripe, plan, interval)
  const used = await Promise.all(metered.map((kind) => priceOf(stripe, plan, interval, kind)))
  return [{ price: id, quantity: seats }, ...used.map((price) => ({ price: price.id }))]
}

/**
 * What has to be changed of a subscription's items for what is metered to be that of a plan: a change of the plan sends
 * it with the new price of the seats. Who has it at an earlier price goes on paying that.
 */
export async function meteredChanges(
  stripe: Stripe,
  subscription: Pick<Subscription, 'metered'>,
  { plan, interval }: { plan: PaidPlan; interval: Interval },
): Promise<Stripe.SubscriptionUpdateParams.Item[]> {
  const changes: Stripe.SubscriptionUpdateParams.Item[] = []
  for (const kind of metered) {
    const had = subscription.metered.find((each) => each.kind === kind)
    if (had?.plan === plan && had.interval === interval) continue
    const { id: price } = await priceOf(stripe, plan, interval, kind)
    changes.push(had ? { id: had.item, price } : { price })
  }
  return changes
}

/**
 * Sees to it that a subscription meters what its plan does: one that was begun before, or whose plan was changed
 * elsewhere, gets its items.
 * @param key names this change for Stripe: sent twice it happens once
 * @returns whether anything was changed
 */
export async function adjustMetered(
  stripe: Stripe,
  subscription: Subscription,
  key: string,
): Promise<boolean> {
  const plan = paidPlans.find((each) => each === subscription.plan)
  if (plan === undefined) return false
  const items = await meteredChanges(stripe, subscription, { plan, interval: subscription.interval })
  if (items.length === 0) return false
  await stripe.subscriptions.update(
    subscription.id,
    { items, proration_behavior: 'none' },
    { idempotencyKey: key },
  )
  return true
}
