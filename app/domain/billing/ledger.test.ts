import { describe, expect, it } from 'vitest'
import { planOf } from './converge.ts'
import { earlierCauses, type LedgerEntry, ledgerOf } from './ledger.ts'
import type { Invoice, Reading, Subscription } from './reading.ts'

const [now, later, muchLater, last] = [
  '2026-03-01T00:00:00.000Z',
  '2026-03-05T00:00:00.000Z',
  '2026-04-05T00:00:00.000Z',
  '2026-04-06T00:00:00.000Z',
]

const invoice = (more: Partial<Invoice>): Invoice => ({
  id: 'in_1',
  subscription_id: 'sub_1',
  number: 'WL-1',
  status: 'open',
  currency: 'eur',
  total: 1190,
  tax: 190,
  amount_due: 1190,
  amount_paid: 0,
  attempts: 1,
  next_attempt_at: null,
  period_start: now,
  period_end: muchLater,
  finalized_at: now,
  paid_at: null,
  voided_at: null,
  written_off_at: null,
  failed_at: null,
  overdue_since: null,
  hosted_url: null,
  pdf_url: null,
  created_at: now,
  needs_confirmation: false,
  was_pending: false,
  ...more,
})
const reading = (more: Partial<Reading>): Reading => ({
  subscriptions: [],
  invoices: [],
  payments: [],
  refunds: [],
  disputes: [],
  former: [],
  ...more,
})
const payment = (amount: number, paid_at = later) => ({
  id: `pi_${amount}`,
  invoice_id: 'in_1',
  currency: 'eur',
  amount,
  paid_at,
})
const refund = (status: string) => ({
  id: 're_1',
  payment_id: 'pi_1190',
  currency: 'eur',
  amount: 500,
  status,
  created_at: muchLater,
})
const dispute = (status: string) => ({
  id: 'du_1',
  payment_id: 'pi_1190',
  currency: 'eur',
  amount: 1190,
  status,
  created_at: muchLater,
})

const sumsOf = (entries: LedgerEntry[]) => {
  const sums: Record<string, number> = {}
  for (const { account, amount } of entries) sums[account] = (sums[account] ?? 0) + amount
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0))
}

