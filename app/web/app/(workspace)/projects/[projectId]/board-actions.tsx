'use client'

import { useRouter } from 'next/navigation'
import { type MouseEvent, type ReactNode, useState, useTransition } from 'react'

type Status = 'todo' | 'doing' | 'review' | 'done'

/** Hears the move buttons of all cards inside, so that a card costs the browser no code of its own. */
export function BoardActions({ children }: { children: ReactNode }) {
  const router = useRouter()
  const [message, setMessage] = useState('')
  const [, startTransition] = useTransition()

  async function move(event: MouseEvent) {
    const button = (event.target as Element).closest<HTMLButtonElement>('button[data-move]')
    if (!button) return
    const { task: taskId = '', move: status } = button.dataset
    const card = document.getElementById(`task-${taskId}`)
    card?.setAttribute('data-pending', '')
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.task.move.mutate({ taskId, status: status as Status })
      setMessage(button.getAttribute('aria-label')?.replace('Move', 'Moved') ?? '')
      startTransition(() => router.refresh())
    } catch (error) {
      card?.removeAttribute('data-pending')
      setMessage(error instanceof Error ? error.message : 'The task could not be moved.')
    }
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears what its buttons, which are real ones, say
    // biome-ignore lint/a11y/useKeyWithClickEvents: a button turns keys into clicks
    <div onClick={move}>
      {children}
      <p role="status" className="sr-only">
        {message}
      </p>
    </div>
  )
}
