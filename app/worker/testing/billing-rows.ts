import type { OwnDatabase } from '@worklane/data/testing/own-database.ts'

type Database = Pick<OwnDatabase, 'query'>

/** Every row of billing as text, but for times of receipt and the numbers of readings. */
export async function billingRows(database: Database): Promise<string[]> {
  const { rows } = await database.query(allRows)
  return rows.map(({ row }) => row as string)
}

// Whose a refund or a dispute is depends on whether its payment was read before it was told.
const allRows = `
  select 'subscriptions ' || to_jsonb(s)::text as row from subscriptions s
  union all select 'invoices ' || to_jsonb(i)::text from invoices i
  union all select 'payments ' || to_jsonb(p)::text from payments p
  union all select 'refunds ' || to_jsonb(r)::text from refunds r
  union all select 'disputes ' || to_jsonb(d)::text from disputes d
  union all select 'ledger ' || to_jsonb(l)::text from ledger_entries l
  union all select 'customer ' || jsonb_build_array(org_id, stripe_id)::text from billing_customers
  union all select 'organisation ' || jsonb_build_array(id, plan, read_only_at)::text from organisations
  union all select 'event ' || (to_jsonb(e) - 'received_at' - 'processed_at' - case
    when type ~ '^(refund|charge\\.dispute)\\.' then 'customer' else '' end)::text from stripe_events e
  order by 1`

/** What of two sets of rows is not the same, in words; nothing where all of it is. */
export function difference(actual: readonly string[], expected: readonly string[]): string[] {
  const without = (some: readonly string[], others: readonly string[]) => {
    const left = new Set(others)
    return some.filter((row) => !left.has(row))
  }
  return [
    ...without(expected, actual).map((row) => `lost: ${row.slice(0, 300)}`),
    ...without(actual, expected).map((row) => `too many: ${row.slice(0, 300)}`),
    ...(new Set(actual).size === actual.length ? [] : ['some rows are there twice']),
  ]
}

/** What is wrong with what was taken in, and with the ledger, in words. @param events ids of all that were delivered */
export async function imbalances(database: Database, events: readonly string[]): Promise<string[]> {
  const { rows: stored } = await database.query('select id, processed_at from stripe_events')
  const { rows: work } = await database.query(
    `select payload->>'event' as event from outbox where topic = 'billing.sync' and payload ? 'event'`,
  )
  const { rows: about } = await database.query(
    'select id from stripe_events e join billing_customers c on c.stripe_id = e.customer',
  )
  const { rows: ledgers } = await database.query(lopsided)
  const wrong: string[] = []
  const count = (what: string, actual: number, expected: number) => {
    if (actual !== expected) wrong.push(`${actual} ${what} where there should be ${expected}`)
  }
  count('rows of events', stored.length, events.length)
  count('rows of work for events', work.length, about.length)
  count('events that have work', new Set(work.map(({ event }) => event)).size, about.length)
  count('events without effect', stored.filter((row) => row.processed_at === null).length, 0)
  return [...wrong, ...ledgers.map((row) => `the ledger is off: ${JSON.stringify(row)}`)]
}

// Each cause sums to zero, cash is what came less what went back or was taken, and who owes has a bill that is open.
const lopsided = `
  select 'cause ' || cause as what, sum(amount)::text as ledger, '0' as tables
  from ledger_entries group by org_id, cause having sum(amount) <> 0
  union all
  select 'cash of ' || o.id, cash::text, (came - back - taken)::text from organisations o,
    lateral (select coalesce(sum(amount), 0) as cash from ledger_entries where org_id = o.id and account = 'cash') l,
    lateral (select coalesce(sum(amount), 0) as came from payments where org_id = o.id) p,
    lateral (select coalesce(sum(amount), 0) as back from refunds where org_id = o.id and status = 'succeeded') r,
    lateral (select coalesce(sum(amount), 0) as taken from disputes
      where org_id = o.id and status in ('needs_response', 'under_review', 'lost')) d
  where cash <> came - back - taken
  union all
  select 'receivable of ' || o.id, receivable::text, owed::text from organisations o,
    lateral (select coalesce(sum(amount), 0) as receivable from ledger_entries
      where org_id = o.id and account = 'receivable') l,
    lateral (select coalesce(sum(amount_due - amount_paid), 0) as owed from invoices
      where org_id = o.id and status = 'open') i
  where receivable <> owed`

/**
 * Waits until every event had its effect, and nothing waits.
 * @param organisation the only one that is waited for, where it is given
 * @throws Error with what still does
 */
export async function quiet(database: Database, seconds: number, organisation = ''): Promise<void> {
  const ours = (column: string) => (organisation === '' ? 'true' : `${column} = '${organisation}'`)
  const deadline = Date.now() + seconds * 1_000
  for (;;) {
    const { rows } = await database.query(
      `select (select count(*)::int from stripe_events where processed_at is null) as events,
         (select count(*)::int from outbox where relayed_at is null and ${ours('org_id')}) as outbox,
         (select count(*)::int from billing_customers where held_until is not null and ${ours('org_id')}) as held,
         (select count(*)::int from outbox o join billing_customers c using (org_id)
          where ${ours('org_id')} and o.topic = 'billing.sync' and o.relayed_at >= coalesce(c.written_began_at, '-infinity')) as unread`,
    )
    const waiting = Object.entries(rows[0]).filter(([, count]) => count !== 0)
    if (waiting.length === 0) return
    if (Date.now() > deadline)
      throw new Error(`after ${seconds} s there still wait: ${JSON.stringify(Object.fromEntries(waiting))}`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
