'use client'

import type { SavedFilter } from '@worklane/domain/filters/operations.ts'
import type { TaskQuery } from '@worklane/domain/tasks/reads.ts'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass } from '#web/components/ui/field.tsx'
import { work } from '#web/texts/work.ts'

const { tasks: texts } = work

type Props = { filters: SavedFilter[]; nextCursor: string | null; query: TaskQuery }

export function SavedFilters({ filters, nextCursor, query }: Props) {
  const router = useRouter()
  const [error, setError] = useState<string | null>(null)
  const isFiltered = Object.keys(query).length > 0

  async function change(write: (api: Api) => Promise<unknown>) {
    setError(null)
    try {
      const { api } = await import('#web/lib/api.ts')
      await write(api)
      router.refresh()
      return true
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : texts.failed)
      return false
    }
  }

  async function keep(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    const name = String(new FormData(form).get('name'))
    if (await change((api) => api.filter.create.mutate({ name, query }))) form.reset()
  }

  return (
    <div className="mb-4 flex flex-wrap items-center gap-2 text-sm">
      <span className="text-muted">{texts.saved}:</span>
      {filters.length === 0 && !isFiltered ? <span className="text-muted">{texts.noSaved}</span> : null}
      {filters.map(({ id, name, query: kept }) => (
        <span key={id} className="inline-flex items-center rounded-full border bg-surface">
          <Link
            href={`/tasks?${new URLSearchParams(kept)}`}
            prefetch={false}
            className="py-1 pl-3 hover:underline"
          >
            {name}
          </Link>
          <button
            type="button"
            aria-label={texts.remove(name)}
            onClick={() => change((api) => api.filter.remove.mutate({ filterId: id }))}
            className="grid size-7 place-items-center text-muted hover:text-danger"
          >
            ×
          </button>
        </span>
      ))}
      {nextCursor ? (
        <Link
          href={`/tasks?${new URLSearchParams({ ...query, filters: nextCursor })}`}
          prefetch={false}
          className="text-accent-text hover:underline"
        >
          {texts.moreSaved}
        </Link>
      ) : null}
      {isFiltered ? (
        <form onSubmit={keep} className="flex gap-2">
          <input
            name="name"
            required
            maxLength={80}
            aria-label={texts.saveAs}
            placeholder={texts.saveAs}
            className={`${fieldClass} max-w-48`}
          />
          <Button type="submit" look="quiet">
            {texts.save}
          </Button>
        </form>
      ) : null}
      {error ? (
        <p role="alert" className="w-full text-danger">
          {error}
        </p>
      ) : null}
    </div>
  )
}

type Api = typeof import('#web/lib/api.ts')['api']
