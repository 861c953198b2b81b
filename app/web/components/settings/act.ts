'use client'

import { useRouter } from 'next/navigation'
import { useState, useSyncExternalStore } from 'react'
import { type Refusal, refusalOf } from '#web/components/refusal.tsx'
import { settings } from '#web/texts/settings.ts'

type Api = typeof import('#web/lib/api.ts')['api']

export type Act = {
  /** Of a write, or because React has not taken the page over yet: a choice made before that would be lost in silence. */
  isPending: boolean
  said: (Refusal & { bad: boolean }) | null
  /** Runs a write, shows what came of it, and renders the page anew. @returns whether it worked */
  act(write: (api: Api) => Promise<unknown>, done?: string): Promise<boolean>
}

const nothing = () => () => {}
const isClient = () => true
const isServer = () => false

/** A write by the API from a settings page; the client of the API comes when it is needed first. */
export function useAct(): Act {
  const router = useRouter()
  const isTakenOver = useSyncExternalStore(nothing, isClient, isServer)
  const [isPending, setPending] = useState(false)
  const [said, setSaid] = useState<Act['said']>(null)
  return {
    isPending: isPending || !isTakenOver,
    said,
    async act(write, done = settings.saved) {
      setPending(true)
      setSaid(null)
      try {
        const { api } = await import('#web/lib/api.ts')
        await write(api)
        setSaid({ text: done, way: null, bad: false })
        router.refresh()
        return true
      } catch (error) {
        setSaid({ ...refusalOf(error, settings.failed), bad: true })
        return false
      } finally {
        setPending(false)
      }
    },
  }
}
