import { randomUUID } from 'node:crypto'
import type Stripe from 'stripe'
import type { Actor } from '../actor.ts'
import { faults } from '../faults.ts'
import { work } from '../runtime.ts'
import { eventNames, meterOf } from './catalogue.ts'
import type { Metered } from './plans.ts'

/** Work for the worker: an organisation's hours that are over go to Stripe. */
export const usageTopic = 'billing.usage'

type Organisation = Pick<Actor, 'orgId'>
type Hour = { kind: Metered; hour: Date; part: number; quantity: bigint; toldAt: Date | null }

/** So long Stripe knows an identifier: 24 hours, without what a request may take. */
const identifierGoodMs = 23 * 3_600_000
/** So old a time may be that Stripe takes: 35 days, without what a request may take. */
export const oldestDays = 34

/**
 * Sums up an organisation's hours that are over, and tells Stripe of those that it is not known to have. Done twice, at
 * the same time or after a crash, an hour counts once.
 * @returns how many hours were told; 0 of a customer that was deleted at Stripe
 * @throws Stripe's errors, once every hour was tried
 */
export async function tellUsage(stripe: Stripe, { orgId }: Organisation): Promise<number> {
  await work({ orgId }).transaction((tx) => tx.$executeRawUnsafe(rollUp))
  const customer = await work({ orgId }).read(
    (db) => db.$queryRaw<{ id: string }[]>`
      select stripe_id as id from billing_customers where org_id = (select current_org_id())`,
  )
  const [{ id } = { id: null }] = customer
  if (id === null) return 0
  const hours = await work({ orgId }).read((db) => db.$queryRawUnsafe<Hour[]>(untold, oldestDays))
  const failures: unknown[] = []
  for (const each of hours) {
    // One that is refused does not keep the others back.
    await tell(stripe, { orgId }, id, each).catch((error) => failures.push(error))
  }
  // Somebody deleted the customer at Stripe: nobody pays for what is left.
  if (failures.length > 0 && (await isGone(stripe, id))) return 0
  if (failures.length > 0) throw failures[0]
  return hours.length
}

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
  select u.kind, u.hour, u.part, u.quantity, u.told_at as "toldAt" from usage_hours u
  join billing_customers c on c.org_id = u.org_id
  where u.org_id = (select current_org_id()) and u.sent_at is null
    and u.hour >= date_trunc('hour', c.created_at, 'UTC')
    and u.hour > now() - make_interval(days => $1::int)
  order by u.hour, u.kind, u.part`

async function tell(
  stripe: Stripe,
  { orgId }: Organisation,
  customer: string,
  { kind, hour, part, quantity, toldAt }: Hour,
): Promise<void> {
  const mark = (column: 'told_at' | 'sent_at') =>
    work({ orgId }).read((db) =>
      db.$executeRawUnsafe(
        `update usage_hours set ${column} = coalesce(${column}, now())
         where org_id = $1::uuid and kind = $2 and hour = $3::timestamptz and part = $4::int`,
        ...[orgId, kind, hour.toISOString(), part],
      ),
    )
  // Sent so long ago that the identifier would not tell: Stripe's own sum does.
  const isOld = toldAt !== null && toldAt.getTime() < Date.now() - identifierGoodMs
  if (isOld && (await hasIt(stripe, { orgId }, customer, { kind, hour, part }))) {
    await mark('sent_at')
    return
  }
  await mark('told_at')
  await send(stripe, customer, {
    ...{ kind, hour, quantity },
    identifier: faults().usage.has('anew') ? randomUUID() : identifierOf(orgId, { kind, hour, part }),
  })
  await mark('sent_at')
}

/** The same for the same part of an hour, however often it is sent. */
const identifierOf = (orgId: string, { kind, hour, part }: Pick<Hour, 'kind' | 'hour' | 'part'>) =>
  `${orgId} ${kind} ${hour.toISOString().slice(0, 13)}${part === 1 ? '' : ` ${part}`}`

/** At the hour's end: what is used in the hour of a renewal is never too late for the period that it counts in. */
export const timeOf = (hour: Date): number => Math.floor(hour.getTime() / 1000) + 3_599

async function send(
  stripe: Stripe,
  customer: string,
  { kind, hour, quantity, identifier }: Pick<Hour, 'kind' | 'hour' | 'quantity'> & { identifier: string },
): Promise<void> {
  await stripe.billing.meterEvents
    .create({
      event_name: eventNames[kind],
      identifier,
      payload: { stripe_customer_id: customer, value: String(quantity) },
      timestamp: timeOf(hour),
    })
    .catch((error: Stripe.errors.StripeError) => {
      // It came before, and what was not heard was the answer.
      if (error.param !== 'identifier' || !/already exists/.test(error.message)) throw error
    })
}

/** Whether Stripe's sum of an hour holds a part of it: parts are told one after another. */
async function hasIt(
  stripe: Stripe,
  { orgId }: Organisation,
  customer: string,
  { kind, hour, part }: Pick<Hour, 'kind' | 'hour' | 'part'>,
): Promise<boolean> {
  const [upToIt] = await work({ orgId }).read(
    (db) => db.$queryRaw<{ quantity: bigint }[]>`
      select sum(quantity) as quantity from usage_hours
      where org_id = (select current_org_id()) and kind = ${kind} and hour = ${hour.toISOString()}::timestamptz
        and (part <= ${part}::int or sent_at is not null)`,
  )
  const known = await toldOf(stripe, customer, kind, { from: hour, hours: 1 })
  return (known.get(hour.getTime()) ?? 0) >= Number(upToIt?.quantity ?? 0)
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
