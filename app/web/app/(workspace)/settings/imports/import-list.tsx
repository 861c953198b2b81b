'use client'

import type { Import } from '@worklane/domain/imports/shapes.ts'
import { useState } from 'react'
import { type ListPage, useList } from '#web/components/use-list.ts'
import type { Clock } from '#web/lib/format.ts'
import { exports, imports as texts } from '#web/texts/exports.ts'
import { ImportRow } from './import-row.tsx'

type Props = { first: ListPage<Import>; clock: Clock; cursor: string | undefined; limit: number }

const isGoing = ({ state }: Import) => state === 'waiting' || state === 'running'

/** The imports that one may see: what is wrong with a file, or how far its tasks are. */
export function ImportList({ first, clock, cursor, limit }: Props) {
  const [said, setSaid] = useState('')
  const [error, setError] = useState<string | null>(null)
  const { page, look } = useList(
    first,
    isGoing,
    (api) => api.import.list.query({ cursor, limit }),
    ({ state, name }) => setSaid(state === 'done' ? texts.ready(name) : texts.state[state]),
  )

  async function apply(id: string) {
    setError(null)
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.import.apply.mutate({ importId: id })
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : exports.failed)
    }
    await look()
  }

  return (
    <>
      {page.items.length === 0 ? <p className="text-sm text-muted">{texts.none}</p> : null}
      <ul aria-label={texts.list} className="-my-2 divide-y">
        {page.items.map((each, index) => (
          <ImportRow
            key={each.id}
            row={each}
            clock={clock}
            isLatest={index === 0}
            apply={() => apply(each.id)}
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
