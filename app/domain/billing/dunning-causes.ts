import { graceDays } from './grace.ts'
import { currentOf, type Invoice, isBegun, isLive, type Reading } from './reading.ts'

const day = 86_400_000
/** So long before something ends or is taken away it is written about. */
const noticeDays = 3

/** Why something is written; kind, what it is about, and the try name it once and for all. Times are ISO texts. */
export type Cause =
  | { kind: 'payment failed'; about: string; attempt: number; invoice: Invoice; readOnlyAt: string }
  | { kind: 'confirmation needed'; about: string; attempt: number; invoice: Invoice; readOnlyAt: string }
  | { kind: 'read only soon'; about: string; attempt: 0; invoice: Invoice; readOnlyAt: string }
  | { kind: 'read only'; about: string; attempt: 0; invoice: Invoice }
  | { kind: 'paid'; about: string; attempt: 0; invoice: Invoice; owesMore: boolean; hasEnded: boolean }
  | { kind: 'trial ends'; about: string; attempt: 0; endsAt: string }

/**
 * All that there is to write of, as Stripe has it at a moment, whether or not it was written before. Of several tries
 * between two readings the last.
 * @param now by Stripe's clock
 */
export function causesOf(reading: Reading, now: Date): Cause[] {
  const owed = owedBy(reading)
  const readOnlyAt = readOnlyFrom(owed)
  const hasEnded = ![...reading.subscriptions, ...reading.former].some(isLive)
  return [
    ...trialsOf(reading, now),
    ...owed.flatMap((invoice) => failureOf(invoice, readOnlyAt as string)),
    ...readOnlyOf(owed, now),
    ...reading.invoices
      .filter(({ status, attempts, paid_at }) => status === 'paid' && attempts > 0 && paid_at !== null)
      .map((invoice): Cause => {
        const owesMore = owed.length > 0
        return { kind: 'paid', about: invoice.id, attempt: 0, invoice, owesMore, hasEnded }
      }),
  ]
}

/** When there is something to write that Stripe tells nothing of; null for never. */
export function nextLook(reading: Reading, now: Date): Date | null {
  const readOnlyAt = readOnlyFrom(owedBy(reading))
  const trial = trialOf(reading)
  const times = [
    ...(readOnlyAt === null ? [] : [before(readOnlyAt), Date.parse(readOnlyAt)]),
    ...(trial === null ? [] : [before(trial.endsAt)]),
  ].filter((time) => time > now.getTime())
  return times.length === 0 ? null : new Date(Math.min(...times))
}

/** What an organisation has had and not paid for, the oldest first: also of a subscription that has ended since. */
export function owedBy({ subscriptions, former, invoices }: Reading): Invoice[] {
  const begun = new Set([...subscriptions.filter(isBegun), ...former].map(({ id }) => id))
  return invoices
    .filter(({ subscription_id, overdue_since }) => begun.has(subscription_id ?? '') && overdue_since)
    .sort((a, b) => (a.overdue_since as string).localeCompare(b.overdue_since as string))
}

/** From when an organisation is read only, by what it owes; null for nothing. */
export function readOnlyFrom([oldest]: readonly Invoice[]): string | null {
  if (!oldest) return null
  return new Date(Date.parse(oldest.overdue_since as string) + graceDays * day).toISOString()
}

const before = (time: string): number => Date.parse(time) - noticeDays * day

/** What Stripe has given up is tried no more. */
function failureOf(invoice: Invoice, readOnlyAt: string): Cause[] {
  if (invoice.status !== 'open') return []
  const kind = invoice.needs_confirmation ? 'confirmation needed' : 'payment failed'
  return [{ kind, about: invoice.id, attempt: invoice.attempts, invoice, readOnlyAt }]
}

function readOnlyOf(owed: readonly Invoice[], now: Date): Cause[] {
  const [oldest] = owed
  const readOnlyAt = readOnlyFrom(owed)
  if (!oldest || readOnlyAt === null || before(readOnlyAt) > now.getTime()) return []
  const common = { about: oldest.id, attempt: 0, invoice: oldest } as const
  return Date.parse(readOnlyAt) > now.getTime()
    ? [{ kind: 'read only soon', ...common, readOnlyAt }]
    : [{ kind: 'read only', ...common }]
}

/** One that nobody has cancelled: a bill follows it. */
function trialOf(reading: Reading): { about: string; endsAt: string } | null {
  const current = currentOf(reading)
  if (current?.status !== 'trialing' || current.trial_end === null || current.cancel_at !== null) return null
  return { about: current.id, endsAt: current.trial_end }
}

function trialsOf(reading: Reading, now: Date): Cause[] {
  const trial = trialOf(reading)
  if (!trial || before(trial.endsAt) > now.getTime() || Date.parse(trial.endsAt) <= now.getTime()) return []
  return [{ kind: 'trial ends', attempt: 0, ...trial }]
}
