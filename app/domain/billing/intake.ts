import { createHash, randomUUID } from 'node:crypto'
import Stripe from 'stripe'
import { z } from 'zod'
import { type FieldError, Problem } from '../errors.ts'
import { faults } from '../faults.ts'
import { runtime } from '../runtime.ts'

export const billingSyncTopic = 'billing.sync'

/** So much a webhook may weigh: Stripe's largest are about a tenth of it. Bytes. */
export const largestEvent = 512 * 1024

/** What came in by how it ended; read by the metrics. */
export const intakeCounts = { taken: 0, 'taken before': 0, 'wrong signature': 0, malformed: 0 }

/**
 * Takes in an event of Stripe: its row, and where its customer is an organisation of ours the work to look at it, in
 * one transaction. It is believed for its signature alone, and only to say "look": what it holds is not used.
 * @param body as it came, byte for byte
 * @param header Stripe-Signature
 * @throws Problem invalid when no secret of ours has signed it in the last five minutes, or when it is no event of
 *   Stripe's API v1; notFound where billing is off
 */
export async function takeIn(body: string, header: string): Promise<void> {
  const deliveredAt = Date.now()
  const { STRIPE_WEBHOOK_SECRETS: secrets } = runtime().env
  if (secrets === undefined) throw new Problem('notFound', 'Billing is off: no webhooks are taken here.')
  if (!isSigned(body, header, secrets)) {
    intakeCounts['wrong signature']++
    throw new Problem('invalid', 'The signature is not right, or older than five minutes.')
  }
  const payload = storable(body)
  const event = eventIn(payload)
  if (isLost(event)) return
  if (isRefused(event)) throw new Error(`${event.type} is refused: WORKLANE_FAULTS names webhook-refused`)
  const taking = runtime().intake.query<{ isNew: boolean }>({
    name: 'take_in',
    text: store,
    values: [
      keptAs(event),
      event.type,
      customerOf(event),
      new Date(event.created * 1000),
      payload,
      billingSyncTopic,
      deliveredAt,
      paymentsOf(event),
    ],
  })
  const { rows } = await taking.catch((error: { code?: string }) => {
    if (isBeyondJsonb.has(error.code ?? '')) throw malformed()
    throw error
  })
  intakeCounts[rows[0]?.isNew ? 'taken' : 'taken before']++
}

/** The known-bad case of one that is acknowledged and dropped: one in ten, however often it comes; never without it. */
const isLost = ({ id }: StripeEvent): boolean =>
  faults().webhooks === 'lost' && createHash('sha256').update(id).digest().readUInt32BE() % 10 === 0

/** The known-bad case of a type that is answered with 500 for good; never without it. */
const isRefused = ({ type }: StripeEvent): boolean =>
  faults().webhooks === 'refused' && type === 'invoice.finalized'

/** Its id; in the known-bad case of an intake that takes the same event again and again, another one each time. */
const keptAs = ({ id }: StripeEvent): string =>
  faults().webhooks === 'twice' || faults().without.has('unique-event') ? `${id} ${randomUUID()}` : id

const toleranceSeconds = 300

/** What the SDK can compare: of anything else it throws errors that look like ours. */
const signature = /^t=\d{1,12}(,[a-z]\w*=[^,]*)*,v1=[0-9a-f]{64}(,[a-z]\w*=[^,]*)*$/

function isSigned(body: string, header: string, secrets: readonly string[]): boolean {
  if (!signature.test(header)) return false
  for (const secret of secrets) {
    try {
      if (Stripe.webhooks.signature?.verifyHeader(body, header, secret, toleranceSeconds)) return true
    } catch (error) {
      // Any other error is ours.
      if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error
    }
  }
  return false
}

/** An escape of JSON: a pair of surrogates, half of one, a NUL, or any other. */
const escapes =
  /\\u[Dd][89ABab][\dA-Fa-f]{2}\\u[Dd][C-Fc-f][\dA-Fa-f]{2}|(\\u[Dd][89A-Fa-f][\dA-Fa-f]{2})|(\\u0000)|\\./g

/** JSON that Postgres keeps: it knows no NUL and no half of a surrogate pair, and a name that was cut may hold one. */
const storable = (body: string): string =>
  body.replace(escapes, (written, half?: string, nul?: string) => {
    if (nul !== undefined) return ''
    return half === undefined ? written : '\\ufffd'
  })

/** As much as an index takes; Stripe's own names are a tenth of it. */
const name = z.string().min(1).max(255)
const lastSecondOf9999 = 253_402_300_799

/** What is read of an event. Events of API v2 hold no object, and their times are texts. */
const StripeEvent = z.object({
  id: name,
  type: name,
  created: z.int().min(0).max(lastSecondOf9999),
  data: z.object({ object: z.looseObject({}) }),
})
type StripeEvent = z.infer<typeof StripeEvent>

/** What Postgres says of JSON that is nested too deep for it, and of a number that is too large. */
const isBeyondJsonb: ReadonlySet<string> = new Set(['54001', '22003'])

function malformed(fields?: FieldError[]): Problem {
  intakeCounts.malformed++
  return new Problem('invalid', 'The body is signed, and it is no event of Stripe (API v1).', fields)
}

/** @throws Problem invalid for what is no event of Stripe's API v1: our secret has signed it all the same */
function eventIn(body: string): StripeEvent {
  try {
    return StripeEvent.parse(JSON.parse(body))
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed()
    if (!(error instanceof z.ZodError)) throw error
    throw malformed(error.issues.map(({ path, message }) => ({ path: path.join('.'), message })))
  }
}

/** The id of an object that is named by it, or there as a whole. */
function idOf(named: unknown): string | null {
  const id = typeof named === 'string' ? named : (named as { id?: unknown } | null | undefined)?.id
  return name.safeParse(id).data ?? null
}

/** The customer that it is about: most objects name theirs, and a customer is one. */
const customerOf = ({ data: { object } }: StripeEvent): string | null =>
  idOf(object.object === 'customer' ? object : object.customer)

/** By what our payments know it: refunds and disputes name the payment that they are about, and no customer. */
const paymentsOf = ({ data: { object } }: StripeEvent): string[] =>
  [object.payment_intent, object.charge].flatMap((named) => idOf(named) ?? [])

// Once for each id: who sends it again is told that it came, and nothing happens. Who it concerns is looked up, and
// never taken from what the event says of an organisation. Of nobody of ours there is nothing to do.
const store = `
  with whose as (
    select coalesce($3, (
      select c.stripe_id from payments p join billing_customers c using (org_id) where p.id = any($8::text[]) limit 1
    )) as customer
  ), event as (
    insert into stripe_events (id, type, customer, created, payload, processed_at)
    select $1, $2, customer, $4, $5::jsonb,
      case when exists (select from billing_customers c where c.stripe_id = whose.customer) then null else now() end
    from whose
    on conflict (id) do nothing returning id, customer
  ), work as (
    insert into outbox (org_id, topic, payload)
    select c.org_id, $6, jsonb_build_object('event', event.id, 'deliveredAt', $7::bigint) from event join billing_customers c on c.stripe_id = event.customer
  )
  select exists (select from event) as "isNew"`
