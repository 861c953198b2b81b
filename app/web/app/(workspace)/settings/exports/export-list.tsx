'use client'

import type { Export } from '@worklane/domain/exports/shapes.ts'
import { useState } from 'react'
import { type ListPage, useList } from '#web/components/use-list.ts'
import type { Clock } from '#web/lib/format.ts'
import { exports as texts } from '#web/texts/exports.ts'
import { ExportRow } from './export-row.tsx'

type Props = { first: ListPage<Export>; clock: Clock; cursor: string | undefined; limit: number }

const isGoing = ({ state }: Export) => state === 'waiting' || state === 'running'

/** The exports that one may see, and how far each is. */
export function ExportList({ first, clock, cursor, limit }: Props) {
  const [said, setSaid] = useState('')
  const [error, setError] = useState<string | null>(null)
  const { page, look } = useList(
    first,
    isGoing,
    (api) => api.export.list.query({ cursor, limit }),
    ({ state, kind, format }) =>
      setSaid(state === 'ready' ? texts.ready(texts.title(kind, format)) : texts.state[state]),
  )

  async function download(id: string) {
    setError(null)
    try {
      const { api } = await import('#web/lib/api.ts')
      const { url } = await api.export.link.query({ exportId: id })
      location.assign(url)
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : texts.failed)
      await look()
    }
  }

  async function cancel(id: string) {
    setError(null)
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.export.cancel.mutate({ exportId: id })
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : texts.failed)
    }
    await look()
  }

  return (
    <>
      {page.items.length === 0 ? <p className="text-sm text-muted">{texts.none}</p> : null}
      <ul aria-label={texts.list} className="-my-2 divide-y">
        {page.items.map((each) => (
          <ExportRow
            key={each.id}
            row={each}
            clock={clock}
            download={() => download(each.id)}
            cancel={() => cancel(each.id)}
          />
        ))}
      </ul>
      {error ? (
        <p role="alert" className="mt-3 text-sm text-danger">
          {error}
        </p>
      ) : null}
      <p aria-live="polite" className="sr-only">
        {said}
      </p>
    </>
  )
}
