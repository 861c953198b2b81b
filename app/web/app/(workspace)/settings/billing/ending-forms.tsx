'use client'

import { Confirmed } from '#web/components/settings/confirmed.tsx'
import { billing as texts } from '#web/texts/billing.ts'
import { useFollow } from './following.tsx'

const calm = { open: 'quiet', confirm: 'solid' } as const

/** @param text when it would end, and what follows */
export function CancelSubscription({ text }: { text: string }) {
  return (
    <Confirmed
      name={texts.cancelIt}
      text={text}
      back={texts.goOn}
      run={() => (api) => api.billing.cancel.mutate({})}
      after={useFollow()}
    />
  )
}

/** @param day of the invoice that comes then */
export function ResumeSubscription({ day }: { day: string }) {
  return (
    <Confirmed
      name={texts.resume}
      text={texts.resumeText(day)}
      back={texts.preview.back}
      looks={{ open: 'solid', confirm: 'solid' }}
      run={() => (api) => api.billing.resume.mutate({})}
      after={useFollow()}
    />
  )
}

export function UndoChange() {
  return (
    <Confirmed
      name={texts.undo}
      text={texts.undoText}
      back={texts.preview.back}
      looks={calm}
      run={() => (api) => api.billing.undoChange.mutate({})}
      after={useFollow()}
    />
  )
}
