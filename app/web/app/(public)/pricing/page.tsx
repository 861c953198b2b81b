import { perOrganisation } from '@worklane/data/rate-limit/classes.ts'
import type { Metadata } from 'next'
import { buttonClass } from '#web/components/ui/button.tsx'
import { publicTexts } from '#web/texts/public.ts'

const { pricing } = publicTexts
const plans = ['free', 'team', 'business'] as const
const kinds = ['read', 'write', 'heavy'] as const
const figure = (value: number) => value.toLocaleString('en')

export const metadata: Metadata = { title: pricing.title, description: pricing.description }

/** The figures are the limiter's own. */
export default function PricingPage() {
  return (
    <div className="mx-auto max-w-5xl px-4 py-14 sm:px-6">
      <h1 className="text-4xl font-semibold tracking-tight">{pricing.heading}</h1>
      <p className="mt-4 max-w-2xl text-muted">{pricing.lead}</p>
      <ul className="mt-10 grid gap-4 sm:grid-cols-3">
        {plans.map((plan) => (
          <li key={plan} className="flex flex-col rounded-xl border bg-surface p-5">
            <h2 className="font-semibold">{pricing.plans[plan]}</h2>
            <p className="mt-1 text-sm text-muted">{pricing.for[plan]}</p>
            <p className="mt-auto pt-5 text-2xl font-semibold tabular-nums">
              {figure(perOrganisation[plan].read)}
            </p>
            <p className="text-sm text-muted">{pricing.perMinute}</p>
          </li>
        ))}
      </ul>
      <h2 className="mt-12 mb-4 text-xl font-semibold tracking-tight">{pricing.tableTitle}</h2>
      <table className="w-full border-t text-sm">
        <thead>
          <tr className="border-b text-left">
            <th scope="col" className="py-2.5 pr-2">
              {pricing.plan}
            </th>
            {plans.map((plan) => (
              <th key={plan} scope="col" className="py-2.5 pl-2 text-right">
                {pricing.plans[plan]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {kinds.map((kind) => (
            <tr key={kind} className="border-b">
              <th scope="row" className="py-2.5 pr-2 text-left font-normal text-muted">
                {pricing.kinds[kind]}
              </th>
              {plans.map((plan) => (
                <td key={plan} className="py-2.5 pl-2 text-right tabular-nums">
                  {figure(perOrganisation[plan][kind])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-8">
        <a href="/sign-up" className={buttonClass()}>
          {pricing.start}
        </a>
      </p>
    </div>
  )
}
