'use client'

import { useRouter } from 'next/navigation'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { billing as texts } from '#web/texts/billing.ts'

const lookAgainMs = 1_000
/** Then the page is as it is: what was asked for comes with the next visit. */
const mostLooks = 30

const Follow = createContext<() => void>(() => {})

/** What to call once Stripe has taken a change: the page looks until it has followed. */
export const useFollow = () => useContext(Follow)

/** @param state of the subscription, as the server has rendered it */
export function Following({ state, children }: { state: string; children: ReactNode }) {
  const router = useRouter()
  const [before, setBefore] = useState<string | null>(null)
  const isWaiting = before === state
  useEffect(() => {
    if (!isWaiting) return
    let looks = 0
    const looking = setInterval(() => {
      if (looks++ === mostLooks) setBefore(null)
      else router.refresh()
    }, lookAgainMs)
    return () => clearInterval(looking)
  }, [isWaiting, router])
  return (
    <Follow value={() => setBefore(state)}>
      <p
        role="status"
        className={isWaiting ? 'rounded-lg bg-accent-soft px-4 py-2.5 text-sm text-accent-text' : 'hidden'}
      >
        {isWaiting ? texts.following : null}
      </p>
      {children}
    </Follow>
  )
}
