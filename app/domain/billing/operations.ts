import { z } from 'zod'
import { type Actor, Plan } from '../actor.ts'
import { operation } from '../operation.ts'
import { listSize, pageOf, pageOfItems, timeAndId, timeCursor, timeCursorOf } from '../paging.ts'
import { tenantDb } from '../runtime.ts'
import { countedNow } from './entitlements.ts'
import { Money } from './money-schema.ts'
import {
  counted,
  currency,
  type Interval,
  limitOf,
  type Metered,
  metered,
  type PaidPlan,
  plans,
} from './plans.ts'
import { stripe } from './stripe.ts'
import { Terms } from './terms.ts'

const Subscription = Terms.extend({
  status: z.string(),
  seats: z.number().int(),
  seat: Money,
  periodEnd: z.iso.datetime(),
  trialEnd: z.iso.datetime().nullable(),
  /** When it ends, where somebody has cancelled it. */
  cancelAt: z.iso.datetime().nullable(),
  /** What it is from the end of the period on, where somebody has chosen less. */
  scheduled: Terms.extend({ at: z.iso.datetime() }).nullable(),
  /** Whether money above zero has come for it. */
  isPaid: z.boolean(),
})

export const Billing = z
  .object({
    /** Whether payments are available here. */
    isOn: z.boolean(),
    plan: Plan,
    /** From then on nothing but reading, until what is owed is paid. */
    readOnlyAt: z.iso.datetime().nullable(),
    subscription: Subscription.nullable(),
    use: z.array(
      z.object({ of: z.enum(counted), used: z.number().int(), limit: z.number().int().nullable() }),
    ),
    /** What is used up in a month of UTC. */
    month: z.array(
      z.object({
        of: z.enum(metered),
        used: z.number().int(),
        included: z.number().int(),
        /** What a thousand more cost, without tax; null where no more are allowed. */
        perThousand: Money.nullable(),
      }),
    ),
  })
  .meta({ id: 'Billing' })
export type Billing = z.infer<typeof Billing>

type OrganisationRow = {
  plan: Plan
  readOnlyAt: Date | null
  usedInMonth: Partial<Record<Metered, number>>
}

type SubscriptionRow = {
  status: string
  plan: PaidPlan
  interval: Interval
  seats: number
  currency: string
  seatAmount: bigint
  periodEnd: Date
  trialEnd: Date | null
  cancelAt: Date | null
  scheduledPlan: PaidPlan | null
  scheduledInterval: Interval | null
  scheduledAt: Date | null
  isPaid: boolean
}

export const getBilling = operation({
  name: 'billing.get',
  rest: 'GET /v1/billing',
  summary: 'The plan of your organisation, its subscription, and how much of the plan is in use',
  allow: 'admin',
  input: z.strictObject({}),
  output: Billing,
  run: (actor) =>
    tenantDb(actor).read(async (db) => {
      const [[organisation], [subscription], use] = await Promise.all([
        db.$queryRaw<OrganisationRow[]>`
          select plan::text, read_only_at as "readOnlyAt",
            (select coalesce(jsonb_object_agg(kind, used), '{}') from usage_months
             where org_id = (select current_org_id())
               and month = date_trunc('month', now() at time zone 'UTC')::date) as "usedInMonth"
          from organisations where id = (select current_org_id())`,
        // The first counts, as in a reading.
        db.$queryRaw<SubscriptionRow[]>`
          select status, plan::text, "interval"::text, seats, currency, seat_amount as "seatAmount",
            period_end as "periodEnd", trial_end as "trialEnd", cancel_at as "cancelAt", paid_at is not null as "isPaid",
            scheduled_plan::text as "scheduledPlan", scheduled_interval::text as "scheduledInterval",
            scheduled_at as "scheduledAt"
          from subscriptions
          where org_id = (select current_org_id()) and subscription_goes_on(status)
          order by left_out nulls first, created_at, id collate "C" limit 1`,
        countedNow((text, values) => db.$queryRawUnsafe(text, ...values), actor.orgId),
      ])
      const plan = organisation?.plan ?? actor.plan
      return {
        isOn: stripe() !== null,
        plan,
        readOnlyAt: organisation?.readOnlyAt?.toISOString() ?? null,
        subscription: subscription ? subscriptionOf(subscription) : null,
        use: counted.map((of) => ({ of, used: use[of], limit: limitOf(plan, of) })),
        month: metered.map((of) => monthOf(plan, of, organisation?.usedInMonth[of] ?? 0)),
      }
    }),
})

function monthOf(plan: Plan, of: Metered, used: number): Billing['month'][number] {
  const { included, perThousand } = plans[plan].monthly[of]
  return { of, used, included, perThousand: perThousand === null ? null : { amount: perThousand, currency } }
}

const subscriptionOf = ({
  seatAmount,
  currency,
  periodEnd,
  trialEnd,
  cancelAt,
  scheduledPlan: plan,
  scheduledInterval: interval,
  scheduledAt: at,
  ...row
}: SubscriptionRow): z.infer<typeof Subscription> => ({
  ...row,
  seat: { amount: Number(seatAmount), currency },
  periodEnd: periodEnd.toISOString(),
  trialEnd: trialEnd?.toISOString() ?? null,
  cancelAt: cancelAt?.toISOString() ?? null,
  scheduled: plan && interval && at && { plan, interval, at: at.toISOString() },
})

export const Invoice = z
  .object({
    id: z.string(),
    number: z.string().nullable(),
    status: z.enum(['open', 'paid', 'void', 'uncollectible']),
    total: Money,
    tax: Money,
    due: Money,
    paid: Money,
    createdAt: z.iso.datetime(),
    /** Where it can be paid, and where it can be downloaded, at Stripe. */
    hostedUrl: z.url().nullable(),
    pdfUrl: z.url().nullable(),
  })
  .meta({ id: 'Invoice' })
export type Invoice = z.infer<typeof Invoice>

type InvoiceRow = Pick<Invoice, 'id' | 'number' | 'status' | 'hostedUrl' | 'pdfUrl'> & {
  currency: string
  total: bigint
  tax: bigint
  due: bigint
  paid: bigint
  createdAt: Date
}

export const listInvoices = operation({
  name: 'invoice.list',
  rest: 'GET /v1/invoices',
  summary: 'The invoices of your organisation, latest first',
  allow: 'admin',
  input: z.strictObject({ cursor: timeCursor('in_[A-Za-z0-9]{1,100}'), limit: listSize }),
  output: pageOfItems(Invoice),
  async run(actor: Actor, { cursor, limit }) {
    const after = cursor === undefined ? null : timeAndId(cursor)
    const rows = await tenantDb(actor).read(
      (db) => db.$queryRaw<InvoiceRow[]>`
        select id, number, status, currency, total, tax, amount_due as due, amount_paid as paid,
          created_at as "createdAt", hosted_url as "hostedUrl", pdf_url as "pdfUrl"
        from invoices
        where org_id = (select current_org_id())
          and (${after?.at ?? null}::timestamptz is null
            or (created_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::text))
        order by created_at desc, id desc limit ${limit + 1}`,
    )
    return pageOf(rows, limit, invoiceOf, ({ createdAt, id }) => timeCursorOf(createdAt, id))
  },
})

function invoiceOf({ currency, total, tax, due, paid, createdAt, ...row }: InvoiceRow): Invoice {
  const money = (amount: bigint) => ({ amount: Number(amount), currency })
  return {
    ...row,
    total: money(total),
    tax: money(tax),
    due: money(due),
    paid: money(paid),
    createdAt: createdAt.toISOString(),
  }
}
