import type Stripe from 'stripe'
import type { Actor } from '../actor.ts'
import { atStripe } from './customer.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { type Standing, standingOf } from './standing.ts'

/**
 * Changes an organisation's subscription, from how it stands at Stripe once it is this one's turn.
 * @throws Problem conflict where there is no subscription, or somebody else is at it; unavailable while Stripe is away
 */
export const changing = <T>(
  actor: Pick<Actor, 'orgId'>,
  change: (client: Stripe, standing: Standing) => Promise<T>,
): Promise<T> =>
  atStripe((client) => oneAtATime(actor, async () => change(client, await standingOf(client, actor))))
