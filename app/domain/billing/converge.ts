import { orgId } from '@worklane/data/ids.ts'
import { createLog } from '@worklane/data/log.ts'
import type { Transaction } from '@worklane/data/tenant.ts'
import type Stripe from 'stripe'
import type { Plan } from '../actor.ts'
import { forgetTags } from '../cache.ts'
import { faults } from '../faults.ts'
import { markSessions } from '../forgetting.ts'
import { tenantDb } from '../runtime.ts'
import { tags } from '../tags.ts'
import { closeCheckouts } from './customer.ts'
import { billDiscarded, discardedOf } from './discarded-usage.ts'
import { writeMails } from './dunning.ts'
import { owedBy, readOnlyFrom } from './dunning-causes.ts'
import { withEarlier } from './earlier.ts'
import { type Booked, earlierCauses, type LedgerEntry, ledgerOf } from './ledger.ts'
import { putBackLeft } from './let-go.ts'
import { adjustMetered, isMeteredDue } from './metered-items.ts'
import {
  type CustomerReading,
  currentFirst,
  currentOf,
  hasBegun,
  isLive,
  type Reading,
  readCustomer,
  type Subscription,
} from './reading.ts'
import { adjustSeats, areSeatsDue } from './seats.ts'

/**
 * Who reads a customer says again and again that they do. So long after the last time they are taken for dead; what
 * waits for them waits no longer than that.
 */
const leaseSeconds = 15
/** Longer than a job waits between two tries: where the last one is longer ago, whoever comes next tries. */
export const retrySeconds = 90

/**
 * Makes what we hold of an organisation's billing what Stripe says of it, whatever was told of it before, how often,
 * and in which order. One reading of a customer at a time; one that began earlier never takes the place of a later one.
 * @param organisation whose customer it is
 * @param since when whatever wants it looked at was told to us: a reading that began later knows of it already; null
 *   to look in any case
 * @param now by Stripe's clock, which tests move
 * @param hears is told what keeps no reading from being written; the log hears of what is not given
 * @returns `busy` when another reading is under way: to be tried again soon
 * @throws Stripe's errors; where it refused what follows of a reading, once that is written
 */
export async function converge(
  stripe: Stripe,
  organisation: string,
  since: Date | null = null,
  now = new Date(),
  hears: Partial<Hears> = {},
): Promise<'written' | 'known' | 'busy' | 'overtaken' | 'no customer'> {
  const tenant = { orgId: orgId(organisation) }
  const begun = await begin(tenant, since)
  if (!('reading' in begun)) return begun.instead
  const holding = setInterval(
    () => void hold(tenant, begun.reading).catch(() => {}),
    (leaseSeconds * 1_000) / 3,
  )
  try {
    const told = { ...logged, ...hears }
    const failed: unknown[] = []
    await putBackLeft(stripe, tenant).catch((error: unknown) => failed.push(error))
    const read = async () => withEarlier(tenant, await readCustomer(stripe, begun.customer), now)
    const reading = await read()
    for (const { id } of reading.leftOut) told.onLeftOut(organisation, id)
    const known = await membersOf(tenant, begun)
    const onUnmetered = (error: unknown) => told.onUnmetered(organisation, error)
    const changes = changesOf(stripe, tenant, begun, reading, { ...known, now, onUnmetered })
    changes.push(...discardedOf(reading, now).map((id) => () => billDiscarded(stripe, id)))
    // First of all, since Stripe may refuse what follows, or be slow at it: that keeps no payment from being read.
    const isDone = changes.length + failed.length === 0
    const isLeft = known.isChanging && isAdjustmentDue(reading, known.members, now)
    const isFirst = await write(tenant, begun, reading, { now, isDone, isLeft, isRetried: false })
    if (!isFirst || isDone) return isFirst ? 'written' : 'overtaken'
    const { isChanged, failures } = await changeAtStripe(changes)
    failed.push(...failures)
    for (const failure of failed) told.onRefused(organisation, failure)
    const latest = isChanged ? await read() : reading
    const isRefused = failed.length > 0
    const isWritten = await write(tenant, begun, latest, {
      now,
      isDone: !isRefused,
      isLeft,
      isRetried: isRefused,
    })
    if (isRefused) throw failed[0]
    return isWritten ? 'written' : 'overtaken'
  } catch (error) {
    // Where that fails as well the lease ends by itself; what went wrong first is what is told.
    await release(tenant, begun.reading).catch(() => {})
    throw error
  } finally {
    clearInterval(holding)
  }
}

