'use client'

import type { LabelColour } from '@worklane/domain/tasks/shapes.ts'
import { useEffect, useRef, useState } from 'react'

/** One of those that can be chosen. */
export type Option = { id: string; text: string; aside?: string; colour?: LabelColour }
export type What = keyof typeof finders

type Api = typeof import('#web/lib/api.ts')['api']
type Asked = { search?: string; cursor?: string; limit: number }

/** Where the words are looked for: by the server, so that nothing is out of reach however many there are. */
const finders = {
  person: async (api: Api, asked: Asked) => {
    const { items, nextCursor } = await api.member.list.query(asked)
    return { nextCursor, options: items.map(({ id, name, email }) => ({ id, text: name, aside: email })) }
  },
  label: async (api: Api, asked: Asked) => {
    const { items, nextCursor } = await api.label.list.query(asked)
    return { nextCursor, options: items.map(({ id, name, colour }) => ({ id, text: name, colour })) }
  },
  project: async (api: Api, asked: Asked) => {
    const { items, nextCursor } = await api.project.list.query(asked)
    return { nextCursor, options: items.map(({ id, name, key }) => ({ id, text: name, aside: key })) }
  },
  organisation: async (api: Api, asked: Asked) => {
    const { items, nextCursor } = await api.organisation.list.query(asked)
    return { nextCursor, options: items.map(({ id, name, slug }) => ({ id, text: name, aside: slug })) }
  },
} satisfies Record<
  string,
  (api: Api, asked: Asked) => Promise<{ options: Option[]; nextCursor: string | null }>
>

type Found = {
  options: Option[]
  nextCursor: string | null
  state: 'none' | 'found' | 'failed'
  /** The words that it answers: what was found for others is not what is meant by these. */
  words: string | null
}

const none: Found = { options: [], nextCursor: null, state: 'none', words: null }
const pauseMs = 150
const limit = 6

/** What holds the words, asked for when the typing rests, and more of it by `more`; none for null. */
export function useFound(what: What, words: string | null): Found & { more: () => void } {
  const [found, setFound] = useState(none)
  const latest = useRef(0)

  async function load(turn: number, asked: Omit<Asked, 'limit'>) {
    try {
      const { api } = await import('#web/lib/api.ts')
      const { options, nextCursor } = await finders[what](api, { ...asked, limit })
      if (turn !== latest.current) return
      setFound((before) => ({
        options: asked.cursor ? [...before.options, ...options] : options,
        nextCursor,
        ...{ state: 'found', words },
      }))
    } catch {
      if (turn === latest.current) setFound({ ...none, state: 'failed', words })
    }
  }

  const search = words?.trim() ? { search: words.trim() } : {}
  // biome-ignore lint/correctness/useExhaustiveDependencies: load and search are made of these two
  useEffect(() => {
    const turn = ++latest.current
    if (words === null) return setFound(none)
    const timer = setTimeout(() => void load(turn, search), pauseMs)
    return () => clearTimeout(timer)
  }, [what, words])

  const current = found.words === words ? found : none
  const more = () => {
    if (current.nextCursor) void load(++latest.current, { ...search, cursor: current.nextCursor })
  }
  return { ...current, more }
}
