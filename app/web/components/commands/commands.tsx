'use client'

import { useRouter } from 'next/navigation'
import { lazy, Suspense, useEffect, useState } from 'react'

const CommandMenu = lazy(() => import('./command-menu.tsx'))

/** After a g. */
const places: Record<string, string> = {
  d: '/dashboard',
  t: '/tasks',
  n: '/notifications',
  r: '/reports',
  s: '/settings/profile',
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.closest('input, textarea, select, [contenteditable], dialog') !== null

/** Hears the keys of the whole workspace; the menu itself comes when somebody calls it. */
export function Commands() {
  const router = useRouter()
  const [menu, setMenu] = useState<'commands' | 'keys' | null>(null)

  useEffect(() => {
    let isGoing = false
    const hear = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey)) {
        event.preventDefault()
        setMenu('commands')
        return
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return
      const place = isGoing ? places[event.key] : undefined
      isGoing = event.key === 'g'
      if (place) router.push(place)
      else if (event.key === '?') setMenu('keys')
      else if (event.key === '/') {
        event.preventDefault()
        router.push('/search')
      } else {
        // A page says by itself what a key does on it.
        const button = document.querySelector<HTMLElement>(`[data-shortcut="${CSS.escape(event.key)}"]`)
        if (!button) return
        event.preventDefault()
        button.click()
      }
    }
    const press = ({ target }: MouseEvent) => {
      if (target instanceof Element && target.closest('[data-opens="commands"]')) setMenu('commands')
    }
    document.addEventListener('keydown', hear)
    document.addEventListener('click', press)
    return () => {
      document.removeEventListener('keydown', hear)
      document.removeEventListener('click', press)
    }
  }, [router])

  return menu ? (
    <Suspense>
      <CommandMenu shows={menu} close={() => setMenu(null)} />
    </Suspense>
  ) : null
}
