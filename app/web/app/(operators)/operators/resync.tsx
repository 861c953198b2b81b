'use client'

import { useAct } from '#web/components/settings/act.ts'
import { Said } from '#web/components/settings/said.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { operators } from '#web/texts/operators.ts'

const { customer: texts } = operators

export function Resync({ id }: { id: string }) {
  const { act, said, isPending } = useAct()
  const resync = () =>
    act(async () => {
      const { operatorApi } = await import('#web/lib/operator-api.ts')
      await operatorApi.operator.resync.mutate({ customerId: id })
    }, texts.resynced)
  return (
    <>
      <Button look="quiet" disabled={isPending} onClick={resync}>
        {texts.resync}
      </Button>
      <Said said={said} />
    </>
  )
}
