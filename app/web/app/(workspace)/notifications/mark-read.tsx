'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { Button } from '#web/components/ui/button.tsx'
import { work } from '#web/texts/work.ts'

export function MarkRead() {
  const router = useRouter()
  const [isPending, setPending] = useState(false)
  const [hasFailed, setFailed] = useState(false)

  async function mark() {
    setPending(true)
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.notification.readAll.mutate({})
      router.refresh()
    } catch {
      setFailed(true)
    }
    setPending(false)
  }

  return (
    <div className="flex items-center gap-3">
      {hasFailed ? (
        <p role="alert" className="text-sm text-danger">
          {work.notifications.failed}
        </p>
      ) : null}
      <Button look="quiet" disabled={isPending} onClick={mark}>
        {work.notifications.readAll}
      </Button>
    </div>
  )
}
