import type Stripe from 'stripe'
import { z } from 'zod'
import { intervals, metered, paidPlans } from './plans.ts'

/** What somebody pays for: a plan, by the month or by the year. */
export const Terms = z.object({ plan: z.enum(paidPlans), interval: z.enum(intervals) })
export type Terms = z.infer<typeof Terms>

/** What a price is the price of: the seats of a plan, or what of it is metered. */
const PriceTerms = Terms.extend({ kind: z.enum(metered).optional() })
export type PriceTerms = z.infer<typeof PriceTerms>

/**
 * It stands in the price's look-up key, such as `team_month` or `team_month_requests`, and once another price has taken
 * that over in its metadata: see catalogue.ts.
 * @returns null for a price of somebody else's, or of a plan that was removed
 */
export function termsOfPrice({
  lookup_key,
  metadata,
}: Pick<Stripe.Price, 'lookup_key'> & { metadata?: Stripe.Metadata }): PriceTerms | null {
  const [plan, interval, kind] = lookup_key?.split('_') ?? [
    ...[metadata?.plan, metadata?.interval, metadata?.kind],
  ]
  return PriceTerms.safeParse({ plan, interval, kind }).data ?? null
}

export const isUsage = ({ recurring }: Pick<Stripe.Price, 'recurring'>): boolean =>
  recurring?.usage_type === 'metered'

/** @returns null for a price that is none of ours, or is of what is metered */
export function termsOfSeats(price: Stripe.Price): Terms | null {
  const terms = isUsage(price) ? null : termsOfPrice(price)
  return terms && terms.kind === undefined ? { plan: terms.plan, interval: terms.interval } : null
}

export const isSame = (one: Terms, other: Terms): boolean =>
  one.plan === other.plan && one.interval === other.interval

/** When a change takes effect: at once, or as the period that is paid for ends. */
export type When = 'now' | 'periodEnd'

/**
 * Whoever takes more has it at once and pays for it at once. Whoever takes less of anything, a smaller plan or months
 * for a year, has what is paid for until it ends: nothing is given back. In a trial nothing is paid for yet.
 * @returns null where nothing would change
 */
export function whenOf(from: Terms, to: Terms, isTrial: boolean): When | null {
  if (isSame(from, to)) return null
  if (isTrial) return 'now'
  const isSmaller = paidPlans.indexOf(to.plan) < paidPlans.indexOf(from.plan)
  const isShorter = from.interval === 'year' && to.interval === 'month'
  return isSmaller || isShorter ? 'periodEnd' : 'now'
}
