import { clientConfigOf } from '@worklane/data/postgres-address.ts'
import { UtcClient } from '@worklane/data/utc-client.ts'
import type pg from 'pg'
import { type BillingRow, type BillingRows, type Entry, hasTaken, rowsOf, type Value } from '../books/rows.ts'
import { readBooks, type StripeAddress, type StripeEvent, wantedEvents } from '../books/stripe-books.ts'
import type { Evidence } from '../result/evidence.ts'
import { customersByStripe } from './customers.ts'
import { exact } from './exact.ts'

/** What is compared: Stripe, and the database as its administrator sees it. */
export type Sides = { stripe: StripeAddress; adminUrl: string }

export type Comparison = {
  /** How many events Stripe lists that are to be delivered. */
  events: number
  /** Those of which an endpoint has not taken a delivery, yet or ever. */
  unacknowledged: Evidence
  /** Where Stripe and Worklane must say the same. */
  evidence: Evidence[]
}

/** What was acknowledged and is not there: so even while something else is under way. */
export const acknowledgedAndLost = 'webhooks acknowledged and lost'

/**
 * Holds what Worklane's tables say of money against what Stripe says of it: events, rows, and the ledger. To be asked
 * when nothing is under way: see `unsettled`.
 * @param since which events count, by Stripe's clock in epoch seconds
 * @throws Error when one of the two does not answer
 */
export async function checkLedger({ stripe, adminUrl }: Sides, since: number): Promise<Comparison> {
  const [events, books] = [await wantedEvents(stripe, since), await readBooks(stripe)]
  return withAdmin(adminUrl, async (client) => {
    const rows = await query<{ org_id: string; stripe_id: string }>(client, sql.customers)
    const organisations = new Set(
      (await query<{ id: string }>(client, sql.organisations)).map(({ id }) => id),
    )
    const customers = await customersByStripe(stripe, books, { rows, organisations })
    const told = rowsOf(books, customers.organisationOf)
    const held = await heldRows(client)
    const untaken = events.filter(({ pending_webhooks }) => pending_webhooks > 0).map(eventInWords)
    return {
      events: events.length,
      unacknowledged: exact('webhooks never acknowledged', untaken, events.length, 'events'),
      evidence: [
        ...(await eventEvidence(client, events)),
        customers.evidence,
        rowEvidence(customers.evidence.samples, told, held),
        ...entryEvidence(told.ledger_entries, held.ledger_entries),
        unbalanced(held.ledger_entries),
        ...agreement(held),
      ],
    }
  })
}

/**
 * How many customers were told of something that no reading which was written knows of.
 * @throws Error when the database does not answer
 */
export const unsettled = (adminUrl: string): Promise<number> =>
  withAdmin(adminUrl, async (client) => {
    const [row] = await query<{ count: number }>(client, sql.unsettled)
    return row?.count ?? 0
  })

async function withAdmin<T>(adminUrl: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new UtcClient({
    connectionTimeoutMillis: 5_000,
    ...clientConfigOf('DATABASE_URL', adminUrl),
  })
  // What is lost fails the query; untold of here it would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end().catch(() => {})
  }
}

const query = async <Row extends object>(client: pg.Client, text: string, values: unknown[] = []) =>
  (await client.query<Row>(text, values)).rows

const sql = {
  customers: 'select org_id, stripe_id from billing_customers',
  organisations: 'select id from organisations',
  // An event is known by the id that Stripe gave it, whatever row it stands in.
  events: `select payload ->> 'id' as id, count(*)::int as rows from stripe_events
    where payload ->> 'id' = any($1) group by 1`,
  // A job knows by the millisecond when it was told, and so does the column, rounded.
  unsettled: `select count(distinct c.org_id)::int as count
    from stripe_events e join billing_customers c on c.stripe_id = e.customer
    where c.written_began_at is null or c.written_began_at <= e.received_at - interval '2 milliseconds'`,
}

const eventInWords = ({ id, type }: StripeEvent) => `${type} ${id}`

/** What was acknowledged must have been kept, and nothing twice. */
async function eventEvidence(client: pg.Client, events: readonly StripeEvent[]): Promise<Evidence[]> {
  const rows = await query<{ id: string; rows: number }>(client, sql.events, [events.map(({ id }) => id)])
  const kept = new Map(rows.map(({ id, rows: count }) => [id, count]))
  const acknowledged = events.filter(({ pending_webhooks }) => pending_webhooks === 0)
  const lost = acknowledged.filter(({ id }) => !kept.has(id)).map(eventInWords)
  const doubled = events.filter(({ id }) => (kept.get(id) ?? 0) > 1).map(eventInWords)
  return [
    exact(acknowledgedAndLost, lost, acknowledged.length, 'events'),
    exact('webhooks applied twice', doubled, events.length, 'events'),
  ]
}

const tables = ['subscriptions', 'invoices', 'payments', 'refunds', 'disputes'] as const

