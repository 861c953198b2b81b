import type { Metadata } from '../core/objects/base.ts'
import type { Subscription, SubscriptionItem } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, missing } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { isWithin, listOf, type PageParams, pageOf, type Range } from '../http/pages.ts'
import { retrieving } from '../http/reads.ts'
import { cancelNow, changeSubscription } from './subscription-changes.ts'
import type { ChangeParams, Proration } from './subscription-fields.ts'
import { itemList } from './subscription-items.ts'
import { renew } from './subscription-life.ts'
import { createSubscription, type SubscriptionParams } from './subscriptions.ts'

const both = [
  'automatic_tax',
  'billing_cycle_anchor',
  'cancel_at',
  'cancel_at_period_end',
  'collection_method',
  'days_until_due',
  'default_payment_method',
  'description',
  'discounts',
  'items',
  'metadata',
  'off_session',
  'payment_behavior',
  'payment_settings',
  'proration_behavior',
  'trial_end',
  'trial_settings',
] as const

type CancelParams = Parameters<typeof cancelNow>[2]

type ItemChange = {
  metadata?: Metadata | ''
  payment_behavior?: SubscriptionParams['payment_behavior']
  price?: string
  proration_behavior?: Proration
  proration_date?: number
  quantity?: number
  subscription?: string
}

export const subscriptionOperations = [
  operation<SubscriptionParams>(
    'POST /v1/subscriptions',
    [...both, 'billing_mode', 'currency', 'customer', 'trial_period_days'],
    createSubscription,
  ),
  operation<ChangeParams>(
    'POST /v1/subscriptions/{subscription_exposed_id}',
    [...both, 'cancellation_details', 'proration_date'],
    (sandbox, params, id = '') => changeSubscription(sandbox, id, params),
  ),
  retrieving('subscription', 'GET /v1/subscriptions/{subscription_exposed_id}'),
  operation<CancelParams>(
    'DELETE /v1/subscriptions/{subscription_exposed_id}',
    ['cancellation_details', 'invoice_now', 'prorate'],
    (sandbox, params, id = '') => cancelNow(sandbox, id, params),
  ),
  operation<{ billing_cycle_anchor?: 'now' | 'unchanged'; proration_behavior?: Proration }>(
    'POST /v1/subscriptions/{subscription}/resume',
    ['billing_cycle_anchor', 'proration_behavior'],
    (sandbox, _params, id = '') => resume(sandbox, id),
  ),
  operation(
    'DELETE /v1/subscriptions/{subscription_exposed_id}/discount',
    [],
    (sandbox, _params, id = '') => {
      const [discount] = sandbox.get('subscription', id).discounts
      if (discount === undefined) throw missing('discount', id)
      const { end: _none, ...removed } = sandbox.get('discount', discount)
      sandbox.emit('customer.discount.deleted', sandbox.get('discount', discount))
      sandbox.change('subscription', id, { discounts: [] })
      return { ...removed, deleted: true }
    },
  ),
  operation<
    PageParams & {
      customer?: string
      price?: string
      status?: string
      created?: Range
      test_clock?: string
      collection_method?: string
    }
  >(
    'GET /v1/subscriptions',
    ['collection_method', 'created', 'customer', 'price', 'status', 'test_clock'],
    (sandbox, params) => subscriptionsOf(sandbox, '/v1/subscriptions', params),
  ),
  operation<ItemChange>(
    'POST /v1/subscription_items',
    [
      'metadata',
      'payment_behavior',
      'price',
      'proration_behavior',
      'proration_date',
      'quantity',
      'subscription',
    ],
    (sandbox, { subscription = '', ...params }) => {
      sandbox.get('subscription', subscription, 'subscription')
      const { data } = changeItems(sandbox, subscription, {}, params).items
      return data.at(-1) as SubscriptionItem
    },
  ),
  operation<ItemChange>(
    'POST /v1/subscription_items/{item}',
    ['metadata', 'payment_behavior', 'price', 'proration_behavior', 'proration_date', 'quantity'],
    (sandbox, params, id = '') => {
      const owner = ownerOf(sandbox, id)
      return changeItems(sandbox, owner.id, { id }, params).items.data.find(
        (item) => item.id === id,
      ) as SubscriptionItem
    },
  ),
  operation<ItemChange>(
    'DELETE /v1/subscription_items/{item}',
    ['payment_behavior', 'proration_behavior', 'proration_date'],
    (sandbox, params, id = '') => {
      changeItems(sandbox, ownerOf(sandbox, id).id, { id, deleted: true }, params)
      return { id, object: 'subscription_item', deleted: true }
    },
  ),
  operation('GET /v1/subscription_items/{item}', [], (sandbox, _params, id = '') => {
    const item = ownerOf(sandbox, id).items.data.find((one) => one.id === id)
    if (!item) throw missing('subscription item', id, 'item')
    return item
  }),
  operation<PageParams & { subscription: string }>(
    'GET /v1/subscription_items',
    ['subscription'],
    (sandbox, params) => {
      const { items } = sandbox.get('subscription', params.subscription, 'subscription')
      return pageOf(items.data, '/v1/subscription_items', params)
    },
  ),
]

