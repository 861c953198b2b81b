import { randomUUID } from 'node:crypto'
import { createLog } from '@worklane/data/log.ts'
import type Stripe from 'stripe'
import type { Actor } from '../actor.ts'
import { faults } from '../faults.ts'
import { tenantDb } from '../runtime.ts'
import { eventNames, meterOf } from './catalogue.ts'
import type { Metered } from './plans.ts'
import { type Billed, billedUntil, billedUsage } from './usage-billed.ts'

/** Work for the worker: an organisation's hours that are over go to Stripe. */
export const usageTopic = 'billing.usage'

type Organisation = Pick<Actor, 'orgId'>
type Hour = {
  kind: Metered
  hour: Date
  part: number
  quantity: bigint
  toldAt: Date | null
  /** Which time Stripe was told, where it is not the hour's end. */
  toldAs: Date | null
}

/** An hour whose period was billed before Stripe had it, and the time that Stripe is told of it. */
export type LateHour = Pick<Hour, 'kind' | 'hour' | 'quantity'> & { toldAs: Date }
export type OnLate = (orgId: string, late: LateHour) => void

const logLate: OnLate = (organisation, { kind, hour, quantity, toldAs }) =>
  createLog('domain').warn(
    { orgId: organisation, kind, hour, quantity: Number(quantity), toldAs },
    'usage: an hour came after its invoice, and is billed with the next one',
  )

/** So long Stripe knows an identifier: 24 hours, without what a request may take. */
const identifierGoodMs = 23 * 3_600_000
/** So old a time may be that Stripe takes: 35 days, without what a request may take. */
export const oldestDays = 34

/**
 * Sums up an organisation's hours that are over, and tells Stripe of those that it is not known to have. Done twice, at
 * the same time or after a crash, an hour counts once.
 * @param onLate hears of hours whose period was billed already: Stripe is told a time in the one that runs
 * @returns how many hours were told; 0 of a customer that was deleted at Stripe
 * @throws Stripe's errors, once every hour was tried
 */
export async function tellUsage(
  stripe: Stripe,
  { orgId }: Organisation,
  onLate: OnLate = logLate,
): Promise<number> {
  await tenantDb({ orgId }).transaction((tx) => tx.$executeRawUnsafe(rollUp))
  const customer = await tenantDb({ orgId }).read(
    (db) => db.$queryRaw<{ id: string; goesOn: boolean }[]>`
      select stripe_id as id, exists (
        select from subscriptions s where s.org_id = c.org_id and subscription_goes_on(s.status)
      ) as "goesOn" from billing_customers c where org_id = (select current_org_id())`,
  )
  const [{ id, goesOn } = { id: null, goesOn: false }] = customer
  if (id === null) return 0
  const hours = await tenantDb({ orgId }).read((db) => db.$queryRawUnsafe<Hour[]>(untold, oldestDays))
  const failures: unknown[] = []
  try {
    const [oldest] = hours
    // Without a subscription that goes on there is no next invoice.
    const billed = oldest && goesOn ? await billedUsage(stripe, { orgId }, id, oldest.hour) : nothing
    for (const each of hours) {
      // One that is refused does not keep the others back.
      await tell(stripe, { orgId }, id, each, { billed, onLate }).catch((error) => failures.push(error))
    }
  } catch (error) {
    failures.push(error)
  }
  // Somebody deleted the customer at Stripe: nobody pays for what is left.
  if (failures.length > 0 && (await isGone(stripe, id))) return 0
  if (failures.length > 0) throw failures[0]
  return hours.length
}

const nothing: Billed = { usage: [], freeUntil: 0 }

/** Whether a customer was deleted at Stripe. @throws Stripe's errors */
export async function isGone(stripe: Stripe, customer: string): Promise<boolean> {
  try {
    return (await stripe.customers.retrieve(customer)).deleted === true
  } catch (error) {
    if ((error as Stripe.errors.StripeError).code !== 'resource_missing') throw error
    return true
  }
}

