import { Problem } from '@worklane/domain/errors.ts'
import { execute } from '@worklane/domain/execute.ts'
import { type Found, search } from '@worklane/domain/search/operations.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { Suspense } from 'react'
import { requireActor } from '#web/auth/actor.ts'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { Empty, Skeleton } from '#web/components/ui/card.tsx'
import { fieldClass } from '#web/components/ui/field.tsx'
import { type Query, readQuery } from '#web/lib/query.ts'
import { work } from '#web/texts/work.ts'

const { search: texts } = work

export const metadata: Metadata = { title: texts.title }

type Props = { searchParams: Promise<Query> }

export default function SearchPage({ searchParams }: Props) {
  return (
    <>
      <h1 className="mb-6 text-2xl font-semibold tracking-tight">{texts.title}</h1>
      <Suspense fallback={<Skeleton className="h-96" />}>
        <Results searchParams={searchParams} />
      </Suspense>
    </>
  )
}

const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value)?.trim()

async function Results({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  const words = one(asked.q) ?? ''
  const { cursor } = readQuery(asked, { cursor: search.input.shape.cursor })
  const found = words ? await foundFor(actor, words, cursor) : null
  return (
    <>
      <form action="/search" className="mb-5 flex max-w-2xl gap-2">
        <input
          name="q"
          type="search"
          aria-label={texts.label}
          placeholder={texts.label}
          defaultValue={words}
          maxLength={200}
          className={fieldClass}
        />
        <Button type="submit">{texts.button}</Button>
      </form>
      {found === null ? <p className="text-sm text-muted">{texts.start}</p> : null}
      {typeof found === 'string' ? (
        <p role="alert" className="text-sm text-danger">
          {found}
        </p>
      ) : null}
      {found && typeof found === 'object' ? (
        <div className="rounded-xl border bg-surface">
          {found.items.length === 0 ? <Empty>{texts.none(words)}</Empty> : <List items={found.items} />}
        </div>
      ) : null}
      {found && typeof found === 'object' && found.nextCursor ? (
        <Link
          href={`/search?${new URLSearchParams({ q: words, cursor: found.nextCursor })}`}
          prefetch={false}
          className={buttonClass({ look: 'quiet', className: 'mt-3' })}
        >
          {texts.more}
        </Link>
      ) : null}
    </>
  )
}

/** A page of what was found, or why nothing could be looked for. */
async function foundFor(actor: Awaited<ReturnType<typeof requireActor>>, q: string, cursor?: string) {
  try {
    return await execute(search, actor, { q, cursor })
  } catch (error) {
    if (error instanceof Problem) return error.message
    throw error
  }
}

function List({ items }: { items: Found[] }) {
  return (
    <ol className="divide-y">
      {items.map((item) => (
        <li key={`${item.kind}${item.taskId}${item.excerpt}`}>
          <Link
            href={`/tasks/${item.taskId}`}
            prefetch={false}
            className="block px-4 py-3 text-sm hover:bg-sunken"
          >
            <p className="flex items-baseline gap-2">
              <span className="text-xs text-muted">{item.taskKey}</span>
              <span className="min-w-0 truncate font-semibold">{item.taskTitle}</span>
              {item.kind === 'comment' ? (
                <span className="ml-auto rounded-md bg-sunken px-1.5 py-0.5 text-xs text-muted">
                  {texts.inComment}
                </span>
              ) : null}
            </p>
            <p className="mt-1 line-clamp-2 text-muted">
              {item.excerpt.split('**').map((part, place) =>
                // Every second part is a word that was found.
                place % 2 === 1 ? (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name
                  <mark key={place} className="rounded bg-warn-soft px-0.5 text-ink">
                    {part}
                  </mark>
                ) : (
                  part
                ),
              )}
            </p>
          </Link>
        </li>
      ))}
    </ol>
  )
}
