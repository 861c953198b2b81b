import { createHash, randomUUID } from 'node:crypto'
import Stripe from 'stripe'
import { Problem } from '../errors.ts'
import { faults } from '../faults.ts'
import { runtime } from '../runtime.ts'

export const billingSyncTopic = 'billing.sync'

/** So much a webhook may weigh: Stripe's largest are about a tenth of it. Bytes. */
export const largestEvent = 512 * 1024

/** What came in by how it ended; read by the metrics. */
export const intakeCounts = { taken: 0, 'taken before': 0, 'wrong signature': 0 }

/**
 * Takes in an event of Stripe: its row, and where its customer is an organisation of ours the work to look at it, in
 * one transaction. It is believed for its signature alone, and only to say "look": what it holds is not used.
 * @param body as it came, byte for byte
 * @param header Stripe-Signature
 * @throws Problem invalid when no secret of ours has signed it in the last five minutes; notFound where billing is off
 */
export async function takeIn(body: string, header: string): Promise<void> {
  const deliveredAt = Date.now()
  const { STRIPE_WEBHOOK_SECRETS: secrets } = runtime().env
  if (secrets === undefined) throw new Problem('notFound', 'Billing is off: no webhooks are taken here.')
  const event = signedEvent(body, header, secrets)
  if (!event) {
    intakeCounts['wrong signature']++
    throw new Problem('invalid', 'The signature is not right, or older than five minutes.')
  }
  if (isLost(event)) return
  if (isRefused(event)) throw new Error(`${event.type} is refused: WORKLANE_FAULTS names webhook-refused`)
  const { rows } = await runtime().intake.query<{ isNew: boolean }>({
    name: 'take_in',
    text: store,
    values: [
      keptAs(event),
      event.type,
      customerOf(event),
      new Date(event.created * 1000),
      body,
      billingSyncTopic,
      deliveredAt,
    ],
  })
  intakeCounts[rows[0]?.isNew ? 'taken' : 'taken before']++
}

/** The known-bad case of one that is acknowledged and dropped: one in ten, however often it comes; never without it. */
const isLost = ({ id }: Stripe.Event): boolean =>
  faults().webhooks === 'lost' && createHash('sha256').update(id).digest().readUInt32BE() % 10 === 0

/** The known-bad case of a type that is answered with 500 for good; never without it. */
const isRefused = ({ type }: Stripe.Event): boolean =>
  faults().webhooks === 'refused' && type === 'invoice.finalized'

/** Its id; in the known-bad case of an intake that takes the same event again and again, another one each time. */
const keptAs = ({ id }: Stripe.Event): string =>
  faults().webhooks === 'twice' || faults().without.has('unique-event') ? `${id} ${randomUUID()}` : id

const toleranceSeconds = 300

/** What the SDK can compare: of anything else it throws errors that look like ours. */
const signature = /^t=\d{1,12}(,[a-z]\w*=[^,]*)*,v1=[0-9a-f]{64}(,[a-z]\w*=[^,]*)*$/

function signedEvent(body: string, header: string, secrets: readonly string[]): Stripe.Event | null {
  if (!signature.test(header)) return null
  for (const secret of secrets) {
    try {
      return Stripe.webhooks.constructEvent(body, header, secret, toleranceSeconds)
    } catch (error) {
      // Any other error is ours.
      if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error
    }
  }
  return null
}

/** The customer that it is about: most objects name theirs, and a customer is one. */
function customerOf({ data: { object } }: Stripe.Event): string | null {
  if (!('object' in object)) return null
  const { object: kind, id, customer } = object as { object: string; id?: string; customer?: unknown }
  if (kind === 'customer') return id ?? null
  if (typeof customer === 'string') return customer
  return (customer as { id?: string } | null | undefined)?.id ?? null
}

// Once for each id: who sends it again is told that it came, and nothing happens. Who it concerns is looked up, and
// never taken from what the event says of an organisation. Of nobody of ours there is nothing to do.
const store = `
  with event as (
    insert into stripe_events (id, type, customer, created, payload, processed_at)
    values ($1, $2, $3, $4, $5::jsonb,
      case when exists (select from billing_customers where stripe_id = $3) then null else now() end)
    on conflict (id) do nothing returning id, customer
  ), work as (
    insert into outbox (org_id, topic, payload)
    select c.org_id, $6, jsonb_build_object('event', event.id, 'deliveredAt', $7::bigint) from event join billing_customers c on c.stripe_id = event.customer
  )
  select exists (select from event) as "isNew"`