/** Who hears of what keeps no reading from being written. */
export type Hears = {
  /** Whose subscription Stripe refused to have meter what its plan does, and why: the next reading tries again. */
  onUnmetered: (orgId: string, error: unknown) => void
  /** Whose seats, second subscription or held bill Stripe refused to change, and why: the job tries again. */
  onRefused: (orgId: string, error: unknown) => void
  /** Whose subscription has no price of ours for its seats. */
  onLeftOut: (orgId: string, subscription: string) => void
}

/** What is told of each, in a log. */
export const billingTroubles = {
  unmetered: 'billing: a subscription does not meter what its plan does',
  refused: 'billing: Stripe did not make a change that follows of a reading',
  leftOut: 'billing: a subscription has no price of ours and is left out',
} as const

const logged: Hears = {
  onUnmetered: (orgId, err) => createLog('domain').error({ err, orgId }, billingTroubles.unmetered),
  onRefused: (orgId, err) => createLog('domain').error({ err, orgId }, billingTroubles.refused),
  onLeftOut: (orgId, subscription) =>
    createLog('domain').warn({ orgId, subscription }, billingTroubles.leftOut),
}

type Tenant = { orgId: ReturnType<typeof orgId> }
type Begun = { customer: string; reading: bigint; at: Date; answered: bigint; since: Date | null }

/** Takes the customer for a while, under the next number. */
async function begin(
  tenant: Tenant,
  since: Date | null,
): Promise<Begun | { instead: 'known' | 'busy' | 'no customer' }> {
  const told = since?.toISOString() ?? null
  return tenantDb(tenant).transaction(async (tx) => {
    const [customer] = await tx.$queryRaw<
      { customer: string; known: boolean; held: boolean; reading: bigint; at: Date; answered: bigint }[]
    >`
      select stripe_id as customer, coalesce(written_began_at > ${told}::timestamptz
          or read_began_at > ${told}::timestamptz and retry_told_at <> ${told}::timestamptz
            and retried_at > clock_timestamp() - make_interval(secs => ${retrySeconds}::int), false) as known,
        coalesce(held_until > clock_timestamp(), false) as held, readings + 1 as reading, clock_timestamp() as at,
        changes_answered as answered
      from billing_customers where org_id = ${tenant.orgId}::uuid for no key update`
    if (!customer) return { instead: 'no customer' }
    if (customer.known) return { instead: 'known' }
    if (customer.held && !faults().without.has('lock')) return { instead: 'busy' }
    await tx.$executeRaw`
      update billing_customers set readings = readings + 1,
        held_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}::int)
      where org_id = ${tenant.orgId}::uuid`
    return { ...customer, since }
  })
}

/** A Stripe that is slow keeps a reading for minutes. What was let go, or taken by the next, is not taken back. */
const hold = (tenant: Tenant, reading: bigint) =>
  tenantDb(tenant).transaction(
    (tx) => tx.$executeRaw`
      update billing_customers set held_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}::int)
      where org_id = ${tenant.orgId}::uuid and readings = ${reading} and held_until is not null`,
  )

/** One after another, whatever becomes of those before: what Stripe refuses of one keeps nothing else from being done. */
async function changeAtStripe(
  changes: readonly Change[],
): Promise<{ isChanged: boolean; failures: unknown[] }> {
  const failures: unknown[] = []
  let isChanged = false
  for (const change of changes)
    try {
      if (await change()) isChanged = true
    } catch (error) {
      failures.push(error)
    }
  return { isChanged, failures }
}

/** A page of Stripe's on which a subscription is begun is good for a day. */
const checkoutHours = 24

/** Changes something at Stripe. @returns whether Stripe says something else now */
type Change = () => Promise<boolean>

type Known = { members: number; isChanging: boolean; now: Date; onUnmetered: (error: unknown) => void }

/**
 * What has to be changed at Stripe by what it says: as part of a reading, since only one of them goes on at a time.
 * @returns nothing where all is as it should be
 */
