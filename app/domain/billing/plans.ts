import type { Plan } from '../actor.ts'

/**
 * What of an organisation a plan counts as it is there, by the name that an operation's `needs` gives it; `storage` in
 * bytes. How it is counted stands in entitlements.ts; it is shown wherever limits are.
 */
export const counted = ['projects', 'members', 'storage'] as const
export type Counted = (typeof counted)[number]

/** What is used up in a month of UTC, and begins anew with the next. */
export const metered = ['requests'] as const
export type Metered = (typeof metered)[number]

/** What a plan limits otherwise: rows that an export of the organisation holds. */
const measured = ['exportRows'] as const
export type Limited = Counted | (typeof measured)[number]

/** What a plan has or has not. */
const features = ['auditLog', 'webhooks'] as const
export type Feature = (typeof features)[number]

/** So much a month is in the plan. What is used beyond it is paid for by the thousand, or refused where that is null. */
type Allowance = {
  included: number
  /** What a thousand more cost, without tax, in minor units of `currency`. */
  perThousand: number | null
}

export type PlanTerms = {
  name: string
  /** What one seat costs, without tax, in minor units of `currency`; null for a plan that costs nothing. */
  seat: Record<Interval, number> | null
  /** Of each at most so many; null for as many as one likes. */
  limits: Record<Limited, number | null>
  monthly: Record<Metered, Allowance>
  features: Record<Feature, boolean>
  /** So many days of the audit log can be read. */
  auditDays: number
}

export const currency = 'eur'

export const intervals = ['month', 'year'] as const
export type Interval = (typeof intervals)[number]

export const paidPlans = ['team', 'business'] as const satisfies Plan[]
export type PaidPlan = (typeof paidPlans)[number]

const gib = 1024 ** 3

/**
 * The plans, from the smallest to the largest: what each costs and allows. The pricing page, the refusals and what is
 * enforced are made from it.
 */
export const plans: Record<Plan, PlanTerms> = {
  free: {
    name: 'Free',
    seat: null,
    limits: { projects: 5, members: 15, storage: gib, exportRows: 10_000 },
    monthly: { requests: { included: 10_000, perThousand: null } },
    features: { auditLog: false, webhooks: false },
    auditDays: 0,
  },
  team: {
    name: 'Team',
    seat: { month: 8_00, year: 80_00 },
    limits: { projects: 50, members: 250, storage: 100 * gib, exportRows: 250_000 },
    monthly: { requests: { included: 250_000, perThousand: 50 } },
    features: { auditLog: true, webhooks: true },
    auditDays: 90,
  },
  business: {
    name: 'Business',
    seat: { month: 15_00, year: 150_00 },
    limits: { projects: null, members: null, storage: 1024 * gib, exportRows: null },
    monthly: { requests: { included: 2_000_000, perThousand: 30 } },
    features: { auditLog: true, webhooks: true },
    auditDays: 400,
  },
}

export const isFeature = (need: Limited | Metered | Feature): need is Feature =>
  (features as readonly string[]).includes(need)

export const isMetered = (need: Limited | Metered | Feature): need is Metered =>
  (metered as readonly string[]).includes(need)

/** At most so much of something; null for as much as one likes. What is paid for beyond what is included has no limit. */
export function limitOf(plan: Plan, need: Limited | Metered): number | null {
  const { limits, monthly } = plans[plan]
  if (!isMetered(need)) return limits[need]
  return monthly[need].perThousand === null ? monthly[need].included : null
}

/** What a plan allows of something: so many, as many as one likes (infinity), or for a feature 1 or 0. */
const allowance = (plan: Plan, need: Limited | Metered | Feature): number =>
  isFeature(need) ? Number(plans[plan].features[need]) : (limitOf(plan, need) ?? Number.POSITIVE_INFINITY)

/** The smallest plan above this one that allows more of it; null where none does. */
export function liftedBy(plan: Plan, need: Limited | Metered | Feature): Plan | null {
  const order = Object.keys(plans) as Plan[]
  const above = order.slice(order.indexOf(plan) + 1)
  return above.find((other) => allowance(other, need) > allowance(plan, need)) ?? null
}
