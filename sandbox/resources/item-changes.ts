import type { Seconds } from '../core/objects/base.ts'
import type { Price } from '../core/objects/catalog.ts'
import type { Subscription, SubscriptionItem } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, missingParameter } from '../http/errors.ts'
import { merged } from './metadata.ts'
import { isMetered, prorateChange } from './proration.ts'
import { currentPeriod, type ItemParams, newItem, priceOf } from './subscription-items.ts'

/** What differs between a subscription's items before and after. */
type ItemChange = { before?: SubscriptionItem; after?: SubscriptionItem }

export function itemChanges(
  sandbox: Sandbox,
  subscription: Subscription,
  params: readonly ItemParams[],
): ItemChange[] {
  const { data } = subscription.items
  const byId = new Map(params.flatMap((item) => (item.id === undefined ? [] : [[item.id, item] as const])))
  for (const [place, { id }] of params.entries()) {
    if (id !== undefined && !data.some((item) => item.id === id))
      throw missingParameter('subscription item', id, `items[${place}][id]`)
  }
  const changed = data.map((before): ItemChange => {
    const item = byId.get(before.id)
    if (!item) return { before, after: before }
    if (item.deleted) return { before }
    const isOther = item.price !== undefined || item.price_data !== undefined
    const price = isOther ? priceOf(sandbox, item, 'items[0]') : before.price
    const quantity = item.quantity ?? before.quantity ?? 1
    const { quantity: _none, ...rest } = before
    const after = { ...rest, metadata: merged(before.metadata, item.metadata), price }
    return { before, after: isMetered(price) ? after : { ...after, quantity } }
  })
  const added = params
    .filter(({ id }) => id === undefined)
    .map((item): ItemChange => {
      const price = priceOf(sandbox, item, 'items[0]')
      if (data.some((one) => one.price.id === price.id))
        throw invalid(`Cannot add multiple subscription items with the same plan: ${price.id}`, 'items')
      return { after: newItem(sandbox, subscription.id, item, price, currentPeriod(subscription)) }
    })
  return [...changed, ...added]
}

/** @param startsAnew then the time ahead is billed as a whole period, and only what is left is given back here */
export function prorateItem(
  sandbox: Sandbox,
  subscription: Subscription,
  { before, after }: ItemChange,
  at: Seconds,
  startsAnew: boolean,
): void {
  const stateOf = (item: SubscriptionItem) => ({ price: item.price, quantity: item.quantity, item })
  const isSame = before && after && before.price.id === after.price.id && before.quantity === after.quantity
  if (isSame && !startsAnew) return
  prorateChange(sandbox, subscription, {
    at,
    ...(before ? { before: stateOf(before) } : {}),
    ...(after && !startsAnew ? { after: stateOf(after) } : {}),
  })
}

export function hasOtherInterval(subscription: Subscription, items: readonly SubscriptionItem[]): boolean {
  const intervalOf = (price: Price | undefined) =>
    `${price?.recurring?.interval_count} ${price?.recurring?.interval}`
  const before = intervalOf(subscription.items.data[0]?.price)
  return items.some(({ price }) => intervalOf(price) !== before)
}
