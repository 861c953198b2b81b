'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { work } from '#web/texts/work.ts'

export function RemoveComment({ commentId }: { commentId: string }) {
  const router = useRouter()
  const [isPending, setPending] = useState(false)

  async function remove() {
    setPending(true)
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.comment.remove.mutate({ commentId })
    } finally {
      setPending(false)
      router.refresh()
    }
  }

  return (
    <button
      type="button"
      disabled={isPending}
      aria-label={work.comments.remove}
      onClick={remove}
      className="ml-auto grid size-6 place-items-center rounded-md text-muted hover:bg-sunken hover:text-danger"
    >
      ×
    </button>
  )
}
