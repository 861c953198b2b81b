'use client'

import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { settings } from '#web/texts/settings.ts'

const { security: texts } = settings

export function Revoke({ sessionId, device }: { sessionId: string; device: string }) {
  const { act, isPending, said } = useAct()
  return (
    <>
      <Said said={said?.bad ? said : null} />
      <Button
        look="quiet"
        disabled={isPending}
        aria-label={texts.revokeOf(device)}
        onClick={() => act((api) => api.session.revoke.mutate({ sessionId }))}
      >
        {texts.revoke}
      </Button>
    </>
  )
}

export function RevokeOthers() {
  const { act, isPending, said } = useAct()
  return (
    <div className="mt-5">
      <Button
        look="quiet"
        disabled={isPending}
        onClick={() => act((api) => api.session.revokeOthers.mutate({}))}
      >
        {texts.revokeOthers}
      </Button>
      <Said said={said} />
    </div>
  )
}