// What is marked was there once: a second one at the same time waits for the rows, and finds them marked.
const rollUp = `
  with taken as (
    update usage_events set rolled_up = true
    where org_id = (select current_org_id()) and not rolled_up and hour < date_trunc('hour', now(), 'UTC')
    returning kind, hour, quantity
  )
  insert into usage_hours (org_id, kind, hour, part, quantity)
  select current_org_id(), kind, hour,
    1 + coalesce((select max(part) from usage_hours h
      where h.org_id = (select current_org_id()) and h.kind = taken.kind and h.hour = taken.hour), 0),
    sum(quantity)
  from taken group by kind, hour`

// Of before it was a customer nobody pays for.
const untold = `
  select u.kind, u.hour, u.part, u.quantity, u.told_at as "toldAt", u.told_as as "toldAs" from usage_hours u
  join billing_customers c on c.org_id = u.org_id
  where u.org_id = (select current_org_id()) and u.sent_at is null
    and u.hour >= date_trunc('hour', c.created_at, 'UTC')
    and u.hour > now() - make_interval(days => $1::int)
  order by u.hour, u.kind, u.part`

async function tell(
  stripe: Stripe,
  { orgId }: Organisation,
  customer: string,
  each: Hour,
  { billed, onLate }: { billed: Billed; onLate: OnLate },
): Promise<void> {
  const { kind, hour, part, quantity, toldAt, toldAs } = each
  const time = toldAs === null ? timeOf(hour) : toldAs.getTime() / 1000
  const until = billedUntil(billed, kind, time)
  const isLate = until !== null
  // Sent so long ago that the identifier would not tell: Stripe's own sum does. Of what is late it says the time, too.
  const isOld = toldAt !== null && toldAt.getTime() < Date.now() - identifierGoodMs
  if ((isOld || (isLate && toldAt !== null)) && (await hasIt(stripe, { orgId }, customer, each))) {
    await markKnown({ orgId }, each, { claimed: toldAs, known: toldAs })
    return
  }
  const as = isLate ? runningTime(until) : toldAs
  // Another worker is telling it at this moment: what it does not finish is left to the next round.
  if (!(await claim({ orgId }, each, as))) return
  const isNew = await send(stripe, customer, {
    kind,
    quantity,
    timestamp: as === null ? time : as.getTime() / 1000,
    identifier: faults().usage.has('anew') ? randomUUID() : identifierOf(orgId, { kind, hour, part }),
  })
  if (isNew) await markSent({ orgId }, each, as)
  // It came before, with the time that was told then.
  else await markKnown({ orgId }, each, { claimed: as, known: toldAs })
  if (isLate && isNew && as !== null) onLate(orgId, { kind, hour, quantity, toldAs: as })
}

const ofHour = 'where org_id = $1::uuid and kind = $2 and hour = $3::timestamptz and part = $4::int'
const keyOf = (orgId: string, { kind, hour, part }: Hour) => [orgId, kind, hour.toISOString(), part]
const textOf = (time: Date | null) => time?.toISOString() ?? null

/** Says which time Stripe is about to be told. @returns false where another worker has said one since the hour was read */
async function claim({ orgId }: Organisation, each: Hour, as: Date | null): Promise<boolean> {
  const claimed = await tenantDb({ orgId }).read((db) =>
    db.$executeRawUnsafe(
      `update usage_hours set told_at = coalesce(told_at, now()), told_as = $5::timestamptz
       ${ofHour} and sent_at is null and (told_at is null) = $6::boolean
         and told_as is not distinct from $7::timestamptz`,
      ...[...keyOf(orgId, each), textOf(as), each.toldAt === null, textOf(each.toldAs)],
    ),
  )
  return claimed > 0
}

/** Stripe took it from us, and so with this time, whatever another worker has said. */
const markSent = ({ orgId }: Organisation, each: Hour, as: Date | null) =>
  tenantDb({ orgId }).read((db) =>
    db.$executeRawUnsafe(
      `update usage_hours set sent_at = coalesce(sent_at, now()), told_as = $5::timestamptz ${ofHour}`,
      ...[...keyOf(orgId, each), textOf(as)],
    ),
  )

