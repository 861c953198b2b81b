'use client'

import { currency, type Interval, type PaidPlan, paidPlans, plans } from '@worklane/domain/billing/plans.ts'
import { useRouter } from 'next/navigation'
import { useEffect, useState } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { money } from '#web/lib/money.ts'
import { billing as texts } from '#web/texts/billing.ts'
import { IntervalSwitch } from './interval-switch.tsx'

/** Leads to the page at which a plan is paid for. */
export function Choose() {
  const { act, said, isPending } = useAct()
  const [interval, setInterval] = useState<Interval>('month')
  const begin = (plan: PaidPlan) =>
    act(async (api) => location.assign((await api.billing.checkout.mutate({ plan, interval })).url), '')
  return (
    <fieldset disabled={isPending}>
      <IntervalSwitch name="interval" chosen={interval} onChoose={setInterval} />
      <ul className="mt-4 grid gap-3 sm:grid-cols-2">
        {paidPlans.map((plan) => (
          <li key={plan} className="rounded-lg border p-4">
            <p className="font-semibold">{plans[plan].name}</p>
            <p className="mt-1 mb-3 text-sm text-muted tabular-nums">
              {texts.perSeat[interval](money(plans[plan].seat?.[interval] ?? 0, currency))}
            </p>
            <Button onClick={() => begin(plan)}>{texts.start(plans[plan].name)}</Button>
          </li>
        ))}
      </ul>
      <Said said={said} />
    </fieldset>
  )
}

/** Leads to the page at which a subscription is managed. */
export function Manage({ text = texts.manage }: { text?: string }) {
  const { act, said, isPending } = useAct()
  return (
    <>
      <Button
        look="quiet"
        disabled={isPending}
        onClick={() => act(async (api) => location.assign((await api.billing.portal.mutate({})).url), '')}
      >
        {text}
      </Button>
      <Said said={said} />
    </>
  )
}

const lookAgainMs = 1_000
const looksASync = 6

/** After a checkout: has the server look at once, and looks until it has seen the subscription. */
export function Syncing() {
  const router = useRouter()
  useEffect(() => {
    let looks = 0
    const look = () => {
      // One that came too soon after another is not made: asked for again until it is.
      if (looks++ % looksASync === 0)
        void import('#web/lib/api.ts').then(({ api }) => api.billing.sync.mutate({})).catch(() => {})
      else router.refresh()
    }
    look()
    const looking = setInterval(look, lookAgainMs)
    return () => clearInterval(looking)
  }, [router])
  return <p role="status">{texts.syncing}</p>
}