function changesOf(
  stripe: Stripe,
  tenant: Tenant,
  { customer, reading: number }: Begun,
  reading: CustomerReading,
  { members, isChanging, now, onUnmetered }: Known,
): Change[] {
  const [current, ...others] = currentFirst(reading)
  if (!current) return []
  const held = reading.heldDrafts.map((id) => () => billHeld(stripe, id))
  const changes: Change[] = others.map((other) => () => cancelled(stripe, other))
  if (Date.parse(current.created_at) > now.getTime() - (checkoutHours + 1) * 3_600_000)
    changes.push(() => closeCheckouts(stripe, customer).then(() => false))
  // What somebody changes, at this moment or once the bank has their word, costs what they saw; a reading follows it.
  if (isChanging || current.has_pending_update) return [...changes, ...held]
  if (areSeatsDue(current, members, now)) {
    const key = `seats ${tenant.orgId} ${number}`
    changes.push(() => adjustSeats(stripe, current, { members, now, key }))
  }
  if (isMeteredDue(current)) {
    const key = `metered ${tenant.orgId} ${number}`
    // A price that is missing, or a card that is wanted first, fails no job: the next reading tries again.
    const failed = (error: unknown) => {
      onUnmetered(error)
      return false
    }
    changes.push(() => adjustMetered(stripe, current, key).catch(failed))
  }
  return [...changes, ...held]
}

/** Whether seats, or what is metered, should be other than they are. */
function isAdjustmentDue(reading: CustomerReading, members: number, now: Date): boolean {
  const current = currentOf(reading)
  return current !== undefined && (areSeatsDue(current, members, now) || isMeteredDue(current))
}

/**
 * An organisation has one subscription. Of several checkouts that were open at the same time the first that is
 * completed counts: the others are closed, and what came of one all the same is cancelled, with what it cost given
 * back to the customer's balance.
 */
async function cancelled(stripe: Stripe, { id }: Subscription): Promise<true> {
  await stripe.subscriptions.cancel(id, { prorate: true, invoice_now: true })
  return true
}

/** Who need a seat, and whether somebody changes the subscription at this moment, or did since the reading began. */
async function membersOf(
  tenant: Tenant,
  { answered }: Begun,
): Promise<{ members: number; isChanging: boolean }> {
  const [row] = await tenantDb(tenant).read(
    (db) => db.$queryRaw<{ members: number; isChanging: boolean }[]>`
      select (select count(*)::int from memberships where org_id = c.org_id) as members,
        coalesce(changing_until > clock_timestamp(), false) or changes_answered <> ${answered} as "isChanging"
      from billing_customers c where org_id = ${tenant.orgId}::uuid`,
  )
  return row ?? { members: 0, isChanging: true }
}

/**
 * Renewals of a subscription that was unpaid stay drafts at Stripe. Once it goes on they are billed.
 * @returns that Stripe says something else now
 */
async function billHeld(stripe: Stripe, invoice: string): Promise<true> {
  const named = { idempotencyKey: `finalize ${invoice}` }
  await stripe.invoices.finalizeInvoice(invoice, { auto_advance: true }, named)
  return true
}

/** Lets the next one read, unless that has happened already. */
const release = (tenant: Tenant, reading: bigint) =>
  tenantDb(tenant).transaction(
    (tx) => tx.$executeRaw`
      update billing_customers set held_until = null
      where org_id = ${tenant.orgId}::uuid and readings = ${reading}`,
  )

/**
 * @param isDone whether all was done that follows of the reading: what told of it is read only then, and the customer
 *   is let go
 * @param isLeft whether something was left for somebody who changes the subscription: a change that is refused brings no
 *   reading, so the customer is looked at again within a minute
 * @param isRetried whether the job tries again, alone of those that were told before the reading began
 * @returns false where a later reading was written meanwhile, and so nothing of this one
 */
