'use client'

import { type Interval, type PaidPlan, plans } from '@worklane/domain/billing/plans.ts'
import type { Preview } from '@worklane/domain/billing/preview.ts'
import { useCallback, useEffect, useRef, useState } from 'react'
import { type Refusal, RefusalText, refusalOf } from '#web/components/refusal.tsx'
import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { Skeleton } from '#web/components/ui/card.tsx'
import { longDate } from '#web/lib/format.ts'
import { money } from '#web/lib/money.ts'
import { billing as texts } from '#web/texts/billing.ts'
import { settings } from '#web/texts/settings.ts'
import { Manage } from './billing-forms.tsx'
import { Costs } from './costs.tsx'
import { useFollow } from './following.tsx'

type Props = {
  terms: { plan: PaidPlan; interval: Interval }
  /** Whether another change is ahead, which this one takes the place of. */
  isScheduled: boolean
  zone: string
  onClose: () => void
}

/** Says what a change costs, and makes it at that cost or not at all. */
export function ChangeDialog({ terms, isScheduled, zone, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const follow = useFollow()
  const { act, said, isPending } = useAct()
  const { preview, refusal, ask } = usePreview(terms)
  useEffect(() => dialog.current?.showModal(), [])

  async function change({ plan, interval, token }: Preview) {
    const isDone = await act(async (api) => {
      const { confirmAt } = await api.billing.change.mutate({ plan, interval, preview: token })
      // The bank asks its holder: there, and the change takes effect with that.
      if (confirmAt !== null) location.assign(confirmAt)
    })
    // A preview is good for one try: what is asked next is asked anew.
    if (!isDone) return ask()
    follow()
    dialog.current?.close()
  }

  const name = texts.terms(plans[terms.plan].name, terms.interval)
  const day = (at: string) => longDate(at, { zone })
  const close = () => dialog.current?.close()
  return (
    <dialog
      ref={dialog}
      aria-label={name}
      onClose={onClose}
      className="m-auto w-full max-w-lg rounded-xl border bg-surface p-5 text-ink backdrop:bg-black/40 max-sm:max-w-[calc(100vw-2rem)]"
    >
      <h3 className="mb-3 text-lg font-semibold">{name}</h3>
      {refusal ? <RefusalText refusal={refusal} /> : null}
      {preview || refusal ? null : (
        <>
          <p role="status" className="mb-3 text-sm text-muted">
            {texts.preview.asking}
          </p>
          <Skeleton className="h-40" />
        </>
      )}
      {preview ? <Costs preview={preview} day={day} /> : null}
      {preview?.takesEffect === 'now' && isScheduled ? (
        <p className="mt-3 text-sm">{texts.changeDrops}</p>
      ) : null}
      <Said said={said?.bad ? said : null} />
      {said?.bad && preview && preview.today.due.amount > 0 ? (
        <div className="mt-3">
          <Manage text={texts.preview.card} />
        </div>
      ) : null}
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button look="bare" onClick={close}>
          {refusal ? texts.preview.back : texts.preview.close}
        </Button>
        {preview ? (
          <Button disabled={isPending} onClick={() => change(preview)}>
            {verb(preview, day)}
          </Button>
        ) : null}
      </div>
    </dialog>
  )
}

function verb({ takesEffect, at, today: { due } }: Preview, day: (at: string) => string): string {
  if (takesEffect === 'periodEnd' && at !== null) return texts.preview.schedule(day(at))
  return due.amount > 0 ? texts.preview.pay(money(due.amount, due.currency)) : texts.preview.change
}

/** What Stripe says that it costs, asked as the dialog opens and again after a try that failed. */
function usePreview({ plan, interval }: Props['terms']) {
  const [preview, setPreview] = useState<Preview | null>(null)
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const ask = useCallback(async () => {
    try {
      const { api } = await import('#web/lib/api.ts')
      setPreview(await api.billing.preview.query({ plan, interval }))
      setRefusal(null)
    } catch (error) {
      setPreview(null)
      setRefusal(refusalOf(error, settings.failed))
    }
  }, [plan, interval])
  useEffect(() => void ask(), [ask])
  return { preview, refusal, ask }
}
