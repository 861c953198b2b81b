import type Stripe from 'stripe'
import { isSame, type Terms, termsOfSeats } from './terms.ts'

/** Phases name their prices by id: what those are the prices of stands in the prices. */
export const expandedPhases = ['phases.items.price']

type Schedule = Stripe.SubscriptionSchedule
type Phase = Stripe.SubscriptionSchedule.Phase
type PhaseItem = Stripe.SubscriptionSchedule.Phase.Item
type PhaseParams = Stripe.SubscriptionScheduleUpdateParams.Phase
type ItemParams = Stripe.SubscriptionScheduleUpdateParams.Phase.Item
type PhaseDiscount = Phase['discounts'][number] | PhaseItem['discounts'][number]
type NamedDiscount = Stripe.SubscriptionScheduleUpdateParams.Phase.Discount

/** What a schedule does next. */
export type Ahead = {
  /** Null where they are those of now. */
  terms: Terms | null
  /** Seconds since 1970. */
  at: number
  seats: number
}

/** @param schedule with its prices, see `expandedPhases` @returns null where nothing of ours is ahead */
export function aheadOf({ current_phase: now, phases }: Schedule, current: Terms): Ahead | null {
  const next = now && phases.find(({ start_date }) => start_date >= now.end_date)
  const item = next?.items.find(termsOfItem)
  const terms = item && termsOfItem(item)
  if (!next || !item || !terms) return null
  return {
    terms: isSame(terms, current) ? null : terms,
    at: next.start_date,
    seats: item.quantity ?? 0,
  }
}

/** @param item with its price @returns null for any that is not of seats of ours */
const termsOfItem = ({ price }: PhaseItem): Terms | null =>
  typeof price === 'object' && 'lookup_key' in price ? termsOfSeats(price) : null

type Wanted = {
  subscription: Stripe.Subscription
  schedule: Schedule | null
  /** Seconds since 1970: of the period that runs, and so of its terms. */
  periodEnd: number
  /** The line of its seats. */
  item: Stripe.SubscriptionItem
  metered: { item: string }[]
  /** Of ours, from the period's end on. What somebody else has put beside them goes on. */
  items: ItemParams[]
}

/**
 * Another price from the end of the period on. What is there already, discounts and tax among it, is said again for
 * both phases: a phase that does not say it has it no more. Sent twice it is as once, so it has no key at Stripe: by
 * one, what somebody took back meanwhile would be answered as done.
 * https://docs.stripe.com/billing/subscriptions/subscription-schedules
 */
export async function scheduleChange(
  client: Stripe,
  { subscription, schedule, periodEnd, item, metered, items }: Wanted,
): Promise<void> {
  const attached =
    schedule ?? (await client.subscriptionSchedules.create({ from_subscription: subscription.id }))
  const running = phasesFromNow(attached)[0]
  if (!running) throw new Error(`schedule ${attached.id} has no phase that runs`)
  const kept = keptOf(subscription)
  const ours = new Set([item.id, ...metered.map((each) => each.item)])
  const others = subscription.items.data.filter(({ id }) => !ours.has(id))
  // The last phase of an earlier change would end a day after its beginning.
  const end_date = schedule ? periodEnd : running.end_date
  const now = { start_date: running.start_date, end_date, items: itemsOf(running) }
  await client.subscriptionSchedules.update(attached.id, {
    end_behavior: 'release',
    proration_behavior: 'none',
    phases: [
      { ...kept, ...now, proration_behavior: 'none' },
      // It lets go of the subscription a day after the change: there is nothing more to do.
      {
        ...kept,
        duration: { interval: 'day', interval_count: 1 },
        items: [...items, ...others.map((each) => itemAgain(each))],
        // What was used until then is billed by the price that it was used at: Stripe forgives it by `none`. Of seats
        // nothing is left to prorate as the period ends.
        proration_behavior: 'create_prorations',
      },
    ],
  })
}

/** The subscription goes on as it is, with nothing ahead. Twice is as once. */
export async function releaseSchedule(client: Stripe, { id, status }: Schedule): Promise<void> {
  if (status !== 'active' && status !== 'not_started') return
  await client.subscriptionSchedules.release(id)
}

/**
 * Changes the seats of a subscription that a schedule manages, and no other line of it: by the schedule, since its
 * phases would take back what is changed beside them.
 * @param seats now, and from the next phase on
 */
export async function scheduleSeats(
  client: Stripe,
  id: string,
  seats: { now: number; next: number; isMore: boolean },
  key: string,
): Promise<void> {
  const schedule = await client.subscriptionSchedules.retrieve(id, { expand: expandedPhases })
  const phases = phasesFromNow(schedule).map(
    (phase, place): PhaseParams => ({
      ...again(phase),
      items: itemsOf(phase, place === 0 ? seats.now : seats.next),
    }),
  )
  await client.subscriptionSchedules.update(
    id,
    { phases, proration_behavior: seats.isMore ? 'create_prorations' : 'none' },
    { idempotencyKey: key },
  )
}

/** The running phase and those after it: past ones may be left out. */
const phasesFromNow = ({ current_phase: now, phases }: Schedule): Phase[] =>
  phases.filter(({ start_date }) => start_date >= (now?.start_date ?? 0))

/** @param seats of the line of seats; those that it has where it is not said */
function itemsOf({ items }: Phase, seats?: number): ItemParams[] {
  const line = items.find(termsOfItem)
  return items.map((item) => itemAgain(item, item === line ? seats : undefined))
}

/** A line as it is, said again: what of it is not said is lost. */
function itemAgain(
  { price, quantity, discounts, tax_rates }: PhaseItem | Stripe.SubscriptionItem,
  seats = quantity,
): ItemParams {
  const named = discountsAgain(discounts)
  return {
    price: typeof price === 'string' ? price : price.id,
    // What is metered has none.
    ...(seats === undefined ? {} : { quantity: seats }),
    ...(named.length > 0 ? { discounts: named } : {}),
    ...(tax_rates?.length ? { tax_rates: tax_rates.map(({ id }) => id) } : {}),
  }
}

/** By their ids, so that a discount goes on where it is and does not begin anew. */
const discountsAgain = (discounts: (PhaseDiscount | Stripe.Discount | string)[]): NamedDiscount[] =>
  discounts.flatMap((each): NamedDiscount[] => {
    if (typeof each === 'string') return [{ discount: each }]
    if ('id' in each) return [{ discount: each.id }]
    const { discount, coupon, promotion_code: code } = each
    if (discount) return [{ discount: typeof discount === 'string' ? discount : discount.id }]
    if (code) return [{ promotion_code: typeof code === 'string' ? code : code.id }]
    return coupon ? [{ coupon: typeof coupon === 'string' ? coupon : coupon.id }] : []
  })

function keptOf({ discounts, automatic_tax: { enabled } }: Stripe.Subscription) {
  const named = discountsAgain(discounts)
  return {
    automatic_tax: { enabled },
    ...(named.length > 0 ? { discounts: named } : {}),
  } satisfies Partial<PhaseParams>
}

/** A phase as it is, said again. */
function again({ start_date, end_date, discounts, automatic_tax, proration_behavior }: Phase) {
  const named = discountsAgain(discounts)
  return {
    start_date,
    end_date,
    proration_behavior,
    ...(automatic_tax ? { automatic_tax: { enabled: automatic_tax.enabled } } : {}),
    ...(named.length > 0 ? { discounts: named } : {}),
  } satisfies Partial<PhaseParams>
}