describe('the ledger', () => {
  it.each<[string, Reading, Record<string, number>]>([
    ['a draft is no bill', reading({ invoices: [invoice({ finalized_at: null })] }), {}],
    [
      'a bill is owed, and earned without its tax',
      reading({ invoices: [invoice({})] }),
      { receivable: 1190, revenue: -1000, tax: -190 },
    ],
    [
      'a payment is no longer owed',
      reading({ invoices: [invoice({ paid_at: later })], payments: [payment(1190)] }),
      { cash: 1190, revenue: -1000, tax: -190 },
    ],
    [
      'what the customer’s balance pays is not owed',
      reading({ invoices: [invoice({ amount_due: 890 })] }),
      { receivable: 890, 'customer balance': 300, revenue: -1000, tax: -190 },
    ],
    [
      'a bill below zero goes to the customer’s balance',
      reading({ invoices: [invoice({ total: -595, tax: -95, amount_due: 0 })] }),
      { 'customer balance': -595, revenue: 500, tax: 95 },
    ],
    ['a bill that is void was never one', reading({ invoices: [invoice({ voided_at: later })] }), {}],
    [
      'what is written off is lost, but for what was paid of it',
      reading({ invoices: [invoice({ written_off_at: muchLater })], payments: [payment(190)] }),
      { cash: 190, 'written off': 1000, revenue: -1000, tax: -190 },
    ],
    [
      'what is paid after it was written off was not lost',
      reading({
        invoices: [invoice({ written_off_at: later, paid_at: muchLater })],
        payments: [payment(1190, muchLater)],
      }),
      { cash: 1190, revenue: -1000, tax: -190 },
    ],
    [
      'what is void after it was written off was never one',
      reading({ invoices: [invoice({ written_off_at: later, voided_at: muchLater })] }),
      {},
    ],
    [
      'a refund that came back gave nothing back',
      reading({ invoices: [invoice({})], payments: [payment(1190)], refunds: [refund('failed')] }),
      { cash: 1190, revenue: -1000, tax: -190 },
    ],
    [
      'a refund gives back what was earned',
      reading({ invoices: [invoice({})], payments: [payment(1190)], refunds: [refund('succeeded')] }),
      { cash: 690, revenue: -500, tax: -190 },
    ],
    [
      'a refund that has not come through is none',
      reading({ invoices: [invoice({})], payments: [payment(1190)], refunds: [refund('pending')] }),
      { cash: 1190, revenue: -1000, tax: -190 },
    ],
    ...['needs_response', 'under_review', 'lost'].map((status): [string, Reading, Record<string, number>] => [
      `a dispute that is ${status} is lost, with its tax`,
      reading({ invoices: [invoice({})], payments: [payment(1190)], disputes: [dispute(status)] }),
      { 'written off': 1190, revenue: -1000, tax: -190 },
    ]),
    ...['won', 'warning_needs_response', 'warning_closed', 'prevented'].map(
      (status): [string, Reading, Record<string, number>] => [
        `a dispute that is ${status} has cost nothing`,
        reading({ invoices: [invoice({})], payments: [payment(1190)], disputes: [dispute(status)] }),
        { cash: 1190, revenue: -1000, tax: -190 },
      ],
    ),
  ])('%s', (_, of, expected) => {
    const entries = ledgerOf(of)
    expect(sumsOf(entries)).toEqual(expected)
    const byCause = Map.groupBy(entries, ({ cause }) => cause)
    for (const [cause, sides] of byCause)
      expect([cause, sides.reduce((sum, { amount }) => sum + amount, 0)]).toEqual([cause, 0])
  })

  const open = invoice({})
  const given = { invoices: [open], payments: [payment(1190)] }
  it.each<[string, Reading[]]>([
    [
      'a write-off and what is paid after it',
      [
        reading({ invoices: [open] }),
        reading({ invoices: [open], payments: [payment(190)] }),
        reading({ invoices: [{ ...open, written_off_at: muchLater }], payments: [payment(190)] }),
        reading({
          invoices: [{ ...open, written_off_at: muchLater, paid_at: last }],
          payments: [payment(190), payment(1000, last)],
        }),
      ],
    ],
    [
      'a payment after a write-off in the same second',
      [
        reading({ invoices: [{ ...open, written_off_at: later }] }),
        reading({ invoices: [{ ...open, written_off_at: later }], payments: [payment(190)] }),
      ],
    ],
    [
      'a payment before a write-off in the same second',
      [
        reading({ invoices: [open], payments: [payment(190)] }),
        reading({ invoices: [{ ...open, written_off_at: later }], payments: [payment(190)] }),
      ],
    ],
    [
      'a refund that comes back',
      [
        reading({ ...given, refunds: [refund('succeeded')] }),
        reading({ ...given, refunds: [refund('failed')] }),
      ],
    ],
    [
      'a dispute that was an inquiry, and is won',
      ['warning_under_review', 'needs_response', 'under_review', 'won'].map((status) =>
        reading({ ...given, disputes: [dispute(status)] }),
      ),
    ],
  ])('only grows: what was booked before is booked the same after %s', (_, steps) => {
    for (const [index, step] of steps.entries()) {
      const before = index === 0 ? [] : ledgerOf(steps[index - 1] as Reading)
      expect(ledgerOf(step)).toEqual(expect.arrayContaining(before))
    }
  })
})

