import { z } from 'zod'
import { Problem } from '../errors.ts'
import { pageOf, pageOfItems, pageSize, timeAndId, timeCursor, timeCursorOf } from '../paging.ts'
import { runtime } from '../runtime.ts'
import { Id } from '../tasks/shapes.ts'
import { line } from '../text.ts'
import { operatorOperation } from './operation.ts'
import { failedReadings } from './queues.ts'
import { redacted } from './redact.ts'

/**
 * What became of an event: a reading that began after it was written (`processed`), none yet (`waiting`), none that will
 * come by itself (`dead`), or it is about no customer of ours (`ignored`).
 */
export const EventState = z.enum(['processed', 'waiting', 'dead', 'ignored'])
export type EventState = z.infer<typeof EventState>

export const CustomerId = z
  .string()
  .regex(/^cus_[A-Za-z0-9]{1,100}$/, 'must be the id of a customer at Stripe, such as cus_NffrFeUfNV2Hib')
const eventId = 'evt_[A-Za-z0-9_]{1,100}'
const EventId = z
  .string()
  .regex(new RegExp(`^${eventId}$`), 'must be the id of an event, such as evt_1NG8Du2eZv')

const Organisation = z.object({ id: Id, name: z.string() })

export const StripeEvent = z.object({
  id: z.string(),
  type: z.string(),
  state: EventState,
  /** At Stripe; null where the event names none. */
  customer: z.string().nullable(),
  /** Whose customer it is; null where it is nobody's. */
  organisation: Organisation.nullable(),
  createdAt: z.iso.datetime(),
  receivedAt: z.iso.datetime(),
  processedAt: z.iso.datetime().nullable(),
})
export type StripeEvent = z.infer<typeof StripeEvent>

type Row = Pick<StripeEvent, 'id' | 'type' | 'state' | 'customer'> & {
  created: Date
  receivedAt: Date
  processedAt: Date | null
  orgId: string | null
  name: string | null
}

export const listEvents = operatorOperation({
  name: 'operator.events',
  rest: 'GET /v1/operator/events',
  summary: 'What Stripe told, and what became of it, latest first',
  allow: 'operator',
  input: z.strictObject({
    type: line(100).optional(),
    customer: CustomerId.optional(),
    state: EventState.optional(),
    cursor: timeCursor(eventId),
    limit: pageSize,
  }),
  output: pageOfItems(StripeEvent),
  async run(_, { type = null, customer = null, state = null, cursor, limit }) {
    const after = cursor === undefined ? null : timeAndId(cursor)
    const { rows } = await runtime().operator.query<Row>(
      `with events as (${withState})
       select * from events
       where ($2::text is null or type = $2) and ($3::text is null or customer = $3)
         and ($4::text is null or state = $4)
         and ($5::timestamptz is null or (created, id) < ($5::timestamptz, $6::text))
       order by created desc, id desc limit $7`,
      [await deadNow(), type, customer, state, after?.at ?? null, after?.id ?? null, limit + 1],
    )
    return pageOf(rows, limit, eventOf, ({ created, id }) => timeCursorOf(created, id))
  },
})

export const getEvent = operatorOperation({
  name: 'operator.event',
  rest: 'GET /v1/operator/events/:eventId',
  summary: 'One event with its payload, without what it holds of cards, addresses and people',
  allow: 'operator',
  target: ({ eventId }) => eventId,
  input: z.strictObject({ eventId: EventId }),
  output: StripeEvent.extend({ payload: z.unknown() }),
  async run(_, { eventId }) {
    const { rows } = await runtime().operator.query<Row & { payload: unknown }>(
      `with events as (${withState})
       select events.*, payload from events join stripe_events using (id) where id = $2`,
      [await deadNow(), eventId],
    )
    const [row] = rows
    if (!row) throw new Problem('notFound', `There is no event ${eventId}.`)
    return { ...eventOf(row), payload: redacted(row.payload) }
  },
})

const eventOf = ({ created, receivedAt, processedAt, orgId, name, ...row }: Row): StripeEvent => ({
  ...row,
  organisation: orgId === null ? null : { id: orgId, name: name ?? '' },
  createdAt: created.toISOString(),
  receivedAt: receivedAt.toISOString(),
  processedAt: processedAt?.toISOString() ?? null,
})

/** The failed readings by organisation, as the statements below take them. */
async function deadNow(): Promise<string> {
  return JSON.stringify([...(await failedReadings())].map(([orgId, at]) => ({ org_id: orgId, at })))
}

// An event of nobody of ours has its `processed_at` as it comes, so whose it is has to be asked first.
// The work of an event is written with it, so what failed for good was written no earlier than the event.
const withState = `
  select e.id, e.type, e.customer, e.created, e.received_at as "receivedAt", e.processed_at as "processedAt",
    c.org_id as "orgId", o.name,
    case
      when c.org_id is null then 'ignored'
      when e.processed_at is not null then 'processed'
      when e.received_at <= d.at + interval '5 milliseconds' then 'dead'
      else 'waiting'
    end as state
  from stripe_events e
    left join billing_customers c on c.stripe_id = e.customer
    left join organisations o on o.id = c.org_id
    left join jsonb_to_recordset($1::jsonb) as d (org_id uuid, at timestamptz) on d.org_id = c.org_id`
