import Stripe from 'stripe'
import type { Actor } from '../actor.ts'
import { Problem } from '../errors.ts'
import { runtime, tenantDb } from '../runtime.ts'
import { accounts } from '../sessions/accounts.ts'
import { stripe } from './stripe.ts'

/**
 * Asks Stripe something on somebody's behalf.
 * @throws Problem conflict where billing is off, or Stripe knows the organisation's customer no more; unavailable
 *   while Stripe does not answer as it should
 */
export async function atStripe<T>(ask: (client: Stripe) => Promise<T>): Promise<T> {
  const client = stripe()
  if (!client) throw new Problem('conflict', 'Payments are not available here: billing is off.')
  try {
    return await ask(client)
  } catch (error) {
    if (isCustomerGone(error))
      throw new Problem(
        'conflict',
        'Your organisation is no customer of Stripe any more. Write to our support.',
      )
    if (!passes(error)) throw error
    throw new Problem(
      'unavailable',
      'Payments are not available at the moment. Nothing was charged; try again in a few minutes.',
    )
  }
}

/** Somebody deleted it there. */
const isCustomerGone = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError &&
  error.code === 'resource_missing' &&
  error.param === 'customer'

/** Whether it was done nobody knows: sent again under the same key, it is done once. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeConnectionError ||
  error instanceof Stripe.errors.StripeAPIError ||
  // The first of two with the same key is still under way.
  error instanceof Stripe.errors.StripeIdempotencyError

/** Stripe is away, busy, or at fault itself; what it refuses otherwise was asked wrongly, by us. */
export const passes = (error: unknown): boolean =>
  isUnanswered(error) || error instanceof Stripe.errors.StripeRateLimitError

/**
 * The organisation's customer at Stripe, made where there is none: before anything is bought, so that whatever Stripe
 * tells of it is known to be the organisation's. Twice at once makes one.
 */
export async function ensureCustomer(client: Stripe, actor: Actor): Promise<string> {
  const known = await customerOf(actor)
  if (known !== null) return known
  const [user, organisation] = await Promise.all([
    accounts.byId(actor.userId),
    tenantDb(actor).read((db) =>
      db.organisation.findFirst({ where: { id: actor.orgId }, select: { name: true } }),
    ),
  ])
  // The same whoever asks, and so once: what differs between two who ask at the same time follows.
  const { id } = await client.customers.create(
    { metadata: { organisation: actor.orgId } },
    { idempotencyKey: `customer ${actor.orgId}` },
  )
  await client.customers.update(id, {
    ...(user ? { email: user.email } : {}),
    ...(organisation ? { name: organisation.name } : {}),
  })
  await tenantDb(actor).read(
    (db) => db.$executeRaw`
      insert into billing_customers (org_id, stripe_id) values (${actor.orgId}::uuid, ${id})
      on conflict (org_id) do nothing`,
  )
  return (await customerOf(actor)) ?? id
}

export async function customerOf(actor: Pick<Actor, 'orgId'>): Promise<string | null> {
  const [row] = await tenantDb(actor).read(
    (db) => db.$queryRaw<{ id: string }[]>`
      select stripe_id as id from billing_customers where org_id = (select current_org_id())`,
  )
  return row?.id ?? null
}

/** Closes the pages on which somebody could still begin a subscription, but one where it is named. */
export async function closeCheckouts(client: Stripe, customer: string, kept?: string): Promise<void> {
  for await (const { id } of client.checkout.sessions.list({ customer, status: 'open', limit: 100 })) {
    if (id === kept) continue
    await client.checkout.sessions.expire(id).catch((error: unknown) => {
      // Completed a moment ago: what came of it is seen by a reading.
      if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error
    })
  }
}

/** Where Stripe sends somebody back to. */
export const billingPage = (query = ''): string =>
  new URL(`/settings/billing${query}`, runtime().env.ORIGIN).href
