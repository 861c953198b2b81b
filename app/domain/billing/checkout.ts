import type Stripe from 'stripe'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { enqueue } from '../effects.ts'
import { Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { tenantDb } from '../runtime.ts'
import { atStripe, billingPage, closeCheckouts, customerOf, ensureCustomer } from './customer.ts'
import { billingSyncTopic } from './intake.ts'
import { itemsOf } from './metered-items.ts'
import { intervals, paidPlans } from './plans.ts'
import { isLeftOut, leftOut } from './standing.ts'

const Leads = z.object({
  /** A page of Stripe, for the browser to go to. */
  url: z.url(),
})

/** Once for each organisation. */
const trialDays = 14
/** So old a reading may be that somebody asks for another one. */
const freshSeconds = 5

export const startCheckout = operation({
  name: 'billing.checkout',
  rest: 'POST /v1/billing/checkout',
  summary: 'Begins a subscription: leads to the page on which it is paid for',
  allow: 'admin',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'elsewhere',
  audited: false,
  input: z.strictObject({
    plan: z.enum(paidPlans),
    interval: z.enum(intervals),
  }),
  output: Leads,
  run: (actor, { plan, interval }, key) =>
    atStripe(async (client) => {
      const { hasOne, hadOne, owes, seats } = await before(actor)
      if (hasOne && (await isLeftOut(client, actor))) throw leftOut()
      if (hasOne)
        throw new Problem('conflict', 'Your organisation has a subscription already: change it instead.')
      if (owes)
        throw new Problem(
          'conflict',
          'An invoice of your organisation is not paid: pay it first, in the settings under Billing.',
        )
      const customer = await ensureCustomer(client, actor)
      const line_items = await itemsOf(client, { plan, interval, seats })
      const asked: Stripe.Checkout.SessionCreateParams = {
        mode: 'subscription',
        customer,
        line_items,
        success_url: billingPage('?checkout=done'),
        cancel_url: billingPage(),
        allow_promotion_codes: true,
        billing_address_collection: 'auto',
        customer_update: { address: 'auto', name: 'auto' },
        tax_id_collection: { enabled: true },
        automatic_tax: { enabled: true },
        ...(hadOne ? {} : { subscription_data: { trial_period_days: trialDays } }),
      }
      const session = await client.checkout.sessions.create(asked, named(actor, key))
      await closeCheckouts(client, customer, session.id)
      if (!session.url) throw new Error(`checkout session ${session.id} has no page`)
      return { url: session.url }
    }),
})

/** A key is an organisation's own: two of them may choose the same. */
const named = ({ orgId }: Pick<Actor, 'orgId'>, key: string | undefined): Stripe.RequestOptions =>
  key === undefined ? {} : { idempotencyKey: `${orgId} ${key}` }

/** What decides of a checkout; a seat is one member, and there is always one. */
async function before(actor: Parameters<typeof customerOf>[0]) {
  const [row] = await tenantDb(actor).read(
    (db) => db.$queryRaw<{ hasOne: boolean; hadOne: boolean; owes: boolean; seats: number }[]>`
      select
        exists (select from subscriptions where org_id = (select current_org_id())
          and subscription_goes_on(status)) as "hasOne",
        exists (select from subscriptions where org_id = (select current_org_id())
          and status not in ('incomplete', 'incomplete_expired')) as "hadOne",
        exists (select from organisations where id = (select current_org_id())
          and read_only_at is not null) as "owes",
        (select count(*)::int from memberships where org_id = (select current_org_id())) as seats`,
  )
  return row ?? { hasOne: false, hadOne: false, owes: false, seats: 1 }
}

export const openPortal = operation({
  name: 'billing.portal',
  rest: 'POST /v1/billing/portal',
  summary:
    'Leads to the page on which the way of payment is changed and a subscription is cancelled or resumed',
  allow: 'admin',
  evenReadOnly: true,
  peopleOnly: true,
  writes: 'elsewhere',
  audited: false,
  input: z.strictObject({}),
  output: Leads,
  run: (actor, _, key) =>
    atStripe(async (client) => {
      const customer = await customerOf(actor)
      if (customer === null)
        throw new Problem('conflict', 'Your organisation has never had a subscription: begin one first.')
      const { url } = await client.billingPortal.sessions.create(
        { customer, return_url: billingPage() },
        named(actor, key),
      )
      return { url }
    }),
})

export const syncBilling = operation({
  name: 'billing.sync',
  rest: 'POST /v1/billing/sync',
  summary: 'Looks at once at what Stripe says of your organisation, and waits for nobody to tell',
  allow: 'admin',
  evenReadOnly: true,
  peopleOnly: true,
  audited: false,
  input: z.strictObject({}),
  output: z.object({}),
  async run(actor) {
    // One that began a moment ago is as good, and nobody keeps the queue busy by asking on.
    const [row] = await tenantDb(actor).read(
      (db) => db.$queryRaw<{ isDue: boolean }[]>`
        select coalesce(read_began_at < now() - make_interval(secs => ${freshSeconds}::int), true) as "isDue"
        from billing_customers where org_id = (select current_org_id())`,
    )
    if (row?.isDue) enqueue(actor, billingSyncTopic, {})
    return {}
  },
})