/** Stripe had it before, unless another worker has said something since: that one or the next round knows better. */
const markKnown = (
  { orgId }: Organisation,
  each: Hour,
  { claimed, known }: { claimed: Date | null; known: Date | null },
) =>
  tenantDb({ orgId }).read((db) =>
    db.$executeRawUnsafe(
      `update usage_hours set sent_at = now(), told_as = $5::timestamptz
       ${ofHour} and sent_at is null and told_as is not distinct from $6::timestamptz`,
      ...[...keyOf(orgId, each), textOf(known), textOf(claimed)],
    ),
  )

/** In the period that runs: at the end of the last hour that is over, as of usage that is told in time. */
function runningTime(until: number): Date {
  const lastHour = Math.floor(Date.now() / 3_600_000) * 3_600 - 1
  return new Date(Math.max(until, lastHour) * 1000)
}

/** The same for the same part of an hour, however often it is sent. */
const identifierOf = (orgId: string, { kind, hour, part }: Pick<Hour, 'kind' | 'hour' | 'part'>) =>
  `${orgId} ${kind} ${hour.toISOString().slice(0, 13)}${part === 1 ? '' : ` ${part}`}`

/** At the hour's end: what is used in the hour of a renewal is never too late for the period that it counts in. */
export const timeOf = (hour: Date): number => Math.floor(hour.getTime() / 1000) + 3_599

/** @returns false where Stripe has had it before */
async function send(
  stripe: Stripe,
  customer: string,
  {
    kind,
    quantity,
    identifier,
    timestamp,
  }: Pick<Hour, 'kind' | 'quantity'> & { identifier: string; timestamp: number },
): Promise<boolean> {
  try {
    await stripe.billing.meterEvents.create({
      event_name: eventNames[kind],
      identifier,
      payload: { stripe_customer_id: customer, value: String(quantity) },
      timestamp,
    })
    return true
  } catch (error) {
    // It came before, and what was not heard was the answer.
    const { param, message } = error as Stripe.errors.StripeError
    if (param !== 'identifier' || !/already exists/.test(message)) throw error
    return false
  }
}

/** Whether Stripe's sum of an hour holds a part that was told as of it: parts are told one after another. */
async function hasIt(
  stripe: Stripe,
  { orgId }: Organisation,
  customer: string,
  { kind, hour, part, toldAs }: Pick<Hour, 'kind' | 'hour' | 'part' | 'toldAs'>,
): Promise<boolean> {
  const from = new Date(Math.floor((toldAs ?? hour).getTime() / 3_600_000) * 3_600_000)
  const [upToIt] = await tenantDb({ orgId }).read(
    (db) => db.$queryRaw<{ quantity: bigint }[]>`
      select sum(quantity) as quantity from usage_hours
      where org_id = (select current_org_id()) and kind = ${kind}
        and date_trunc('hour', coalesce(told_as, hour), 'UTC') = ${from.toISOString()}::timestamptz
        and (sent_at is not null or (hour = ${hour.toISOString()}::timestamptz and part <= ${part}::int))`,
  )
  const known = await toldOf(stripe, customer, kind, { from, hours: 1 })
  return (known.get(from.getTime()) ?? 0) >= Number(upToIt?.quantity ?? 0)
}

/** What Stripe has of a customer's hours, by their beginning in epoch milliseconds. */
export async function toldOf(
  stripe: Stripe,
  customer: string,
  kind: Metered,
  { from, hours }: { from: Date; hours: number },
): Promise<Map<number, number>> {
  const start = Math.floor(from.getTime() / 1000)
  const summaries = stripe.billing.meters.listEventSummaries(await meterOf(stripe, kind), {
    customer,
    start_time: start,
    end_time: start + hours * 3_600,
    value_grouping_window: 'hour',
    limit: 100,
  })
  const told = new Map<number, number>()
  for await (const { start_time, aggregated_value } of summaries)
    told.set(start_time * 1000, (told.get(start_time * 1000) ?? 0) + aggregated_value)
  return told
}
