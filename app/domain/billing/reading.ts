import type Stripe from 'stripe'
import { type Dispute, disputesOf } from './disputes.ts'
import type { Interval, PaidPlan } from './plans.ts'
import { type Ahead, aheadOf, expandedPhases } from './schedule.ts'
import { isUsage, type PriceTerms, type Terms, termsOfPrice, termsOfSeats } from './terms.ts'

/** What Stripe says of a customer, as our tables have it. Amounts are in minor units, times are ISO texts. */
export type Reading = {
  subscriptions: Subscription[]
  invoices: Invoice[]
  payments: Payment[]
  refunds: Refund[]
  disputes: Dispute[]
  /** Subscriptions that were ours and are left out now: what was owed of them then stays owed. */
  former: Pick<Subscription, 'id' | 'status'>[]
}

/** A reading, and what Stripe has beside it. */
export type CustomerReading = Omit<Reading, 'former'> & {
  leftOut: LeftOut[]
  /** Ids of renewals' invoices that nobody was asked to pay, since what came before was given up, and that are due again. */
  heldDrafts: string[]
}

/** A subscription without a price of ours for its seats: of something else, or of a plan that was removed. */
type LeftOut = Pick<Subscription, 'id' | 'status' | 'ended_at'>

export type Subscription = {
  id: string
  /** Of the line of its seats, by which they are changed. */
  item: string
  /** That manages it, where there is one, and what it does next. */
  schedule: { id: string; ahead: Ahead | null } | null
  /** Its lines of what is metered, and of which plan each is. */
  metered: (Required<PriceTerms> & { item: string })[]
  /** Whether a change of it waits for its payment to be confirmed. */
  has_pending_update: boolean
  status: Stripe.Subscription.Status
  plan: PaidPlan
  interval: Interval
  seats: number
  currency: string
  seat_amount: number
  period_start: string
  period_end: string
  trial_end: string | null
  cancel_at: string | null
  scheduled_plan: PaidPlan | null
  scheduled_interval: Interval | null
  scheduled_at: string | null
  ended_at: string | null
  paid_at: string | null
  created_at: string
}

export type Invoice = {
  id: string
  subscription_id: string | null
  number: string | null
  status: NonNullable<Stripe.Invoice['status']>
  currency: string
  total: number
  tax: number
  amount_due: number
  amount_paid: number
  attempts: number
  next_attempt_at: string | null
  period_start: string
  period_end: string
  finalized_at: string | null
  paid_at: string | null
  voided_at: string | null
  written_off_at: string | null
  /** When it was first known that it could not be charged; kept while another try is under way. */
  failed_at: string | null
  /** That, while it is owed. */
  overdue_since: string | null
  /** Whether it is, or was, of a change that waits for its payment. */
  was_pending: boolean
  /** Whether its holder has to confirm the payment: no further try helps. */
  needs_confirmation: boolean
  hosted_url: string | null
  pdf_url: string | null
  created_at: string
}

export type Payment = { id: string; invoice_id: string; currency: string; amount: number; paid_at: string }
export type Refund = {
  id: string
  payment_id: string
  currency: string
  amount: number
  status: string
  created_at: string
}

/** Statuses in which an organisation has what its subscription is for; `subscription_goes_on` in the database. */
const live: ReadonlySet<Subscription['status']> = new Set(['trialing', 'active', 'past_due', 'unpaid'])
export const isLive = ({ status }: Pick<Subscription, 'status'>): boolean => live.has(status)

/** Whether the customer has ever had what a subscription is for. */
export const hasBegun = ({ subscriptions }: { subscriptions: Pick<Subscription, 'status'>[] }): boolean =>
  subscriptions.some(isBegun)

/** Whether a subscription was ever had. */
export const isBegun = ({ status }: Pick<Subscription, 'status'>): boolean =>
  status !== 'incomplete' && status !== 'incomplete_expired'

/** The subscription that counts: the first that is live, since others are cancelled. */
export const currentOf = (reading: Pick<Reading, 'subscriptions'>): Subscription | undefined =>
  currentFirst(reading)[0]

