import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Organisation,
  organisationAt,
  type PopulationSpec,
  userAt,
} from '@headroom/fixtures/population.ts'
import { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import { copyTable } from '@headroom/seed/copy.ts'
import { connectForBulk } from '@headroom/seed/write.ts'
import type pg from 'pg'
import { type BillingRow, type Entry, rowsOf } from '../books/rows.ts'
import { hasPrice, readBooks } from '../books/stripe-books.ts'
import type { Payments } from './payments.ts'
import { customersOfOthers, markCustomers } from './sandbox-customers.ts'

const day = 86_400

/** So long before now the population subscribed: in the middle of a month that is paid for. Seconds. */
export const subscribedAgo = 20 * day
/** From one organisation to the next: a month's end of 1,000 of them is spread over 17 hours. Seconds. */
const everySeconds = 60
/** Where organisations are taxed, one after the other; null for nowhere. */
const countries = ['DE', null, 'FR'] as const
/** What pays for an organisation whose standing is past due: it did so once. */
const cardThatFails = 'pm_card_chargeCustomerFail'

/**
 * Subscribes every organisation that the population gives a paid plan, in the sandbox, each with a seat for each member,
 * and writes what a reading of it would. The sandbox's clock has to stand at `subscribedAgo`, and goes with the real one
 * afterwards. What is told of it meanwhile is delivered to nobody.
 * @returns how many organisations have subscribed
 * @throws Error when Worklane does not make its prices within 30 s, or the database holds customers whom no sandbox made
 */
export async function subscribePopulation(
  spec: PopulationSpec,
  { payments, adminUrl }: { payments: Payments; adminUrl: string },
): Promise<number> {
  const control = new SandboxControl(payments)
  const client = await connectForBulk(adminUrl)
  try {
    const members = await membersByOrganisation(client)
    const paying = payingOrganisations(spec).filter(({ id }) => members.has(id))
    await waitForPrices(payments)
    await control.deliver({ drop: 1 })
    const customers = await control.subscribe({
      everySeconds,
      subscribers: paying.map((organisation) => ({
        name: organisation.name,
        email: userAt(spec, organisation.firstUser).email,
        metadata: { organisation: organisation.id },
        price: `${organisation.plan}_month`,
        quantity: members.get(organisation.id) ?? 1,
        ...countryOf(organisation),
        ...(organisation.standing === 'past due' ? { nextCard: cardThatFails } : {}),
      })),
    })
    await control.moveClock({ to: Math.floor(Date.now() / 1_000), frozen: false })
    await write(
      client,
      payments,
      new Map(customers.map((customer, place) => [customer, paying[place]?.id ?? ''])),
    )
    await control.deliver({})
    return customers.length
  } finally {
    await client.end()
  }
}

const payingOrganisations = (spec: PopulationSpec): Organisation[] =>
  Array.from({ length: spec.organisations }, (_, index) => organisationAt(spec, index)).filter(
    ({ plan }) => plan !== 'free',
  )

/** What the first reading of each customer would write. @param organisations by their customer */
async function write(
  client: pg.Client,
  payments: Payments,
  organisations: ReadonlyMap<string, string>,
): Promise<void> {
  const beganAt = new Date()
  const rows = rowsOf(await readBooks(payments), (customer) => organisations.get(customer))
  const customers = [...organisations].map(([stripe_id, org_id]) => ({
    org_id,
    stripe_id,
    readings: 1,
    written_reading: 1,
    written_began_at: beganAt,
    written_at: new Date(),
  }))
  await client.query('begin')
  await forget(client, [...organisations.values()])
  await markCustomers(client, [...organisations.keys()])
  await copy(client, 'billing_customers', customers)
  for (const [table, its] of Object.entries(rows)) await copy(client, table, its)
  await client.query('commit')
}

const countryOf = ({ index }: Organisation) => {
  const country = countries[index % countries.length]
  return country ? { country } : {}
}

async function membersByOrganisation(client: pg.Client): Promise<Map<string, number>> {
  const { rows } = await client.query<{ id: string; members: number }>(
    'select org_id as id, count(*)::int as members from memberships group by org_id',
  )
  return new Map(rows.map(({ id, members }) => [id, members]))
}

/** Workers make them as they start, after they say that they are ready. */
async function waitForPrices(payments: Payments): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if ((await hasPrice(payments, 'team_month')) && (await hasPrice(payments, 'business_month'))) return
    await sleep(100)
  }
  throw new Error('Worklane made no prices in the payments sandbox within 30 s: its worker says why')
}

/**
 * A database of the user's own holds what an earlier sandbox said of them, of which this one knows nothing.
 * @throws Error, with everything still there, where somebody pays whom no sandbox made
 */
async function forget(client: pg.Client, organisations: readonly string[]): Promise<void> {
  const others = await customersOfOthers(client)
  if (others > 0)
    throw new Error(
      `the database holds ${others} customers whom no sandbox made: nothing of theirs is removed`,
    )
  await client.query(
    `delete from stripe_events e using billing_customers c
     where e.customer = c.stripe_id and c.org_id = any($1::uuid[])`,
    [organisations],
  )
  for (const table of [
    'ledger_entries',
    'disputes',
    'refunds',
    'payments',
    'invoices',
    'subscriptions',
    'billing_customers',
  ])
    await client.query(`delete from ${table} where org_id = any($1::uuid[])`, [organisations])
}

async function copy(
  client: pg.Client,
  name: string,
  rows: readonly (Omit<BillingRow, 'id'> | Entry)[],
): Promise<void> {
  const [first] = rows
  if (!first) return
  const columns = Object.keys(first)
  const values = rows.map((row) => columns.map((column) => (row as BillingRow)[column] ?? null))
  await copyTable(client, {
    name,
    columns: columns.map((column) => `"${column}"`),
    rows: () => values,
  })
}
