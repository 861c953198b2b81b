import { z } from 'zod'
import { Plan } from '../actor.ts'
import { billingSyncTopic } from '../billing/intake.ts'
import { Problem } from '../errors.ts'
import { runtime } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { CustomerId } from './events.ts'
import { operatorOperation } from './operation.ts'
import { failedReadings } from './queues.ts'

const At = z.iso.datetime().nullable()

export const StripeCustomer = z.object({
  id: z.string(),
  organisation: z.object({ id: Id, name: z.string(), plan: Plan, readOnlyAt: At }),
  createdAt: z.iso.datetime(),
  readings: z.object({
    begun: z.number().int(),
    /** The number of the one that was written last; 0 when none was. */
    written: z.number().int(),
    writtenBeganAt: At,
    writtenAt: At,
    /** Until then somebody reads. */
    heldUntil: At,
    /** Whether one has failed for good since. */
    hasFailed: z.boolean(),
  }),
  /** The one that counts: the first that goes on, and where none does the one that began last. */
  subscription: z
    .object({
      id: z.string(),
      status: z.string(),
      plan: Plan,
      interval: z.enum(['month', 'year']),
      seats: z.number().int(),
      periodEnd: z.iso.datetime(),
      trialEnd: At,
      cancelAt: At,
    })
    .nullable(),
  /** Events that no reading has followed yet. */
  waiting: z.number().int(),
})
export type StripeCustomer = z.infer<typeof StripeCustomer>

type Row = {
  orgId: string
  name: string
  plan: Plan
  readOnlyAt: Date | null
  createdAt: Date
  begun: number
  written: number
  writtenBeganAt: Date | null
  writtenAt: Date | null
  heldUntil: Date | null
  waiting: number
  subscription: StripeCustomer['subscription']
}

export const getCustomer = operatorOperation({
  name: 'operator.customer',
  rest: 'GET /v1/operator/customers/:customerId',
  summary: 'What we hold of a customer: whose it is, when it was read, and its subscription',
  allow: 'operator',
  target: ({ customerId }) => customerId,
  input: z.strictObject({ customerId: CustomerId }),
  output: StripeCustomer,
  async run(_, { customerId }) {
    const { rows } = await runtime().operator.query<Row>(find, [customerId])
    const [row] = rows
    if (!row) throw unknown(customerId)
    const failed = (await failedReadings()).get(row.orgId)
    const { orgId: id, name, plan, subscription, waiting, begun, written } = row
    return {
      id: customerId,
      organisation: { id, name, plan, readOnlyAt: iso(row.readOnlyAt) },
      createdAt: row.createdAt.toISOString(),
      readings: {
        begun,
        written,
        writtenBeganAt: iso(row.writtenBeganAt),
        writtenAt: iso(row.writtenAt),
        heldUntil: iso(row.heldUntil),
        hasFailed: failed !== undefined && (row.writtenBeganAt === null || failed > row.writtenBeganAt),
      },
      subscription,
      waiting,
    }
  },
})

const iso = (at: Date | null) => at?.toISOString() ?? null

const unknown = (id: string) => new Problem('notFound', `No organisation is the customer ${id}.`)

const utc = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** Of those that go on the first counts, as in a reading; of those that have ended the last. */
const currentFirst = `subscription_goes_on(s.status) desc, s.left_out nulls first,
  case when subscription_goes_on(s.status) then s.created_at end,
  case when subscription_goes_on(s.status) then s.id end collate "C", s.created_at desc, s.id desc`

const find = `
  select o.id as "orgId", o.name, o.plan::text, o.read_only_at as "readOnlyAt", c.created_at as "createdAt",
    c.readings::int as begun, c.written_reading::int as written, c.written_began_at as "writtenBeganAt",
    c.written_at as "writtenAt", c.held_until as "heldUntil",
    (select count(*)::int from stripe_events e where e.customer = c.stripe_id and e.processed_at is null) as waiting,
    (select jsonb_build_object('id', s.id, 'status', s.status, 'plan', s.plan, 'interval', s."interval",
        'seats', s.seats, 'periodEnd', ${utc('s.period_end')}, 'trialEnd', ${utc('s.trial_end')},
        'cancelAt', ${utc('s.cancel_at')})
      from subscriptions s where s.org_id = c.org_id
      order by ${currentFirst} limit 1) as subscription
  from billing_customers c join organisations o on o.id = c.org_id
  where c.stripe_id = $1`

export const resyncCustomer = operatorOperation({
  name: 'operator.resync',
  rest: 'POST /v1/operator/customers/:customerId/resync',
  summary: 'Has a customer looked at anew; the organisation’s audit log says that we did',
  allow: 'operator',
  target: ({ customerId }) => customerId,
  input: z.strictObject({ customerId: CustomerId }),
  output: z.object({ id: z.string() }),
  async run({ requestId }, { customerId }) {
    const values = [customerId, billingSyncTopic, requestId]
    const { rows } = await runtime().operator.query<{ orgId: string }>(resync, values)
    if (!rows[0]) throw unknown(customerId)
    return { id: customerId }
  },
})

// The work and the organisation's entry are there together, or neither is. Who it was stands in the operators' log: to
// an organisation it was Worklane.
const resync = `
  with customer as (
    select org_id from billing_customers where stripe_id = $1
  ), work as (
    insert into outbox (org_id, topic, payload) select org_id, $2, '{}' from customer
  ), entry as (
    insert into audit_log (org_id, operation, target, request_id)
    select org_id, 'operator.resync', 'customer ' || $1, $3 from customer
  )
  select org_id as "orgId" from customer`
