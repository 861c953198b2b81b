'use client'

import { useState } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { operators } from '#web/texts/operators.ts'

const { events: texts } = operators

/** What Stripe sent, fetched once somebody wants to see it: each look is logged. */
export function Payload({ id }: { id: string }) {
  const { act, said, isPending } = useAct()
  const [payload, setPayload] = useState<string | null>(null)
  const show = () =>
    act(async () => {
      const { operatorApi } = await import('#web/lib/operator-api.ts')
      const event = await operatorApi.operator.event.query({ eventId: id })
      setPayload(JSON.stringify(event.payload, null, 2))
    }, '')
  if (payload === null)
    return (
      <>
        <Button look="quiet" disabled={isPending} onClick={show}>
          {texts.showPayload}
        </Button>
        {said?.bad ? <Said said={said} /> : null}
      </>
    )
  return (
    <figure className="w-full min-w-0">
      <figcaption className="mb-1.5 text-xs text-muted">{texts.payloadNote}</figcaption>
      {/* It scrolls, and so it must be reached with the keyboard. */}
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
        className="max-h-96 overflow-auto rounded-lg border bg-sunken p-3 text-xs"
      >
        {payload}
      </pre>
    </figure>
  )
}
