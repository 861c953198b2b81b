import { describe, expect, it } from 'vitest'
import { causesOf, nextLook } from './dunning-causes.ts'
import type { Invoice, Reading, Subscription } from './reading.ts'

const at = (text: string) => new Date(`2026-03-${text}Z`)
const begun = at('01T10:00:00').toISOString()

const subscription = (more: Partial<Subscription> = {}): Subscription => ({
  id: 'sub_1',
  item: 'si_1',
  metered: [],
  has_pending_update: false,
  schedule: null,
  plan: 'team',
  interval: 'month',
  seats: 1,
  currency: 'eur',
  status: 'past_due',
  seat_amount: 800,
  period_start: begun,
  period_end: begun,
  trial_end: null,
  cancel_at: null,
  ended_at: null,
  paid_at: begun,
  created_at: begun,
  scheduled_plan: null,
  scheduled_interval: null,
  scheduled_at: null,
  ...more,
})
const invoice = (more: Partial<Invoice> = {}): Invoice => ({
  id: 'in_1',
  subscription_id: 'sub_1',
  number: 'WL-1',
  status: 'open',
  currency: 'eur',
  tax: 0,
  total: 800,
  amount_due: 800,
  amount_paid: 0,
  attempts: 1,
  failed_at: begun,
  overdue_since: begun,
  next_attempt_at: at('04T10:00:00').toISOString(),
  period_start: begun,
  period_end: begun,
  finalized_at: begun,
  paid_at: null,
  voided_at: null,
  written_off_at: null,
  hosted_url: null,
  pdf_url: null,
  needs_confirmation: false,
  was_pending: false,
  created_at: begun,
  ...more,
})
const reading = (more: Partial<Reading> = {}): Reading => ({
  subscriptions: [subscription()],
  invoices: [invoice()],
  payments: [],
  refunds: [],
  disputes: [],
  former: [],
  ...more,
})
const kindsOf = (read: Reading, now: Date) =>
  causesOf(read, now).map(({ kind, about, attempt }) => `${kind} ${about} ${attempt}`)

describe('what is written of a customer', () => {
  it('is each try that failed, by its number', () => {
    expect(kindsOf(reading(), at('01T11:00:00'))).toEqual(['payment failed in_1 1'])
    const third = reading({ invoices: [invoice({ attempts: 3 })] })
    expect(kindsOf(third, at('08T11:00:00'))).toEqual(['payment failed in_1 3'])
  })

  it('is that a payment has to be confirmed, where the bank wants that', () => {
    const confirmed = reading({ invoices: [invoice({ needs_confirmation: true })] })
    expect(kindsOf(confirmed, at('01T11:00:00'))).toEqual(['confirmation needed in_1 1'])
  })

  it('is three days before it becomes read only, and then that it is', () => {
    const failed = 'payment failed in_1 1'
    expect(kindsOf(reading(), at('12T09:59:59'))).toEqual([failed])
    expect(kindsOf(reading(), at('12T10:00:00'))).toEqual([failed, 'read only soon in_1 0'])
    expect(kindsOf(reading(), at('15T09:59:59'))).toEqual([failed, 'read only soon in_1 0'])
    expect(kindsOf(reading(), at('15T10:00:00'))).toEqual([failed, 'read only in_1 0'])
  })

  it('goes by the oldest of several invoices, and says whether more is owed', () => {
    const older = invoice({ id: 'in_0', overdue_since: at('01T09:00:00').toISOString() })
    const two = reading({ invoices: [invoice(), older] })
    expect(kindsOf(two, at('15T09:30:00'))).toContain('read only in_0 0')
    const paid = invoice({ id: 'in_0', status: 'paid', overdue_since: null, paid_at: begun })
    expect(causesOf(reading({ invoices: [paid, invoice()] }), at('02T10:00:00'))).toContainEqual(
      expect.objectContaining({ kind: 'paid', about: 'in_0', owesMore: true, hasEnded: false }),
    )
  })

  it('is what was paid, and whether the subscription had ended by then', () => {
    const paid = invoice({ status: 'paid', overdue_since: null, paid_at: begun })
    const after = (more: Partial<Reading>) =>
      causesOf(reading({ invoices: [paid], subscriptions: [], ...more }), at('02T10:00:00'))
    const ended = [subscription({ status: 'canceled' })]
    const former = [{ id: 'sub_1', status: 'active' as const }]
    expect(after({ subscriptions: ended })).toMatchObject([{ kind: 'paid', hasEnded: true }])
    expect(after({ former })).toMatchObject([{ kind: 'paid', hasEnded: false }])
  })

  it('is the end of a trial, unless somebody has cancelled it', () => {
    const trial = (more: Partial<Subscription> = {}) =>
      reading({
        invoices: [],
        subscriptions: [
          subscription({ status: 'trialing', trial_end: at('20T10:00:00').toISOString(), ...more }),
        ],
      })
    expect(kindsOf(trial(), at('17T09:59:59'))).toEqual([])
    expect(kindsOf(trial(), at('17T10:00:00'))).toEqual(['trial ends sub_1 0'])
    expect(kindsOf(trial({ cancel_at: at('20T10:00:00').toISOString() }), at('18T10:00:00'))).toEqual([])
    expect(kindsOf(trial(), at('20T10:00:00'))).toEqual([])
  })

  it('is nothing of a subscription that never began, or is none of ours', () => {
    for (const status of ['incomplete', 'incomplete_expired'] as const)
      expect(kindsOf(reading({ subscriptions: [subscription({ status })] }), at('16T10:00:00'))).toEqual([])
    expect(kindsOf(reading({ subscriptions: [] }), at('16T10:00:00'))).toEqual([])
  })

  it('is the same of a subscription that has ended: what was had is owed', () => {
    for (const status of ['canceled', 'paused'] as const) {
      const ended = reading({ subscriptions: [subscription({ status })] })
      expect(kindsOf(ended, at('13T10:00:00'))).toEqual(['payment failed in_1 1', 'read only soon in_1 0'])
      expect(kindsOf(ended, at('16T10:00:00'))).toEqual(['payment failed in_1 1', 'read only in_1 0'])
      expect(nextLook(ended, at('13T10:00:00'))).toEqual(at('15T10:00:00'))
    }
  })
})

describe('the time at which to look again', () => {
  it('is each of those at which Stripe tells nothing, in turn', () => {
    const look = (now: string) => nextLook(reading(), at(now))?.toISOString() ?? null
    expect(look('01T11:00:00')).toBe(at('12T10:00:00').toISOString())
    expect(look('12T10:00:00')).toBe(at('15T10:00:00').toISOString())
    expect(look('15T10:00:00')).toBeNull()
  })
})