describe('the ledger of a database from before losses were booked as a whole', () => {
  const of = (cause: string, sides: Partial<Record<LedgerEntry['account'], number>>): LedgerEntry[] =>
    Object.entries(sides).map(([account, amount]) => ({
      cause,
      account: account as LedgerEntry['account'],
      currency: 'eur',
      amount,
      at: later,
    }))
  const finalized = of('invoice in_1 finalized', { receivable: 1190, revenue: -1000, tax: -190 })
  const paid = (amount: number) => of(`payment pi_${amount} of in_1`, { cash: amount, receivable: -amount })
  const lost = of('invoice in_1 written off', { 'written off': 1000, receivable: -1000 })
  const lostWhole = of('invoice in_1 written off', { 'written off': 1190, receivable: -1190 })

  /** What is in the books after a reading is written: causes that are there stay as they are. */
  const after = (there: LedgerEntry[], next: Reading): LedgerEntry[] => {
    const causes = new Set(there.map(({ cause }) => cause))
    const booked = there.filter(({ cause }) => earlierCauses(next).includes(cause))
    return [...there, ...ledgerOf(next, booked).filter(({ cause }) => !causes.has(cause))]
  }

  it.each<[string, LedgerEntry[], Reading, Record<string, number>]>([
    [
      'takes no payment back that was never lost',
      [...finalized, ...paid(190), ...lost],
      reading({ invoices: [invoice({ written_off_at: muchLater })], payments: [payment(190)] }),
      { cash: 190, 'written off': 1000, revenue: -1000, tax: -190 },
    ],
    [
      'takes back what is paid from now on',
      [...finalized, ...paid(190), ...lost],
      reading({
        invoices: [invoice({ written_off_at: muchLater, paid_at: last })],
        payments: [payment(190), payment(1000, last)],
      }),
      { cash: 1190, revenue: -1000, tax: -190 },
    ],
    [
      'takes nothing back twice',
      [
        ...[...finalized, ...lostWhole, ...paid(1190)],
        ...of('invoice in_1 recovered', { receivable: 1190, 'written off': -1190 }),
      ],
      reading({
        invoices: [invoice({ written_off_at: muchLater, paid_at: last })],
        payments: [payment(1190, last)],
      }),
      { cash: 1190, revenue: -1000, tax: -190 },
    ],
    [
      'has nothing of what is void after it was written off',
      [
        ...[...finalized, ...lostWhole],
        ...of('invoice in_1 voided', { receivable: -1190, revenue: 1000, tax: 190 }),
      ],
      reading({ invoices: [invoice({ written_off_at: muchLater, voided_at: last })] }),
      {},
    ],
  ])('%s', (_, there, next, expected) => {
    const once = after(there, next)
    expect(sumsOf(once)).toEqual(expected)
    for (const [cause, sides] of Map.groupBy(once, (entry) => entry.cause))
      expect([cause, sides.reduce((sum, { amount }) => sum + amount, 0)]).toEqual([cause, 0])
    expect(after(once, next)).toEqual(once)
  })
})

describe('what follows for the plan', () => {
  const subscription = (more: Partial<Subscription>): Subscription => ({
    id: 'sub_1',
    item: 'si_1',
    metered: [],
    has_pending_update: false,
    status: 'active',
    plan: 'team',
    interval: 'month',
    seats: 1,
    currency: 'eur',
    seat_amount: 800,
    period_start: now,
    period_end: muchLater,
    trial_end: null,
    cancel_at: null,
    schedule: null,
    scheduled_plan: null,
    scheduled_interval: null,
    scheduled_at: null,
    ended_at: null,
    paid_at: now,
    created_at: now,
    ...more,
  })
  const free = { plan: 'free', readOnlyAt: null }
  const team = { plan: 'team', readOnlyAt: null }

  it.each([
    ['trialing', team],
    ['active', team],
    ['past_due', team],
    ['unpaid', team],
    ['incomplete', free],
    ['incomplete_expired', free],
    ['canceled', free],
    ['paused', free],
  ] as const)('of a subscription that is %s', (status, expected) => {
    expect(planOf(reading({ subscriptions: [subscription({ status })] }))).toEqual(expected)
  })

  it('is that of the first of several that go on', () => {
    const subscriptions = [
      subscription({ id: 'sub_1', plan: 'business', status: 'canceled' }),
      subscription({ id: 'sub_3', plan: 'business', created_at: later }),
      subscription({ id: 'sub_2', plan: 'team' }),
    ]
    expect(planOf(reading({ subscriptions }))).toMatchObject({ plan: 'team' })
  })

  it('is read only fourteen days after the first bill that is overdue, of this subscription', () => {
    const invoices = [
      invoice({ id: 'in_2', overdue_since: muchLater }),
      invoice({ id: 'in_1', overdue_since: later }),
      invoice({ id: 'in_0', overdue_since: now, subscription_id: 'sub_0' }),
    ]
    const subscriptions = [subscription({ status: 'past_due' })]
    expect(planOf(reading({ subscriptions, invoices }))).toEqual({
      plan: 'team',
      readOnlyAt: '2026-03-19T00:00:00.000Z',
    })
  })
})
