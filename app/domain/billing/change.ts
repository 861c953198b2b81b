import Stripe from 'stripe'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { invalidField, Problem } from '../errors.ts'
import { operation } from '../operation.ts'
import { work } from '../runtime.ts'
import { priceOf } from './catalogue.ts'
import { atStripe } from './customer.ts'
import { countedNow } from './entitlements.ts'
import { noted, oneAtATime } from './one-at-a-time.ts'
import { counted, plans } from './plans.ts'
import { opened, type Shown, sealed } from './preview-token.ts'
import { Bill, digestOf, type Quote, quote } from './quote.ts'
import { releaseSchedule, scheduleChange } from './schedule.ts'
import { assertChangeable, type Standing, standingOf } from './standing.ts'
import { isSame, Terms } from './terms.ts'

/** So long a preview is good for: somebody reads it and decides. */
const previewMinutes = 15

const TakesEffect = z.enum(['now', 'periodEnd'])

export const Preview = Terms.extend({
  seats: z.number().int(),
  /** An organisation that takes more has it at once; one that takes less, as its period ends. */
  takesEffect: TakesEffect,
  /** The end of the period, where it takes effect then. */
  at: z.iso.datetime().nullable(),
  isTrial: z.boolean(),
  /** What is charged at once. */
  today: Bill,
  /** What comes after it, and when. */
  next: Bill.extend({ at: z.iso.datetime() }),
  /** What the organisation has more of than the plan allows: it keeps that, and adds nothing to it. */
  beyond: z.array(z.object({ of: z.enum(counted), used: z.number().int(), limit: z.number().int() })),
  /** Sent with the change: it costs what stands here, or is refused. */
  token: z.string(),
  validUntil: z.iso.datetime(),
}).meta({ id: 'BillingPreview' })
export type Preview = z.infer<typeof Preview>

const time = (seconds: number) => new Date(seconds * 1000).toISOString()

const membersOf = (actor: Pick<Actor, 'orgId'>): Promise<number> =>
  work(actor).read((db) => db.membership.count())

export const previewChange = operation({
  name: 'billing.preview',
  rest: 'GET /v1/billing/preview',
  summary: 'What another plan, or to pay by the other interval, would cost today and from then on',
  allow: 'admin',
  peopleOnly: true,
  heavy: true,
  input: z.strictObject(Terms.shape),
  output: Preview,
  run: (actor, to) =>
    atStripe(async (client) => {
      const standing = await standingOf(client, actor)
      assertChangeable(standing, actor)
      const quoted = await quote(client, standing, { ...to, members: await membersOf(actor) })
      const until = Date.now() + previewMinutes * 60_000
      const shown: Shown = {
        ...to,
        organisation: actor.orgId,
        at: quoted.prorationDate,
        digest: digestOf(standing, quoted),
        until,
      }
      return {
        ...to,
        seats: quoted.seats,
        takesEffect: quoted.when,
        at: quoted.when === 'now' ? null : time(standing.periodEnd),
        isTrial: standing.isTrial,
        today: quoted.today,
        next: { ...quoted.next, at: time(quoted.nextAt) },
        beyond: await beyond(actor, to),
        token: sealed(shown),
        validUntil: new Date(until).toISOString(),
      }
    }),
})

async function beyond(actor: Pick<Actor, 'orgId'>, { plan }: Terms): Promise<Preview['beyond']> {
  const use = await work(actor).read((db) =>
    countedNow((text, values) => db.$queryRawUnsafe(text, ...values), actor.orgId),
  )
  return counted.flatMap((of) => {
    const limit = plans[plan].limits[of]
    return limit !== null && use[of] > limit ? [{ of, used: use[of], limit }] : []
  })
}

export const changePlan = operation({
  name: 'billing.change',
  rest: 'POST /v1/billing/change',
  summary: 'Changes the plan or the interval, at the cost that a preview has shown',
  allow: 'admin',
  peopleOnly: true,
  heavy: true,
  writes: 'elsewhere',
  // It leaves its entry once Stripe has taken the change.
  audited: false,
  input: z.strictObject({
    ...Terms.shape,
    /** The token of `billing.preview`. */
    preview: z.string().min(1).max(2_000),
  }),
  output: z.object({
    takesEffect: TakesEffect,
    at: z.iso.datetime().nullable(),
    /** The bank wants its holder to confirm the payment there: the change takes effect with that. */
    confirmAt: z.url().nullable(),
  }),
  run: (actor, { preview, ...to }) =>
    atStripe(async (client) => {
      const shown = shownBefore(actor, to, preview)
      return oneAtATime(actor, () => change(client, actor, to, shown, keyOf(actor, preview)))
    }),
})

/** The intent of an organisation: the same preview sent twice is one change. */
const keyOf = ({ orgId }: Pick<Actor, 'orgId'>, preview: string) =>
  `${orgId} change ${preview.slice(preview.lastIndexOf('.') + 1)}`

function shownBefore({ orgId }: Pick<Actor, 'orgId'>, to: Terms, token: string): Shown {
  const shown = opened(token)
  if (shown === null || shown.organisation !== orgId || !isSame(shown, to))
    throw invalidField('preview', 'is of no such change: ask billing.preview for this plan and interval')
  if (shown.until < Date.now())
    throw new Problem('conflict', 'The preview is too old: look at what the change costs now.')
  return shown
}