async function heldRows(client: pg.Client): Promise<BillingRows> {
  const rows: Partial<Record<keyof BillingRows, object[]>> = {}
  for (const table of [...tables, 'ledger_entries'] as const)
    rows[table] = await query(client, `select * from ${table}`)
  return rows as BillingRows
}

/** The customers of whom a table says something else than Stripe. */
function rowEvidence(customers: number, told: BillingRows, held: BillingRows): Evidence {
  const wrong = new Map<string, string>()
  for (const table of tables) {
    const rows = new Map(held[table].map((row) => [`${row.org_id} ${row.id}`, row]))
    for (const row of told[table]) {
      const key = `${row.org_id} ${row.id}`
      const why = differenceOf(row, rows.get(key))
      if (why !== null) wrong.set(row.org_id, `${table} ${row.id}: ${why}`)
      rows.delete(key)
    }
    for (const { org_id, id } of rows.values()) wrong.set(org_id, `${table} ${id}: Stripe has no such row`)
  }
  const limit = 'customers of whom Worklane says something else than Stripe'
  return exact(limit, [...wrong.values()], customers, 'customers')
}

function differenceOf(told: BillingRow, held: BillingRow | undefined): string | null {
  if (!held) return 'the row is missing'
  const field = Object.keys(told).find((name) => asText(told[name]) !== asText(held[name]))
  return field === undefined ? null : `${field} is ${asText(held[field])}, by Stripe ${asText(told[field])}`
}

/** Amounts come from the database as text. */
const asText = (value: Value | undefined): string =>
  value instanceof Date ? value.toISOString() : String(value ?? null)

/** Each cause once, each amount right. */
function entryEvidence(told: readonly Entry[], held: readonly Entry[]): Evidence[] {
  const keyOf = ({ org_id, cause, account, currency, amount }: Entry) =>
    `${org_id} ${cause} ${account} ${Number(amount)} ${currency}`
  const inWords = ({ cause, account, amount }: Entry) => `${cause}, ${account} ${Number(amount)}`
  const [wanted, there] = [new Set(told.map(keyOf)), new Set(held.map(keyOf))]
  const lost = told.filter((entry) => !there.has(keyOf(entry))).map(inWords)
  const more = held.filter((entry) => !wanted.has(keyOf(entry))).map(inWords)
  return [
    exact('ledger entries lost', lost, told.length, 'entries'),
    exact('ledger entries doubled', more, told.length, 'entries'),
  ]
}

function unbalanced(entries: readonly Entry[]): Evidence {
  const sums = new Map<string, number>()
  for (const { org_id, cause, currency, amount } of entries) {
    const key = `${org_id} ${cause} ${currency}`
    sums.set(key, (sums.get(key) ?? 0) + Number(amount))
  }
  const wrong = [...sums].filter(([, sum]) => sum !== 0).map(([key, sum]) => `${key} sums to ${sum}`)
  return exact('causes in the ledger that do not balance', wrong, sums.size, 'causes')
}

/** What invoices, payments, refunds and disputes add up to for an organisation must stand in its ledger. */
function agreement({
  invoices,
  payments,
  refunds,
  disputes,
  ledger_entries: entries,
}: BillingRows): Evidence[] {
  const sums = { billed: new Map<string, number>(), cash: new Map<string, number>() }
  const add = (
    to: Map<string, number>,
    { org_id, currency }: { org_id: string; currency?: Value },
    by: number,
  ) => to.set(`${org_id} ${currency}`, (to.get(`${org_id} ${currency}`) ?? 0) + by)
  for (const invoice of invoices)
    if (invoice.finalized_at !== null && invoice.status !== 'void')
      add(sums.billed, invoice, Number(invoice.total))
  for (const payment of payments) add(sums.cash, payment, Number(payment.amount))
  for (const refund of refunds)
    if (refund.status === 'succeeded') {
      add(sums.cash, refund, -Number(refund.amount))
      add(sums.billed, refund, -Number(refund.amount))
    }
  for (const dispute of disputes)
    if (hasTaken(String(dispute.status)) && dispute.status !== 'won')
      add(sums.cash, dispute, -Number(dispute.amount))
  for (const entry of entries) {
    if (entry.account === 'cash') add(sums.cash, entry, -Number(entry.amount))
    if (entry.account === 'revenue' || entry.account === 'tax') add(sums.billed, entry, Number(entry.amount))
  }
  const off = (sums: Map<string, number>) =>
    [...sums].filter(([, sum]) => sum !== 0).map(([key, sum]) => `${key} is off by ${sum}`)
  return [
    exact(
      'organisations whose invoices are not their ledger',
      off(sums.billed),
      sums.billed.size,
      'organisations',
    ),
    exact(
      'organisations whose payments are not their ledger',
      off(sums.cash),
      sums.cash.size,
      'organisations',
    ),
  ]
}
