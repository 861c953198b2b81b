'use client'

import { useEffect, useState } from 'react'

export type Person = { id: string; name: string; email: string }
const pauseMs = 150

/** The first people whose name or address holds the words, asked for when the typing rests; none for null. */
export function usePeople(words: string | null, limit = 5): Person[] {
  const [people, setPeople] = useState<Person[]>([])
  useEffect(() => {
    if (words === null) return setPeople([])
    let stale = false
    const timer = setTimeout(async () => {
      const { api } = await import('#web/lib/api.ts')
      const search = words.trim()
      const { items } = await api.member.list
        .query({ ...(search ? { search } : {}), limit })
        .catch(() => ({ items: [] }))
      if (!stale) setPeople(items)
    }, pauseMs)
    return () => {
      stale = true
      clearTimeout(timer)
    }
  }, [words, limit])
  return people
}
