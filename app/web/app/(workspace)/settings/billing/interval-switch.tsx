'use client'

import { type Interval, intervals, plans } from '@worklane/domain/billing/plans.ts'
import { billing as texts } from '#web/texts/billing.ts'

/** So many months of a year cost nothing, of the smallest plan; the others are priced alike. */
const monthsFree = 12 - (plans.team.seat?.year ?? 0) / (plans.team.seat?.month ?? 1)

type Props = { name: string; chosen: Interval; onChoose: (interval: Interval) => void }

/** Monthly or yearly. */
export function IntervalSwitch({ name, chosen, onChoose }: Props) {
  return (
    <fieldset>
      <legend className="sr-only">{texts.interval}</legend>
      <div className="inline-flex rounded-lg border bg-sunken p-0.5 text-sm">
        {intervals.map((each) => (
          <label
            key={each}
            className="flex cursor-pointer items-center gap-2 rounded-md px-3 py-1.5 text-muted has-checked:bg-surface has-checked:font-semibold has-checked:text-ink has-checked:shadow-sm has-checked:ring-1 has-checked:ring-line has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={name}
              className="sr-only"
              checked={chosen === each}
              onChange={() => onChoose(each)}
            />
            {texts.intervals[each]}
            {each === 'year' && monthsFree > 0 ? (
              <span className="rounded-full bg-good-soft px-2 py-0.5 text-xs font-semibold text-good">
                {texts.monthsFree(monthsFree)}
              </span>
            ) : null}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