async function change(client: Stripe, actor: Actor, to: Terms, shown: Shown, key: string) {
  const standing = await standingOf(client, actor)
  // Somebody was faster, or the same was sent twice: it is as it was asked for.
  if (isSame(standing.terms, to)) return atOnce(null)
  const atEnd = { takesEffect: 'periodEnd', at: time(standing.periodEnd), confirmAt: null } as const
  if (standing.scheduled && isSame(standing.scheduled, to)) return atEnd
  assertChangeable(standing, actor)
  const quoted = await quote(client, standing, { ...to, members: await membersOf(actor), at: shown.at })
  if (digestOf(standing, quoted) !== shown.digest)
    throw new Problem('conflict', 'What the change costs is not what you saw: look at it again.')
  const before = { ...standing.terms, scheduled: standing.scheduled }
  const target = `subscription ${standing.subscription.id}`
  if (quoted.when === 'periodEnd') {
    await scheduleChange(client, { ...standing, price: quoted.price.id, seats: quoted.seats, key })
    await noted(actor, 'billing.change', target, before, { ...standing.terms, scheduled: to })
    return atEnd
  }
  const confirmAt = await changeNow(client, standing, quoted, key)
  const after = { ...(confirmAt === null ? to : standing.terms), scheduled: null }
  await noted(actor, 'billing.change', target, before, after)
  return atOnce(confirmAt)
}

const atOnce = (confirmAt: string | null) => ({ takesEffect: 'now', at: null, confirmAt }) as const

/**
 * Charges first: where the payment does not come, the subscription stays as it was. A change that was scheduled is
 * dropped for this one, and put back where this one fails.
 * @returns where the payment has to be confirmed first, if so
 * @throws Problem declined
 */
async function changeNow(
  client: Stripe,
  standing: Standing,
  quoted: Quote,
  key: string,
): Promise<string | null> {
  const { subscription, schedule, scheduled, isTrial } = standing
  if (subscription.pending_update) await dropPending(client, subscription)
  if (schedule) await releaseSchedule(client, schedule)
  try {
    if (isTrial) {
      await update(client, standing, quoted, { proration_behavior: 'none' }, key)
      return null
    }
    return await chargeNow(client, standing, quoted, key)
  } catch (error) {
    if (scheduled) await putBack(client, standing, key)
    if (error instanceof Stripe.errors.StripeCardError) throw declined(error)
    throw error
  }
}

/**
 * A card that is declined leaves nothing behind. Where its holder has to confirm, the change waits at Stripe with its
 * invoice, on whose page that can be done; after 23 hours it is dropped.
 */
async function chargeNow(
  client: Stripe,
  standing: Standing,
  quoted: Quote,
  key: string,
): Promise<string | null> {
  const invoiced = { proration_behavior: 'always_invoice' } as const
  try {
    const strictly = { ...invoiced, payment_behavior: 'error_if_incomplete' } as const
    await update(client, standing, quoted, strictly, key)
    return null
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeCardError && needsHolder.has(error.code ?? ''))) throw error
  }
  const waiting = { ...invoiced, payment_behavior: 'pending_if_incomplete' } as const
  const updated = await update(client, standing, quoted, waiting, `${key} confirm`)
  if (updated.pending_update === null) return null
  const { latest_invoice: invoice } = updated
  return (typeof invoice === 'object' && invoice?.hosted_invoice_url) || null
}

const update = (
  client: Stripe,
  { subscription, item }: Standing,
  { price, seats, prorationDate }: Quote,
  payment: Stripe.SubscriptionUpdateParams,
  idempotencyKey: string,
) =>
  client.subscriptions.update(
    subscription.id,
    {
      // The seats as they were shown: whoever joined meanwhile has one with the next reading.
      items: [{ id: item.id, price: price.id, quantity: seats }],
      ...payment,
      ...(prorationDate === null ? {} : { proration_date: prorationDate }),
      expand: ['latest_invoice'],
    },
    { idempotencyKey },
  )

/** One that was never confirmed makes way for another: its invoice is void. */
async function dropPending(client: Stripe, { latest_invoice: invoice }: Stripe.Subscription): Promise<void> {
  const id = typeof invoice === 'string' ? invoice : invoice?.id
  if (id) await client.invoices.voidInvoice(id)
}

async function putBack(client: Stripe, standing: Standing, key: string): Promise<void> {
  const { subscription, scheduled, seats } = standing
  const price = await priceOf(client, (scheduled as Terms).plan, (scheduled as Terms).interval)
  const again = { subscription, schedule: null, price: price.id, seats, key: `${key} back` }
  await scheduleChange(client, again)
}

const needsHolder = new Set(['authentication_required', 'subscription_payment_intent_requires_action'])

/** What the bank said, in words that say what to do. Nothing was charged, and nothing is changed. */
function declined({ code, message }: Stripe.errors.StripeCardError): Problem {
  const nothing = 'Nothing was charged, and your plan is as it was.'
  if (code === 'resource_missing')
    return new Problem(
      'declined',
      `There is no card to charge. ${nothing} Add one under Payment, and try again.`,
    )
  return new Problem('declined', `${message} ${nothing} Choose another card under Payment, and try again.`)
}

export const undoChange = operation({
  name: 'billing.undoChange',
  rest: 'DELETE /v1/billing/change',
  summary: 'Takes back a change that is scheduled for the end of the period',
  allow: 'admin',
  peopleOnly: true,
  writes: 'elsewhere',
  audited: false,
  input: z.strictObject({}),
  output: z.object({}),
  run: (actor) =>
    atStripe((client) =>
      oneAtATime(actor, async () => {
        const standing = await standingOf(client, actor)
        if (standing.schedule === null) return {}
        await releaseSchedule(client, standing.schedule)
        const { subscription, terms, scheduled } = standing
        const target = `subscription ${subscription.id}`
        await noted(
          actor,
          'billing.undoChange',
          target,
          { ...terms, scheduled },
          { ...terms, scheduled: null },
        )
        return {}
      }),
    ),
})
