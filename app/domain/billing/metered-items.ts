import type Stripe from 'stripe'
import { priceOf } from './catalogue.ts'
import { metered } from './plans.ts'
import type { Subscription } from './reading.ts'
import { isSame, type Terms } from './terms.ts'

/** What somebody subscribes to: the seats of a plan, and what of it is metered. */
export async function itemsOf(
  stripe: Stripe,
  { plan, interval, seats }: Terms & { seats: number },
): Promise<{ price: string; quantity?: number }[]> {
  const { id } = await priceOf(stripe, plan, interval)
  const used = await Promise.all(metered.map((kind) => priceOf(stripe, plan, interval, kind)))
  return [{ price: id, quantity: seats }, ...used.map((price) => ({ price: price.id }))]
}

/** What has to be changed of a subscription's items for it to be so many seats of a plan, with what of it is metered. */
export async function itemChanges(
  stripe: Stripe,
  { item, metered }: { item: string; metered: Subscription['metered'] },
  { price, seats, ...terms }: Terms & { price: string; seats: number },
): Promise<Stripe.SubscriptionUpdateParams.Item[]> {
  return [{ id: item, price, quantity: seats }, ...(await meteredChanges(stripe, { metered }, terms))]
}

/**
 * What has to be changed of a subscription's items for what is metered to be that of a plan: a change of the plan sends
 * it with the new price of the seats. Who has it at an earlier price goes on paying that. Of several lines of a kind one
 * stays, that of the plan where there is one.
 */
async function meteredChanges(
  stripe: Stripe,
  subscription: Pick<Subscription, 'metered'>,
  { plan, interval }: Terms,
): Promise<Stripe.SubscriptionUpdateParams.Item[]> {
  const changes: Stripe.SubscriptionUpdateParams.Item[] = []
  for (const kind of metered) {
    const had = subscription.metered.filter((each) => each.kind === kind)
    const matching = had.find((each) => isSame(each, { plan, interval }))
    const kept = matching ?? had[0]
    if (!matching) {
      const { id: price } = await priceOf(stripe, plan, interval, kind)
      changes.push(kept ? { id: kept.item, price } : { price })
    }
    const others = had.filter((each) => each !== kept)
    changes.push(...others.map(({ item }) => ({ id: item, deleted: true as const })))
  }
  return changes
}

/** Whether a subscription has other lines of what is metered than its plan does, one of each kind. */
export function isMeteredDue(subscription: Subscription): boolean {
  // A schedule says itself what is metered, in each of its phases.
  if (subscription.schedule) return false
  return metered.some((kind) => {
    const had = subscription.metered.filter((each) => each.kind === kind)
    return had.length !== 1 || !had.every((each) => isSame(each, subscription))
  })
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
  if (!isMeteredDue(subscription)) return false
  const items = await meteredChanges(stripe, subscription, subscription)
  if (items.length === 0) return false
  await stripe.subscriptions.update(
    subscription.id,
    // What was used at the price before is billed by it: see decision 043.
    { items, proration_behavior: 'create_prorations' },
    { idempotencyKey: key },
  )
  return true
}