/** Those that are live. */
export const currentFirst = ({ subscriptions }: Pick<Reading, 'subscriptions'>): Subscription[] =>
  subscriptions
    .filter(isLive)
    .sort((a, b) => byBeginning([Date.parse(a.created_at), a.id], [Date.parse(b.created_at), b.id]))

/** By time and, of those that began in the same second, by id, so that everybody takes the same for the first. */
export const byBeginning = (one: [at: number, id: string], other: [at: number, id: string]): number =>
  one[0] - other[0] || (one[1] < other[1] ? -1 : 1)

/** As many as Stripe gives at once. */
const page = { limit: 100 } as const

/**
 * Reads all of a customer: every subscription, invoice, payment, refund and dispute there ever was.
 * @throws Stripe's errors
 */
export async function readCustomer(stripe: Stripe, customer: string): Promise<CustomerReading> {
  // Before the invoices: of a change that is confirmed between the two the invoice is paid.
  const listed: Stripe.Subscription[] = []
  for await (const each of stripe.subscriptions.list({ customer, status: 'all', ...page })) listed.push(each)
  const { invoices, payments, drafts } = await billsOf(stripe, customer, new Set(listed.flatMap(pendingOf)))
  const subscriptions: Subscription[] = []
  const leftOut: LeftOut[] = []
  const heldDrafts: string[] = []
  for (const subscription of listed) {
    const lines = linesOf(subscription)
    if (lines === null) {
      leftOut.push(leftOutOf(subscription))
      continue
    }
    const schedule = await scheduleOf(stripe, subscription)
    subscriptions.push(subscriptionOf(subscription, lines, schedule, invoices))
    if (isCollected(subscription)) heldDrafts.push(...heldOf(subscription, drafts))
  }
  return { subscriptions, invoices, payments, ...(await takenBack(stripe, customer)), leftOut, heldDrafts }
}

/** @param pending ids of invoices of changes that wait for their payment */
async function billsOf(stripe: Stripe, customer: string, pending: ReadonlySet<string>) {
  const invoices: Invoice[] = []
  const drafts: Stripe.Invoice[] = []
  const payments: Payment[] = []
  for await (const each of stripe.invoices.list({ customer, ...page, expand: ['data.payments'] })) {
    const { invoice, isPending } = await settled(stripe, each, pending)
    // A draft is no bill yet: it may still change or go.
    if (invoice.status === 'draft') drafts.push(invoice)
    if (invoice.status === null || invoice.status === 'draft') continue
    const read = invoiceOf(invoice, await waitsFor(stripe, invoice))
    // What was not paid for was not given: nobody owes it.
    invoices.push(isPending ? { ...read, failed_at: null, overdue_since: null, was_pending: true } : read)
    payments.push(...paymentsOf(invoice))
  }
  return { invoices, drafts, payments }
}

/** The invoice of a change that waits for its payment. */
const pendingOf = ({ pending_update, latest_invoice }: Stripe.Subscription): string[] =>
  (pending_update && [idOf(latest_invoice)].filter((id) => id !== null)) || []

/**
 * A change may have begun to wait since the subscriptions were read, and may have been confirmed since: what looks owed
 * of one is asked for once more, its subscription first.
 */
async function settled(
  stripe: Stripe,
  invoice: Stripe.Invoice,
  pending: ReadonlySet<string>,
): Promise<{ invoice: Stripe.Invoice; isPending: boolean }> {
  const id = invoice.id as string
  const subscription = idOf(invoice.parent?.subscription_details?.subscription)
  const isOfChange = invoice.billing_reason === 'subscription_update' && isAttempted(invoice)
  if (pending.has(id) || !isOfChange || subscription === null) return { invoice, isPending: pending.has(id) }
  if (pendingOf(await stripe.subscriptions.retrieve(subscription)).includes(id))
    return { invoice, isPending: true }
  return { invoice: await stripe.invoices.retrieve(id, { expand: ['payments'] }), isPending: false }
}