async function write(
  tenant: Tenant,
  { reading: number, at, since }: Begun,
  reading: CustomerReading & Reading,
  { now, isDone, isLeft, isRetried }: { now: Date; isDone: boolean; isLeft: boolean; isRetried: boolean },
): Promise<boolean> {
  const isUnfenced = faults().without.has('fence')
  const written = await tenantDb(tenant).transaction(async (tx) => {
    const isLatest = await tx.$executeRaw`
      update billing_customers set written_reading = ${number}, written_at = now(),
        written_began_at = case when ${isDone}::boolean then ${at.toISOString()}::timestamptz else written_began_at end,
        read_began_at = ${at.toISOString()}::timestamptz,
        retry_told_at = case when ${isRetried}::boolean then ${since?.toISOString() ?? null}::timestamptz
          when not ${isDone}::boolean then retry_told_at end,
        retried_at = case when ${isRetried}::boolean then clock_timestamp()
          when not ${isDone}::boolean then retried_at end,
        held_until = case when ${isDone}::boolean and readings = ${number} then null else held_until end
      where org_id = ${tenant.orgId}::uuid and (written_reading <= ${number} or ${isUnfenced}::boolean)`
    if (!isLatest) return null
    await store(tx, tenant, reading, number)
    const former = await storeLeftOut(tx, tenant, reading)
    const subscriptions = [...reading.subscriptions, ...former]
    // What the organisation has for one that is ours no more stays, until somebody has seen to its price.
    const keepsPlan = currentOf(reading) === undefined && former.some(isLive)
    // Who has never subscribed has the plan that they were given.
    const ended = hasBegun({ subscriptions }) ? await applyPlan(tx, tenant, planOf(reading), keepsPlan) : []
    await writeMails(tx, tenant, reading, now)
    if (isLeft) await lookAgain(tx, tenant)
    // Before the commit as well: a crash right after it must not leave the plan of before alive in Redis.
    await markSessions(ended)
    return { ended }
  })
  if (!written) return false
  await markSessions(written.ended)
  await forgetTags(tenant, [tags.organisation])
  return true
}

const lookAgain = (tx: Transaction, { orgId }: Tenant) =>
  tx.$executeRaw`
    update billing_customers set look_at = least(look_at, clock_timestamp()) where org_id = ${orgId}::uuid`

async function store(tx: Transaction, { orgId }: Tenant, reading: Reading, number: bigint): Promise<void> {
  const put = (text: string, rows: unknown[]) => tx.$executeRawUnsafe(text, orgId, JSON.stringify(rows))
  await put(upserts.subscriptions, reading.subscriptions)
  await put(upserts.invoices, reading.invoices)
  await put(upserts.payments, reading.payments)
  await put(upserts.refunds, reading.refunds)
  await put(upserts.disputes, reading.disputes)
  const entries = ledgerOf(reading, await bookedOf(tx, orgId, reading))
  await put(insertLedger, faults().webhooks === 'twice' ? bookedAnew(entries, number) : entries)
}

/**
 * A subscription that was ours may have got a price of somebody else's, or its plan was removed.
 * @returns those, of what is left out
 */
async function storeLeftOut(
  tx: Transaction,
  { orgId }: Tenant,
  { leftOut }: CustomerReading,
): Promise<Pick<Subscription, 'status'>[]> {
  if (leftOut.length === 0) return []
  return tx.$queryRawUnsafe<Pick<Subscription, 'status'>[]>(updateLeftOut, orgId, JSON.stringify(leftOut))
}

const updateLeftOut = `
  update subscriptions s set status = r.status, ended_at = r.ended_at, left_out = true
  from jsonb_to_recordset($2::jsonb) as r (id text, status text, ended_at timestamptz)
  where s.org_id = $1::uuid and s.id = r.id
  returning s.status`

/** Entries that were written before losses were booked as they are now. One reading at a time is written. */
async function bookedOf(tx: Transaction, organisation: string, reading: Reading): Promise<Booked> {
  const causes = earlierCauses(reading)
  if (causes.length === 0) return []
  return tx.$queryRaw<LedgerEntry[]>`
    select cause, account, amount::float8 as amount from ledger_entries
    where org_id = ${organisation}::uuid and cause = any(${causes})`
}

/** The known-bad case of causes that are none: each reading books everything once more. */
const bookedAnew = (entries: LedgerEntry[], number: bigint) =>
  entries.map((entry) => ({ ...entry, cause: `${entry.cause} by reading ${number}` }))

/** An upsert of rows that come as JSON, by the columns of the table beside its organisation. */
function upsert(table: string, columns: Record<string, string>): string {
  const names = Object.keys(columns).map((name) => `"${name}"`)
  const changed = names.filter((name) => name !== '"id"').map((name) => `${name} = excluded.${name}`)
  const typed = Object.entries(columns).map(([name, type]) => `"${name}" ${type}`)
  return `insert into ${table} (org_id, ${names.join(', ')})
    select $1::uuid, ${names.join(', ')} from jsonb_to_recordset($2::jsonb) as r (${typed.join(', ')})
    on conflict (org_id, id) do update set ${changed.join(', ')}`
}

