import type { Metadata, Period, Seconds } from '../core/objects/base.ts'
import type { Price } from '../core/objects/catalog.ts'
import type { Subscription, SubscriptionItem } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, notOffered } from '../http/errors.ts'
import { periodEnd } from './calendar.ts'
import { createPrice, type PriceParams } from './catalog.ts'
import { merged } from './metadata.ts'
import { isMetered, periodOf } from './proration.ts'

export type ItemParams = {
  id?: string
  price?: string
  price_data?: PriceParams
  quantity?: number
  metadata?: Metadata | ''
  deleted?: boolean
  clear_usage?: boolean
}

/** All items of a subscription run through the same period: the sandbox has no mixed intervals. */
export function currentPeriod({ items }: Subscription): Period {
  const [item] = items.data
  if (!item) throw new Error('a subscription has an item')
  return periodOf(item)
}

export function priceOf(sandbox: Sandbox, item: ItemParams, param: string): Price {
  if (item.price_data) return createPrice(sandbox, item.price_data)
  if (item.price === undefined)
    throw invalid(`Missing required param: ${param}[price].`, `${param}[price]`, 'parameter_missing')
  const price = sandbox.get('price', item.price, `${param}[price]`)
  if (!price.active) throw invalid(`The price specified is inactive: ${price.id}.`, `${param}[price]`)
  if (!price.recurring)
    throw invalid(
      'The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.',
      `${param}[price]`,
    )
  return price
}

export function newItem(
  sandbox: Sandbox,
  subscription: string,
  item: ItemParams,
  price: Price,
  period: Period,
): SubscriptionItem {
  if (isMetered(price) && item.quantity !== undefined)
    throw invalid('Quantity cannot be set for metered prices.', 'quantity')
  return {
    id: sandbox.ids.next('si'),
    object: 'subscription_item',
    billing_thresholds: null,
    created: sandbox.clock.now,
    current_trial: null,
    current_period_end: period.end,
    current_period_start: period.start,
    discounts: [],
    metadata: merged({}, item.metadata),
    price,
    ...(isMetered(price) ? {} : { quantity: item.quantity ?? 1 }),
    subscription,
    tax_rates: [],
  } as SubscriptionItem
}

export const itemList = (subscription: string, items: SubscriptionItem[]): Subscription['items'] => ({
  object: 'list',
  data: items,
  has_more: false,
  url: `/v1/subscription_items?subscription=${subscription}`,
})

/** When a period that begins now ends, of prices that all have the same interval. */
export function endOf(prices: readonly Price[], anchor: Seconds, start: Seconds): Seconds {
  const [first, ...others] = prices.map(({ recurring }) => recurring)
  if (!first) throw new Error('a subscription has recurring prices')
  if (others.some((one) => one?.interval !== first.interval || one.interval_count !== first.interval_count))
    throw notOffered('prices of different intervals on one subscription', 'items')
  return periodEnd(anchor, start, first.interval, first.interval_count)
}

export function commonCurrency(prices: readonly Price[]): string {
  const currencies = new Set(prices.map(({ currency }) => currency))
  if (currencies.size > 1) throw invalid('All prices on a subscription must have the same currency.', 'items')
  return prices[0]?.currency ?? 'usd'
}
