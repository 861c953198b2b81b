import { z } from 'zod'

/** Whose shapes are read here: that of Worklane and of the sandbox. */
const apiVersion = '2026-10-28.endive'

/** Where Stripe is, or its sandbox. */
export type StripeAddress = { origin: string; secretKey: string }

const seconds = z.number().int()
const id = z.string()
/** What is named by its id, or there as a whole. */
const named = z.union([id, z.object({ id }).transform((object) => object.id)])

const Price = z.object({ lookup_key: id.nullable(), currency: id, unit_amount: z.number().nullable() })

export const StripeSubscription = z.object({
  id,
  customer: named,
  status: z.string(),
  created: seconds,
  trial_end: seconds.nullable(),
  cancel_at: seconds.nullable(),
  ended_at: seconds.nullable(),
  items: z.object({
    data: z
      .array(
        z.object({
          quantity: z.number().optional(),
          price: Price,
          current_period_start: seconds,
          current_period_end: seconds,
        }),
      )
      .min(1),
  }),
})
export type StripeSubscription = z.infer<typeof StripeSubscription>

const Payment = z.object({
  amount_paid: z.number().nullable(),
  currency: id,
  payment: z.object({ payment_intent: named.optional(), charge: named.optional() }),
  status_transitions: z.object({ paid_at: seconds.nullable() }),
})

export const StripeInvoice = z.object({
  id,
  customer: named,
  number: id.nullable(),
  status: z.string().nullable(),
  currency: id,
  total: z.number(),
  amount_due: z.number(),
  amount_paid: z.number(),
  attempt_count: z.number(),
  created: seconds,
  period_start: seconds,
  period_end: seconds,
  next_payment_attempt: seconds.nullable(),
  total_taxes: z.array(z.object({ amount: z.number() })).nullable(),
  parent: z.object({ subscription_details: z.object({ subscription: named }).nullish() }).nullable(),
  status_transitions: z.object({
    finalized_at: seconds.nullable(),
    paid_at: seconds.nullable(),
    voided_at: seconds.nullable(),
    marked_uncollectible_at: seconds.nullable(),
  }),
  hosted_invoice_url: z.string().nullish(),
  invoice_pdf: z.string().nullish(),
  payments: z.object({ data: z.array(Payment), has_more: z.literal(false) }),
})
export type StripeInvoice = z.infer<typeof StripeInvoice>

export const StripeRefund = z.object({
  id,
  amount: z.number(),
  currency: id,
  status: z.string().nullable(),
  created: seconds,
  payment_intent: named.nullable(),
  charge: named.nullable(),
})
export type StripeRefund = z.infer<typeof StripeRefund>

export const StripeDispute = z.object({
  id,
  amount: z.number(),
  currency: id,
  status: z.string(),
  created: seconds,
  payment_intent: named.nullable(),
  charge: named,
})
export type StripeDispute = z.infer<typeof StripeDispute>

const StripeEvent = z.object({ id, type: z.string(), created: seconds, pending_webhooks: z.number() })
export type StripeEvent = z.infer<typeof StripeEvent>

/** All that Stripe knows of what was sold, bought and paid. */
export type StripeBooks = {
  subscriptions: StripeSubscription[]
  invoices: StripeInvoice[]
  refunds: StripeRefund[]
  disputes: StripeDispute[]
}

/** @throws Error when Stripe refuses, or answers something else than it documents */
export async function readBooks(address: StripeAddress): Promise<StripeBooks> {
  const subscriptions = await listed(address, 'subscriptions?status=all', StripeSubscription)
  const invoices = await listed(address, 'invoices?expand[]=data.payments', StripeInvoice)
  // All there are: of one that failed its charge knows nothing.
  const refunds = await listed(address, 'refunds?', StripeRefund)
  const disputes = await listed(address, 'disputes?', StripeDispute)
  return { subscriptions, invoices, refunds, disputes }
}

const StripeCustomer = z.object({ id, metadata: z.record(z.string(), z.string()) })
export type StripeCustomer = z.infer<typeof StripeCustomer>

/** All customers but those that were deleted. */
export const readCustomers = (address: StripeAddress): Promise<StripeCustomer[]> =>
  listed(address, 'customers?', StripeCustomer)

/** Whether there was a customer of that id, who is deleted. */
export async function isDeleted(address: StripeAddress, customer: string): Promise<boolean> {
  const { status, body } = await asked(address, `customers/${encodeURIComponent(customer)}`)
  return status === 200 && z.object({ deleted: z.literal(true) }).safeParse(body).success
}

/**
 * The events that an endpoint wants; those that every one has acknowledged have no pending webhooks.
 * @param since by Stripe's clock, epoch seconds
 */
export async function wantedEvents(address: StripeAddress, since: number): Promise<StripeEvent[]> {
  const Endpoint = z.object({ id, enabled_events: z.array(z.string()) })
  const endpoints = await listed(address, 'webhook_endpoints?', Endpoint)
  const wanted = new Set(endpoints.flatMap(({ enabled_events }) => enabled_events))
  const events = await listed(address, `events?created[gte]=${since}`, StripeEvent)
  return events.filter(({ type }) => wanted.has(type) || wanted.has('*'))
}

const page = 100

async function asked(
  { origin, secretKey }: StripeAddress,
  path: string,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${origin}/v1/${path}`, {
    headers: { Authorization: `Bearer ${secretKey}`, 'Stripe-Version': apiVersion },
    signal: AbortSignal.timeout(30_000),
  })
  return { status: response.status, body: await response.json() }
}

async function listed<Row extends { id: string }>(
  address: StripeAddress,
  path: string,
  row: z.ZodType<Row>,
): Promise<Row[]> {
  const Page = z.object({ data: z.array(row), has_more: z.boolean() })
  const rows: Row[] = []
  for (;;) {
    const last = rows.at(-1)
    const after = last ? `&starting_after=${last.id}` : ''
    const { status, body } = await asked(address, `${path}&limit=${page}${after}`)
    if (status !== 200) throw new Error(`Stripe refused ${path} (${status}): ${JSON.stringify(body)}`)
    const { data, has_more } = Page.parse(body)
    rows.push(...data)
    if (!has_more) return rows
  }
}

/** Whether there is a price in use that has a look-up key. */
export async function hasPrice(address: StripeAddress, lookupKey: string): Promise<boolean> {
  const path = `prices?active=true&lookup_keys[]=${encodeURIComponent(lookupKey)}`
  return (await listed(address, path, z.object({ id }))).length > 0
}
