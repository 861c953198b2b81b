/** What Stripe's users set in its dashboard; the sandbox takes it from the control address. */
export type Settings = {
  /** Days after each failed payment until the next one; after the last, `afterRetries`. */
  retryDays: number[]
  /** What becomes of a subscription that nobody paid for. */
  afterRetries: 'canceled' | 'past_due' | 'unpaid'
  /** Days before a renewal at which `invoice.upcoming` comes. */
  upcomingDays: number
  /** Stripe lets a subscription's quantity change 200 times an hour; null for no limit. */
  quantityChangesAnHour: number | null
  /** Whether automatic tax adds what the table says (resources/tax.ts). */
  taxes: boolean
}

/** Stripe's custom retries as its dashboard offers them: https://docs.stripe.com/billing/revenue-recovery/smart-retries. */
export const defaultSettings: Settings = {
  retryDays: [3, 5, 7],
  afterRetries: 'unpaid',
  upcomingDays: 7,
  quantityChangesAnHour: null,
  taxes: true,
}