const leftOutOf = ({ id, status, ended_at }: Stripe.Subscription): LeftOut => ({
  id,
  status,
  ended_at: timeOrNull(ended_at),
})

/** Whether Stripe asks for the money of its renewals: not while what came before is given up, or an operator pauses it. */
const isCollected = ({ status, pause_collection }: Stripe.Subscription): boolean =>
  isLive({ status }) && status !== 'unpaid' && !pause_collection

/** Drafts of renewals that do not go on by themselves, the earliest first. */
const heldOf = ({ id }: Stripe.Subscription, drafts: readonly Stripe.Invoice[]): string[] =>
  drafts
    .filter(({ auto_advance, billing_reason }) => !auto_advance && billing_reason === 'subscription_cycle')
    .filter(({ parent }) => idOf(parent?.subscription_details?.subscription) === id)
    .sort((a, b) => a.created - b.created)
    .map((draft) => draft.id as string)

/** Of an ended one nothing is ahead any more. */
async function scheduleOf(stripe: Stripe, { status, schedule }: Stripe.Subscription) {
  const id = idOf(schedule)
  return id && isLive({ status })
    ? stripe.subscriptionSchedules.retrieve(id, { expand: expandedPhases })
    : null
}

function subscriptionOf(
  subscription: Stripe.Subscription,
  { item, terms: { plan, interval }, metered }: Lines,
  schedule: Stripe.SubscriptionSchedule | null,
  invoices: readonly Invoice[],
): Subscription {
  const { id, status, trial_end, cancel_at, ended_at, created } = subscription
  const ahead = schedule && aheadOf(schedule, { plan, interval })
  const scheduled = ahead?.terms ?? null
  const paid = invoices.filter((each) => each.subscription_id === id && each.amount_paid > 0)
  return {
    id,
    item: item.id,
    status,
    plan,
    interval,
    metered,
    has_pending_update: subscription.pending_update !== null,
    seats: item.quantity ?? 0,
    currency: item.price.currency,
    seat_amount: item.price.unit_amount ?? 0,
    period_start: isoTime(item.current_period_start),
    period_end: isoTime(item.current_period_end),
    trial_end: timeOrNull(trial_end),
    schedule: schedule && { id: schedule.id, ahead },
    cancel_at: timeOrNull(cancel_at),
    scheduled_plan: scheduled?.plan ?? null,
    scheduled_interval: scheduled?.interval ?? null,
    scheduled_at: scheduled && timeOrNull(ahead?.at),
    ended_at: timeOrNull(ended_at),
    paid_at: paid.map(({ paid_at }) => paid_at ?? '').sort()[0] || null,
    created_at: isoTime(created),
  }
}

/** What of a subscription is ours: the line of its seats with its terms, and those of what is metered. */
type Lines = { item: Stripe.SubscriptionItem; terms: Terms; metered: Subscription['metered'] }

/** One line of seats, and lines without a number of their own for what is metered. @returns null where no seats are ours */
export function linesOf({ items: { data } }: Stripe.Subscription): Lines | null {
  for (const item of data) {
    const terms = termsOfSeats(item.price)
    if (terms) return { item, terms, metered: data.flatMap(meteredOf) }
  }
  return null
}

/** A line of what is metered, by a price of ours; none otherwise. */
export function meteredOf({ id: item, price }: Stripe.SubscriptionItem): Subscription['metered'] {
  const terms = isUsage(price) ? termsOfPrice(price) : null
  if (!terms || terms.kind === undefined) return []
  return [{ item, kind: terms.kind, plan: terms.plan, interval: terms.interval }]
}

/** What an invoice that could not be paid yet waits for, as far as that is known. */
type Waiting = 'its holder' | 'the bank' | null

