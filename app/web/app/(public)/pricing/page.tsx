import { perOrganisation } from '@worklane/data/rate-limit/classes.ts'
import { Plan } from '@worklane/domain/actor.ts'
import { amountOf } from '@worklane/domain/billing/amounts.ts'
import { counted, currency, type Limited, limitOf, plans } from '@worklane/domain/billing/plans.ts'
import type { Metadata } from 'next'
import { buttonClass } from '#web/components/ui/button.tsx'
import { money } from '#web/lib/money.ts'
import { publicTexts } from '#web/texts/public.ts'

const { pricing } = publicTexts
const kinds = ['read', 'write', 'heavy'] as const
const figure = (value: number) => value.toLocaleString('en')
const price = (minorUnits: number) => money(minorUnits, currency)

export const metadata: Metadata = { title: pricing.title, description: pricing.description }

/** The figures are those that are enforced. */
export default function PricingPage() {
  return (
    <div className="mx-auto max-w-5xl px-4 py-14 sm:px-6">
      <h1 className="text-4xl font-semibold tracking-tight">{pricing.heading}</h1>
      <p className="mt-4 max-w-2xl text-muted">{pricing.lead}</p>
      <ul className="mt-10 grid gap-4 sm:grid-cols-3">
        {Plan.options.map((plan) => (
          <li key={plan} className="flex flex-col rounded-xl border bg-surface p-5">
            <h2 className="font-semibold">{plans[plan].name}</h2>
            <p className="mt-1 text-sm text-muted">{pricing.for[plan]}</p>
            <p className="mt-auto pt-5 text-2xl font-semibold tabular-nums">
              {price(plans[plan].seat?.month ?? 0)}
            </p>
            <p className="text-sm text-muted">{plans[plan].seat ? pricing.perSeat : pricing.costsNothing}</p>
            <p className="min-h-5 text-sm text-muted">{yearly(plan)}</p>
          </li>
        ))}
      </ul>
      <Table
        title={pricing.tableTitle}
        rows={[
          ...[...counted, 'exportRows' as const].map(
            (of): Row => [pricing.limits[of], (plan) => limited(plan, of)],
          ),
          [pricing.limits.requests, (plan) => figure(plans[plan].monthly.requests.included)],
          [pricing.limits.moreRequests, (plan) => beyond(plans[plan].monthly.requests.perThousand)],
          [
            pricing.limits.auditDays,
            (plan) => (plans[plan].features.auditLog ? pricing.days(plans[plan].auditDays) : pricing.none),
          ],
          [
            pricing.limits.webhooks,
            (plan) => (plans[plan].features.webhooks ? pricing.included : pricing.none),
          ],
        ]}
      />
      <Table
        title={pricing.ratesTitle}
        text={pricing.ratesText}
        rows={kinds.map((kind): Row => [pricing.kinds[kind], (plan) => figure(perOrganisation[plan][kind])])}
      />
      <p className="mt-8">
        <a href="/sign-up" className={buttonClass()}>
          {pricing.start}
        </a>
      </p>
    </div>
  )
}

function limited(plan: Plan, of: Limited): string {
  const limit = limitOf(plan, of)
  return limit === null ? pricing.unlimited : amountOf(of, limit)
}

const beyond = (perThousand: number | null): string =>
  perThousand === null ? pricing.none : price(perThousand)

function yearly(plan: Plan): string | null {
  const { seat } = plans[plan]
  return seat && pricing.yearly(price(seat.year))
}

type Row = [name: string, of: (plan: Plan) => string]

function Table({ title, text, rows }: { title: string; text?: string; rows: Row[] }) {
  return (
    <>
      <h2 className="mt-12 text-xl font-semibold tracking-tight">{title}</h2>
      {text ? <p className="mt-1 text-sm text-muted">{text}</p> : null}
      <table className="mt-4 w-full border-t text-sm sm:table-fixed">
        <thead>
          <tr className="border-b text-left">
            <th scope="col" className="py-2.5 pr-2">
              {pricing.plan}
            </th>
            {Plan.options.map((plan) => (
              <th key={plan} scope="col" className="py-2.5 pl-2 text-right">
                {plans[plan].name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, of]) => (
            <tr key={name} className="border-b">
              <th scope="row" className="py-2.5 pr-2 text-left font-normal text-muted">
                {name}
              </th>
              {Plan.options.map((plan) => (
                <td key={plan} className="py-2.5 pl-2 text-right tabular-nums">
                  {of(plan)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
