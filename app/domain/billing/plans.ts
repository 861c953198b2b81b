import type { Plan } from '../actor.ts'

/** What a plan counts, by the name that an operation's `needs` gives it; `storage` in bytes. */
export const counted = ['projects', 'members', 'storage'] as const
export type Counted = (typeof counted)[number]

/** What a plan has or has not. */
export const features = ['auditLog'] as const
export type Feature = (typeof features)[number]

export type PlanTerms = {
  name: string
  /** What one seat costs, without tax, in minor units of `currency`; null for a plan that costs nothing. */
  seat: Record<Interval, number> | null
  /** Of each at most so many; null for as many as one likes. */
  limits: Record<Counted, number | null>
  features: Record<Feature, boolean>
  /** So many days of the audit log can be read. */
  auditDays: number
}

export const currency = 'eur'

export const intervals = ['month', 'year'] as const
export type Interval = (typeof intervals)[number]

export const paidPlans = ['team', 'business'] as const satisfies Plan[]
export type PaidPlan = (typeof paidPlans)[number]

const gibibyte = 1024 ** 3

/**
 * The plans, from the smallest to the largest: what each costs and allows. The pricing page, the refusals and what is
 * enforced are made from it.
 */
export const plans: Record<Plan, PlanTerms> = {
  free: {
    name: 'Free',
    seat: null,
    limits: { projects: 5, members: 15, storage: 1 * gibibyte },
    features: { auditLog: false },
    auditDays: 0,
  },
  team: {
    name: 'Team',
    seat: { month: 8_00, year: 80_00 },
    limits: { projects: 50, members: 250, storage: 100 * gibibyte },
    features: { auditLog: true },
    auditDays: 90,
  },
  business: {
    name: 'Business',
    seat: { month: 15_00, year: 150_00 },
    limits: { projects: null, members: null, storage: 1024 * gibibyte },
    features: { auditLog: true },
    auditDays: 400,
  },
}

export const isFeature = (need: Counted | Feature): need is Feature =>
  (features as readonly string[]).includes(need)

/** What a plan allows of something: so many, as many as one likes (null), or for a feature 1 or 0. */
const allowance = (plan: Plan, need: Counted | Feature): number => {
  const { limits, features } = plans[plan]
  return isFeature(need) ? Number(features[need]) : (limits[need] ?? Number.POSITIVE_INFINITY)
}

/** The smallest plan above this one that allows more of it; null where none does. */
export function liftedBy(plan: Plan, need: Counted | Feature): Plan | null {
  const order = Object.keys(plans) as Plan[]
  const above = order.slice(order.indexOf(plan) + 1)
  return above.find((other) => allowance(other, need) > allowance(plan, need)) ?? null
}
