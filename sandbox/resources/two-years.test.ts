import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { customerWith, seatPrice, startedSandbox } from '../testing/started.ts'

const day = 86_400
const start = Date.parse('2027-01-31T08:30:15Z') / 1_000

/** What is used from a time on; the plan is one of two prices. */
type Use = { seats: number; plan: 0 | 1 }
type Change = Use & { at: number }

/** Two years of months that begin on the 31st, or on the last day. */
const months = Array.from({ length: 25 }, (_, n) => {
  const last = new Date(Date.UTC(2027, n + 1, 0)).getUTCDate()
  return Date.UTC(2027, n, Math.min(31, last), 8, 30, 15) / 1_000
})

type Prorate = (amount: number, left: number, whole: number) => number

const bySeconds: Prorate = (amount, left, whole) => {
  const [cents, rest] = [Math.floor((amount * left) / whole), (amount * left) % whole]
  return rest * 2 >= whole ? cents + 1 : cents
}
/** A wrong one, to see that the test notices. */
const byDays: Prorate = (amount, left, whole) =>
  Math.round((amount * Math.round(left / day)) / Math.round(whole / day))

/** What two years cost, reckoned without the sandbox: each month ahead, and each change for what is left of its month. */
function reckoned(
  prices: [number, number],
  first: Use,
  changes: readonly Change[],
  prorate: Prorate,
): number {
  let [use, total] = [first, 0]
  for (const [n, begin] of months.slice(0, 24).entries()) {
    const end = months[n + 1] ?? begin
    let billed = { amount: prices[use.plan] * use.seats, from: begin }
    total += billed.amount
    for (const { at, ...next } of changes.filter((change) => change.at >= begin && change.at < end)) {
      if (next.seats === use.seats && next.plan === use.plan) continue
      total -= prorate(billed.amount, end - at, end - billed.from)
      const amount = prorate(prices[next.plan] * next.seats, end - at, end - begin)
      total += amount
      billed = { amount, from: at }
      use = next
    }
  }
  return total
}

describe('two years of changing seats and plans', () => {
  const started = startedSandbox({ start })
  const price = fc.integer({ min: 100, max: 9_999 })
  const use = { seats: fc.integer({ min: 1, max: 50 }), plan: fc.constantFrom<0 | 1>(0, 1) }
  const at = fc.integer({ min: start + 60, max: (months[24] ?? start) - 2 * day })
  const plans = fc.record({
    prices: fc.tuple(price, price),
    first: fc.record(use),
    changes: fc.array(fc.record({ at, ...use }), { maxLength: 30 }),
  })

  /** Plays a plan on a test clock of its own. @returns what all invoices come to */
  async function played(amounts: [number, number], first: Use, changes: readonly Change[]): Promise<number> {
    const { stripe, running } = started
    const { id: clock } = await stripe.testHelpers.testClocks.create({ frozen_time: start })
    const advance = (to: number) => running.sandbox.advance(running.sandbox.testClock(clock), to)
    const customer = await customerWith(stripe, 'pm_card_visa', { test_clock: clock })
    const prices = [await seatPrice(stripe, amounts[0]), await seatPrice(stripe, amounts[1])] as const
    const { id, items } = await stripe.subscriptions.create({
      customer,
      items: [{ price: prices[first.plan], quantity: first.seats }],
    })
    const item = items.data[0]?.id ?? ''
    for (const change of changes) {
      advance(change.at)
      await stripe.subscriptions.update(id, {
        items: [{ id: item, price: prices[change.plan], quantity: change.seats }],
        proration_behavior: change.at % 2 === 0 ? 'always_invoice' : 'create_prorations',
      })
    }
    // What waits still comes with the invoice that begins the third year, whose own month is not asked for.
    advance((months[24] ?? start) + 2 * 3_600)
    let total = 0
    for await (const invoice of stripe.invoices.list({ customer, limit: 100 })) total += invoice.total
    const { data } = await stripe.invoices.list({ customer, limit: 1 })
    for await (const { amount, parent } of stripe.invoices.listLineItems(data[0]?.id ?? '', { limit: 100 })) {
      if (parent?.type === 'subscription_item_details') total -= amount
    }
    return total
  }

  const agrees = (prorate: Prorate) =>
    fc.asyncProperty(plans, async ({ prices, first, changes }) => {
      const sorted = [...new Map(changes.map((change) => [change.at, change])).values()].sort(
        (a, b) => a.at - b.at,
      )
      expect(await played(prices, first, sorted)).toBe(reckoned(prices, first, sorted, prorate))
    })

  it('come to what an independent reckoning says, to the cent', { timeout: 120_000 }, async () => {
    await fc.assert(agrees(bySeconds), { numRuns: 25 })
  })

  it('do not come to what a reckoning by days says', { timeout: 60_000 }, async () => {
    await expect(fc.assert(agrees(byDays), { numRuns: 25 })).rejects.toThrow()
  })
})
