import type Stripe from 'stripe'
import type { Actor } from '../actor.ts'
import { tenantDb } from '../runtime.ts'
import { customerOf } from './customer.ts'
import { type Metered, metered } from './plans.ts'
import { billedUsage } from './usage-billed.ts'
import { isGone, oldestDays, toldOf } from './usage-told.ts'

/** Two books that do not say the same of a month (`used and recorded`), of a period (`sent and billed`) or of an hour. */
export type Difference = {
  books:
    | 'used and recorded'
    | 'recorded and rolled up'
    | 'rolled up and sent'
    | 'sent and at Stripe'
    | 'sent and billed'
  kind: Metered
  /** The beginning of the month, the period or the hour, as an ISO text. */
  of: string
  /** By so much, in either direction. */
  units: number
}

/** So many days single events are kept, and so far back hours are compared. */
const keptDays = 7

/** Stripe takes a while to sum up: an hour that it was told of lately is compared tomorrow. */
const settlesMinutes = 30

/**
 * Holds the books of an organisation's usage against each other: what was used by its months, what was recorded event
 * by event, what was rolled up by hours, what Stripe says that it was told, and what its invoices bill. Events that are in order are removed
 * once they are a week old.
 * @param settles what was sent within so many minutes is not asked for yet
 * @throws Stripe's errors
 */
export async function reconcile(
  stripe: Stripe,
  actor: Pick<Actor, 'orgId'>,
  settles = settlesMinutes,
): Promise<Difference[]> {
  const compare = async (books: Difference['books'], query: string) => {
    const rows = await tenantDb(actor).read((db) => db.$queryRawUnsafe<Row[]>(query))
    return rows.map(
      ({ kind, of, units }): Difference => ({
        books,
        kind,
        of: of.toISOString(),
        units: Math.abs(Number(units)),
      }),
    )
  }
  const differences = [
    ...(await compare('used and recorded', usedAndRecorded)),
    ...(await compare('recorded and rolled up', recordedAndRolledUp)),
  ]
  const customer = await customerOf(actor)
  // Of one that was deleted at Stripe nobody pays, and nothing will ever be sent.
  if (customer !== null && !(await isGone(stripe, customer))) {
    differences.push(...(await compare('rolled up and sent', notSent)))
    differences.push(...(await atStripe(stripe, actor, customer, settles)))
    differences.push(...(await onInvoices(stripe, actor, customer)))
  }
  if (differences.length === 0)
    await tenantDb(actor).transaction((tx) => tx.$executeRawUnsafe(removeOld, keptDays))
  return differences
}

type Row = { kind: Metered; of: Date; units: unknown }

// A month is its hours, and the events that are in no hour yet.
const usedAndRecorded = `
  select * from (
    select m.kind, m.month at time zone 'UTC' as of, m.used - (
      coalesce((select sum(quantity) from usage_hours h where h.org_id = m.org_id and h.kind = m.kind
        and h.hour >= m.month at time zone 'UTC'
        and h.hour < (m.month + interval '1 month') at time zone 'UTC'), 0) +
      coalesce((select sum(quantity) from usage_events e where e.org_id = m.org_id and e.kind = m.kind
        and not rolled_up and e.hour >= m.month at time zone 'UTC'
        and e.hour < (m.month + interval '1 month') at time zone 'UTC'), 0)
    ) as units from usage_months m
    where m.org_id = (select current_org_id())
      and m.month >= date_trunc('month', (now() - interval '2 days') at time zone 'UTC')
  ) as months where units <> 0`

const recordedAndRolledUp = `
  select kind, hour as of, sum(recorded) - sum(rolled) as units from (
    select kind, hour, quantity as recorded, 0 as rolled from usage_events
      where org_id = (select current_org_id()) and rolled_up
    union all
    select kind, hour, 0, quantity from usage_hours where org_id = (select current_org_id())
      and hour >= (select min(hour) from usage_events where org_id = (select current_org_id()) and rolled_up)
  ) as events_and_hours group by kind, hour having sum(recorded) <> sum(rolled)`

// Since it is a customer, and what Stripe would still take. A day is enough for it to come back.
const notSent = `
  select u.kind, u.hour as of, sum(u.quantity) as units from usage_hours u
  join billing_customers c on c.org_id = u.org_id
  where u.org_id = (select current_org_id()) and u.sent_at is null
    and u.hour >= date_trunc('hour', c.created_at, 'UTC') and u.hour < now() - interval '1 day'
    and u.hour > now() - interval '${oldestDays} days'
  group by u.kind, u.hour`

const removeOld = `delete from usage_events where org_id = (select current_org_id()) and rolled_up
  and hour < date_trunc('day', now() - make_interval(days => $1::int), 'UTC')`

const sent = `
  select kind, date_trunc('hour', coalesce(told_as, hour), 'UTC') as hour, sum(quantity) as quantity from usage_hours
  where org_id = (select current_org_id()) and coalesce(told_as, hour) >= $1::timestamptz
  group by 1, 2
  having bool_and(sent_at < now() - make_interval(mins => $2::int))`

async function atStripe(
  stripe: Stripe,
  actor: Pick<Actor, 'orgId'>,
  customer: string,
  settles: number,
): Promise<Difference[]> {
  const from = firstDay()
  const rows = await tenantDb(actor).read((db) =>
    db.$queryRawUnsafe<{ kind: Metered; hour: Date; quantity: unknown }[]>(sent, from.toISOString(), settles),
  )
  const differences: Difference[] = []
  for (const kind of metered) {
    const ours = rows.filter((row) => row.kind === kind)
    if (ours.length === 0) continue
    const told = await toldOf(stripe, customer, kind, { from, hours: keptDays * 24 })
    for (const { hour, quantity } of ours) {
      const units = Math.abs((told.get(hour.getTime()) ?? 0) - Number(quantity))
      if (units > 0) differences.push({ books: 'sent and at Stripe', kind, of: hour.toISOString(), units })
    }
  }
  return differences
}

const firstDay = (): Date => {
  const today = Math.floor(Date.now() / 86_400_000) * 86_400_000
  return new Date(today - (keptDays - 1) * 86_400_000)
}

// By the second that Stripe was told.
const sentIn = `
  select coalesce(sum(quantity), 0) as quantity from usage_hours
  where org_id = (select current_org_id()) and kind = $1 and sent_at is not null
    and coalesce(told_as, hour + interval '3599 seconds') >= to_timestamp($2::int)
    and coalesce(told_as, hour + interval '3599 seconds') < to_timestamp($3::int)`

/** What the last days' invoices bill: they are final, so what Stripe had by then has to be all that we know of. */
async function onInvoices(
  stripe: Stripe,
  actor: Pick<Actor, 'orgId'>,
  customer: string,
): Promise<Difference[]> {
  const differences: Difference[] = []
  const { usage } = await billedUsage(stripe, actor, customer, firstDay())
  for (const { kind, from, to, units: billed, isBilled } of usage) {
    if (!isBilled) continue
    const [row] = await tenantDb(actor).read((db) =>
      db.$queryRawUnsafe<{ quantity: unknown }[]>(sentIn, kind, from, to),
    )
    const units = Math.abs(billed - Number(row?.quantity ?? 0))
    if (units > 0)
      differences.push({ books: 'sent and billed', kind, of: new Date(from * 1000).toISOString(), units })
  }
  return differences
}