/** Canceled ones are listed only when they are asked for. */
export const subscriptionsOf = (
  sandbox: Sandbox,
  url: string,
  params: PageParams & {
    customer?: string
    price?: string
    status?: string
    created?: Range
    test_clock?: string
    collection_method?: string
  },
) =>
  listOf(sandbox, 'subscription', url, params, (row) => {
    const { status = 'live', customer, price, test_clock: clock } = params
    return (
      isWithin(row.created, params.created) &&
      hasStatus(row, status) &&
      (customer === undefined ? row.test_clock === (clock ?? null) : row.customer === customer) &&
      (params.collection_method === undefined || row.collection_method === params.collection_method) &&
      (price === undefined || row.items.data.some((item) => item.price.id === price))
    )
  })

function hasStatus({ status }: Subscription, wanted: string): boolean {
  if (wanted === 'all') return true
  if (wanted === 'live') return status !== 'canceled'
  if (wanted === 'ended') return status === 'canceled' || status === 'incomplete_expired'
  return status === wanted
}

/** A paused subscription starts a new period, and is billed for it. */
function resume(sandbox: Sandbox, id: string): Subscription {
  const subscription = sandbox.get('subscription', id)
  if (subscription.status !== 'paused')
    throw invalid(`Only paused subscriptions can be resumed; this one is ${subscription.status}.`)
  const { now } = sandbox.clockOf(subscription)
  // As if the trial ended now.
  const items = subscription.items.data.map((item) => ({ ...item, current_period_end: now }))
  const ready = sandbox.change(
    'subscription',
    id,
    { billing_cycle_anchor: now, items: itemList(id, items) },
    false,
  )
  renew(sandbox, ready, 'active')
  sandbox.emit('customer.subscription.resumed', sandbox.get('subscription', id))
  return sandbox.get('subscription', id)
}

const changeItems = (
  sandbox: Sandbox,
  subscription: string,
  item: { id?: string; deleted?: boolean },
  { metadata, price, quantity, payment_behavior, proration_behavior, proration_date }: ItemChange,
): Subscription =>
  changeSubscription(sandbox, subscription, {
    items: [
      {
        ...item,
        ...(metadata === undefined ? {} : { metadata }),
        ...(price === undefined ? {} : { price }),
        ...(quantity === undefined ? {} : { quantity }),
      },
    ],
    ...(payment_behavior === undefined ? {} : { payment_behavior }),
    ...(proration_behavior === undefined ? {} : { proration_behavior }),
    ...(proration_date === undefined ? {} : { proration_date }),
  })

function ownerOf(sandbox: Sandbox, item: string): Subscription {
  const owner = sandbox.find('subscription', sandbox.itemOwners.get(item))
  if (!owner) throw missing('subscription_item', item, 'item')
  return owner
}
