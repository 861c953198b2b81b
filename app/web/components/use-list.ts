'use client'

import { useState } from 'react'
import { useLookAgain } from './use-look-again.ts'

export type ListPage<Item> = { items: Item[]; nextCursor: string | null }
type Api = typeof import('#web/lib/api.ts')['api']

/**
 * The first page of a list of jobs, looked at again while one of them goes on, and as soon as the server renders anew.
 * @param isGoing whether a job has not ended
 * @param read asks for the page as it is now
 * @param onEnd hears of a job that was seen going and has ended
 */
export function useList<Item extends { id: string }>(
  first: ListPage<Item>,
  isGoing: (item: Item) => boolean,
  read: (api: Api) => Promise<ListPage<Item>>,
  onEnd: (item: Item) => void,
) {
  const [page, setPage] = useState(first)
  const [rendered, setRendered] = useState(first)
  if (rendered !== first) {
    setRendered(first)
    setPage(first)
  }

  async function look() {
    try {
      const { api } = await import('#web/lib/api.ts')
      const newest = await read(api)
      const going = new Set(page.items.filter(isGoing).map(({ id }) => id))
      for (const item of newest.items) if (going.has(item.id) && !isGoing(item)) onEnd(item)
      setPage(newest)
    } catch {
      // It is looked at again; offline nobody is surprised.
      setPage((before) => ({ ...before }))
    }
  }

  useLookAgain(page.items.some(isGoing), page, look)
  return { page, look }
}