const upserts = {
  subscriptions: upsert('subscriptions', {
    id: 'text',
    status: 'text',
    plan: 'plan',
    interval: 'billing_interval',
    seats: 'int',
    currency: 'text',
    seat_amount: 'bigint',
    period_start: 'timestamptz',
    period_end: 'timestamptz',
    trial_end: 'timestamptz',
    cancel_at: 'timestamptz',
    scheduled_plan: 'plan',
    scheduled_interval: 'billing_interval',
    scheduled_at: 'timestamptz',
    ended_at: 'timestamptz',
    paid_at: 'timestamptz',
    created_at: 'timestamptz',
    // Null of those that are read.
    left_out: 'boolean',
  }),
  invoices: upsert('invoices', {
    id: 'text',
    subscription_id: 'text',
    number: 'text',
    status: 'text',
    currency: 'text',
    total: 'bigint',
    tax: 'bigint',
    amount_due: 'bigint',
    amount_paid: 'bigint',
    attempts: 'int',
    next_attempt_at: 'timestamptz',
    period_start: 'timestamptz',
    period_end: 'timestamptz',
    finalized_at: 'timestamptz',
    paid_at: 'timestamptz',
    failed_at: 'timestamptz',
    overdue_since: 'timestamptz',
    was_pending: 'boolean',
    hosted_url: 'text',
    pdf_url: 'text',
    created_at: 'timestamptz',
  }),
  payments: upsert('payments', {
    id: 'text',
    invoice_id: 'text',
    currency: 'text',
    amount: 'bigint',
    paid_at: 'timestamptz',
  }),
  refunds: upsert('refunds', {
    id: 'text',
    payment_id: 'text',
    currency: 'text',
    amount: 'bigint',
    status: 'text',
    created_at: 'timestamptz',
  }),
  disputes: upsert('disputes', {
    id: 'text',
    payment_id: 'text',
    currency: 'text',
    amount: 'bigint',
    status: 'text',
    created_at: 'timestamptz',
  }),
}

// A cause is there as a whole, or not at all.
const insertLedger = `
  insert into ledger_entries (org_id, cause, account, currency, amount, at)
  select $1::uuid, cause, account, currency, amount, at
  from jsonb_to_recordset($2::jsonb) as r (cause text, account text, currency text, amount bigint, at timestamptz)
  where not exists (select from ledger_entries l where l.org_id = $1::uuid and l.cause = r.cause)`

/** What follows of a reading for what the organisation may do. */
export function planOf(reading: Reading): { plan: Plan; readOnlyAt: string | null } {
  return { plan: currentOf(reading)?.plan ?? 'free', readOnlyAt: readOnlyFrom(owedBy(reading)) }
}

/** @returns what Redis may know the organisation's sessions by, where something changed for them */
async function applyPlan(
  tx: Transaction,
  { orgId }: Tenant,
  { plan: newPlan, readOnlyAt }: ReturnType<typeof planOf>,
  keepsPlan: boolean,
): Promise<string[]> {
  const plan = keepsPlan ? null : newPlan
  const [changed] = await tx.$queryRaw<{ before: string }[]>`
    with before as (
      select id, plan, read_only_at from organisations where id = ${orgId}::uuid for no key update
    ), changed as (
      update organisations o set plan = coalesce(${plan}::plan, b.plan), read_only_at = ${readOnlyAt}::timestamptz
      from before b where o.id = b.id
        and (b.plan, b.read_only_at) is distinct from (coalesce(${plan}::plan, b.plan), ${readOnlyAt}::timestamptz)
      returning o.id
    ), entries as (
      insert into audit_log (org_id, operation, target, before, after)
      select b.id, 'billing.converge', 'organisation ' || b.id,
        jsonb_build_object('plan', b.plan, 'readOnlyAt', b.read_only_at),
        jsonb_build_object('plan', coalesce(${plan}::plan, b.plan), 'readOnlyAt', ${readOnlyAt}::timestamptz)
      from before b join changed using (id)
    )
    select b.plan::text as before from before b join changed using (id)`
  if (!changed) return []
  const sessions = await tx.$queryRaw<{ token_hash: string; previous_hash: string | null }[]>`
    select token_hash, previous_hash from sessions_here()`
  return sessions.flatMap(({ token_hash, previous_hash }) => [token_hash, previous_hash ?? []].flat())
}
