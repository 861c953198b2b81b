import type Stripe from 'stripe'
import { isLive, type Subscription } from './reading.ts'
import { scheduleSeats } from './schedule.ts'

/**
 * A subscription is paid for ahead, so it has fewer seats from its next period on: they are taken back in its last
 * hours. Longer than a day, so that the nightly sweep comes once in it.
 */
const lastHours = 26

/** How many seats a subscription should have now. @param now by the clock that its periods go by */
export function seatsFor(
  { status, seats, period_end }: Pick<Subscription, 'status' | 'seats' | 'period_end'>,
  members: number,
  now: Date,
): number {
  if (!isLive({ status }) || members === seats) return seats
  if (members > seats || status === 'trialing') return members
  const left = Date.parse(period_end) - now.getTime()
  return left <= lastHours * 3_600_000 ? members : seats
}

/** Whether there are other seats at Stripe than there should be; by a schedule, now or from the next period on. */
export function areSeatsDue(subscription: Subscription, members: number, now: Date): boolean {
  const { seats, schedule } = subscription
  if (schedule?.ahead) return members > seats || schedule.ahead.seats !== members
  return seatsFor(subscription, members, now) !== seats
}

/**
 * Makes the seats of a subscription follow the members: more at once, for the rest of the period in proportion; fewer
 * at its end, with nothing given back.
 * @param to.key names this change for Stripe: sent twice it happens once
 * @returns whether anything was changed
 */
export async function adjustSeats(
  stripe: Stripe,
  subscription: Subscription,
  { members, now, key }: { members: number; now: Date; key: string },
): Promise<boolean> {
  if (!areSeatsDue(subscription, members, now)) return false
  const { schedule } = subscription
  if (schedule?.ahead) return adjustScheduled(stripe, subscription, schedule.id, { members, key })
  const seats = seatsFor(subscription, members, now)
  if (schedule) {
    const isMore = seats > subscription.seats
    await scheduleSeats(stripe, schedule.id, { now: seats, next: seats, isMore }, key)
    return true
  }
  await stripe.subscriptions.update(
    subscription.id,
    {
      items: [{ id: subscription.item, quantity: seats }],
      proration_behavior: seats > subscription.seats ? 'create_prorations' : 'none',
    },
    { idempotencyKey: key },
  )
  return true
}

/** A schedule says already how many there are from the next period on, so that nothing waits for the last hours. */
async function adjustScheduled(
  stripe: Stripe,
  { seats }: Subscription,
  schedule: string,
  { members, key }: { members: number; key: string },
): Promise<boolean> {
  const isMore = members > seats
  await scheduleSeats(stripe, schedule, { now: isMore ? members : seats, next: members, isMore }, key)
  return true
}
