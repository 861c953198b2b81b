'use client'

import { currency, type Interval, type PaidPlan, paidPlans, plans } from '@worklane/domain/billing/plans.ts'
import { useState } from 'react'
import { Button } from '#web/components/ui/button.tsx'
import { money } from '#web/lib/money.ts'
import { billing as texts } from '#web/texts/billing.ts'
import { ChangeDialog } from './change-dialog.tsx'
import { IntervalSwitch } from './interval-switch.tsx'

type Terms = { plan: PaidPlan; interval: Interval }

type Props = {
  current: Terms
  /** Where a change is ahead, with the day on which it comes. */
  scheduled: (Terms & { day: string }) | null
  zone: string
}

const isSame = (one: Terms, other: Terms | null) =>
  other !== null && one.plan === other.plan && one.interval === other.interval

/** The plans that one can change to; each asks first what it costs. */
export function PlanChange({ current, scheduled, zone }: Props) {
  const [interval, setInterval] = useState(current.interval)
  const [wanted, setWanted] = useState<Terms | null>(null)
  return (
    <>
      <IntervalSwitch name="change-interval" chosen={interval} onChoose={setInterval} />
      <ul className="mt-4 grid gap-3 sm:grid-cols-2">
        {paidPlans.map((plan) => {
          const terms = { plan, interval }
          const isCurrent = isSame(terms, current)
          const isAhead = isSame(terms, scheduled)
          return (
            <li
              key={plan}
              className={`flex flex-col rounded-lg border p-4 ${isCurrent ? 'border-accent bg-accent-soft' : ''}`}
            >
              <p className="font-semibold">{plans[plan].name}</p>
              <p className="mt-1 mb-3 text-sm text-muted tabular-nums">
                {texts.perSeat[interval](money(plans[plan].seat?.[interval] ?? 0, currency))}
              </p>
              {isCurrent || isAhead ? (
                <p className="mt-auto flex h-9 items-center text-sm font-semibold text-accent-text">
                  {isCurrent ? texts.yours : texts.from(scheduled?.day ?? '')}
                </p>
              ) : (
                <Button
                  className="mt-auto self-start"
                  look={isMore(current, terms) ? 'solid' : 'quiet'}
                  onClick={() => setWanted(terms)}
                >
                  {nameOf(current, terms)}
                </Button>
              )}
            </li>
          )
        })}
      </ul>
      {wanted ? (
        <ChangeDialog
          terms={wanted}
          isScheduled={scheduled !== null}
          zone={zone}
          onClose={() => setWanted(null)}
        />
      ) : null}
    </>
  )
}

function nameOf(from: Terms, to: Terms): string {
  if (from.plan === to.plan) return texts.payBy[to.interval]
  const isLarger = paidPlans.indexOf(to.plan) > paidPlans.indexOf(from.plan)
  return (isLarger ? texts.upgrade : texts.downgrade)(plans[to.plan].name)
}

const isMore = (from: Terms, to: Terms): boolean =>
  paidPlans.indexOf(to.plan) >= paidPlans.indexOf(from.plan) &&
  !(from.interval === 'year' && to.interval === 'month')