/** Only of one that waits for its money Stripe is asked. */
async function waitsFor(stripe: Stripe, invoice: Stripe.Invoice): Promise<Waiting> {
  if (!isAttempted(invoice)) return null
  const open = invoice.payments?.data.find(({ status }) => status === 'open')
  const intent = idOf(open?.payment.payment_intent)
  if (intent === null) return null
  const { status, last_payment_error } = await stripe.paymentIntents.retrieve(intent)
  // A debit takes days: until then it has not failed.
  if (status === 'processing') return 'the bank'
  const isHolders = status === 'requires_action' || last_payment_error?.code === 'authentication_required'
  return isHolders ? 'its holder' : null
}

/** Written off as well: whoever could not be charged owes it until it is paid or void. */
const isAttempted = ({ status, attempt_count }: Stripe.Invoice): boolean =>
  (status === 'open' || status === 'uncollectible') && attempt_count > 0

function invoiceOf(invoice: Stripe.Invoice, waiting: Waiting): Invoice {
  const { id, number, status, currency, total, amount_due, amount_paid, status_transitions: at } = invoice
  // It is tried first as it is finalized.
  const failedAt = isAttempted(invoice) && waiting !== 'the bank' ? timeOrNull(at.finalized_at) : null
  return {
    id: id as string,
    number,
    status: status as Invoice['status'],
    currency,
    total,
    amount_due,
    amount_paid,
    subscription_id: idOf(invoice.parent?.subscription_details?.subscription),
    tax: (invoice.total_taxes ?? []).reduce((sum, { amount }) => sum + amount, 0),
    attempts: invoice.attempt_count,
    next_attempt_at: timeOrNull(invoice.next_payment_attempt),
    period_start: isoTime(invoice.period_start),
    period_end: isoTime(invoice.period_end),
    finalized_at: timeOrNull(at.finalized_at),
    paid_at: timeOrNull(at.paid_at),
    voided_at: timeOrNull(at.voided_at),
    written_off_at: timeOrNull(at.marked_uncollectible_at),
    failed_at: failedAt,
    overdue_since: failedAt,
    was_pending: false,
    needs_confirmation: waiting === 'its holder',
    hosted_url: invoice.hosted_invoice_url ?? null,
    pdf_url: invoice.invoice_pdf ?? null,
    created_at: isoTime(invoice.created),
  }
}

function paymentsOf({ id: invoice, payments }: Stripe.Invoice): Payment[] {
  if (payments?.has_more) throw new Error(`invoice ${invoice} was paid in more parts than one page holds`)
  return (payments?.data ?? []).flatMap(({ payment, amount_paid, currency, status_transitions }) => {
    const id = idOf(payment.payment_intent ?? payment.charge)
    if (!id || !amount_paid || status_transitions.paid_at === null) return []
    const paid_at = isoTime(status_transitions.paid_at)
    return [{ id, invoice_id: invoice as string, currency, amount: amount_paid, paid_at }]
  })
}

/** Those that failed as well, of which the charge's sum knows nothing. Stripe lists refunds by their charge. */
async function takenBack(stripe: Stripe, customer: string): Promise<Pick<Reading, 'refunds' | 'disputes'>> {
  const refunds: Refund[] = []
  const disputes: Dispute[] = []
  for await (const charge of stripe.charges.list({ customer, ...page, expand: ['data.refunds'] })) {
    const payment = idOf(charge.payment_intent) ?? charge.id
    disputes.push(...(await disputesOf(stripe, charge, payment)))
    const { data = [], has_more: isCut = false } = charge.refunds ?? {}
    if (!isCut) refunds.push(...data.map((refund) => refundOf(refund, payment)))
    else
      for await (const refund of stripe.refunds.list({ charge: charge.id, ...page }))
        refunds.push(refundOf(refund, payment))
  }
  return { refunds, disputes }
}

const refundOf = ({ id, amount, currency, status, created }: Stripe.Refund, payment: string): Refund => ({
  id,
  payment_id: payment,
  currency,
  amount,
  status: status ?? 'pending',
  created_at: isoTime(created),
})

export const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString()
const timeOrNull = (seconds: number | null | undefined) => (seconds == null ? null : isoTime(seconds))
const idOf = (named: string | { id?: string } | null | undefined): string | null =>
  typeof named === 'string' ? named : (named?.id ?? null)
