'use client'

import type { File as Attached } from '@worklane/domain/files/shapes.ts'
import { useRef, useState } from 'react'
import { Card, Empty } from '#web/components/ui/card.tsx'
import { useLookAgain } from '#web/components/use-look-again.ts'
import { files as texts } from '#web/texts/files.ts'
import { DropZone } from './drop-zone.tsx'
import { FileTile } from './file-tile.tsx'
import { Preview } from './preview.tsx'
import { UploadList } from './upload-list.tsx'
import { useUploads } from './use-uploads.ts'

type Page = { items: Attached[]; nextCursor: string | null }
type Props = {
  taskId: string
  first: Page
  /** Who looks; managers may remove what others attached. */
  userId: string
  mayWrite: boolean
  mayRemoveAll: boolean
}

const hasPreview = ({ state, kind, thumbnail }: Attached) =>
  state === 'ready' && (kind === 'picture' || (kind === 'pdf' && thumbnail !== null))

/** The files of a task: what is there, what comes, and how more get there. */
export function FilePanel({ taskId, first, userId, mayWrite, mayRemoveAll }: Props) {
  const [page, setPage] = useState(first)
  const [rendered, setRendered] = useState(first)
  const [shown, setShown] = useState<string | null>(null)
  const [said, setSaid] = useState('')
  const [error, setError] = useState<string | null>(null)
  const known = useRef(new Set(first.items.filter(({ state }) => state === 'ready').map(({ id }) => id)))
  const { uploads, begin, pause, resume, cancel } = useUploads(taskId, page.items, () => void look())
  const { items, nextCursor } = page
  // The server rendered anew: another person's file, or one of a comment.
  if (rendered !== first) {
    setRendered(first)
    setPage(merged(first, page))
  }
  const isWaiting = items.some(({ state }) => state === 'checking')

  async function look() {
    try {
      const { api } = await import('#web/lib/api.ts')
      const newest = await api.file.list.query({ taskId, limit: 30 })
      const [news] = newest.items.filter(({ id, state }) => state === 'ready' && !known.current.has(id))
      if (news) setSaid(texts.ready(news.name))
      for (const { id, state } of newest.items) if (state === 'ready') known.current.add(id)
      setPage((before) => merged(newest, before))
    } catch {
      // While one waits it is looked again, and offline nobody is surprised.
    }
  }

  useLookAgain(isWaiting, page, look)

  async function more() {
    try {
      const { api } = await import('#web/lib/api.ts')
      const next = await api.file.list.query({ taskId, cursor: nextCursor ?? undefined, limit: 30 })
      setPage({ items: [...items, ...next.items], nextCursor: next.nextCursor })
    } catch {
      setError(texts.failedToList)
    }
  }

  async function remove(id: string) {
    setError(null)
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.file.remove.mutate({ fileId: id })
      setPage({ items: items.filter((each) => each.id !== id), nextCursor })
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : texts.failedToRemove)
    }
  }

  const list = (
    <>
      <UploadList
        uploads={uploads}
        pause={pause}
        resume={resume}
        cancel={cancel}
        className="divide-y border-b"
      />
      {items.length === 0 && uploads.length === 0 ? <Empty>{texts.none}</Empty> : null}
      {items.length > 0 ? (
        <ul
          aria-label={texts.gallery}
          className="grid grid-cols-[repeat(auto-fill,minmax(9.5rem,1fr))] gap-3 p-4"
        >
          {items.map((file) => (
            <FileTile
              key={file.id}
              file={file}
              show={hasPreview(file) ? () => setShown(file.id) : null}
              remove={
                mayRemoveAll || (mayWrite && file.createdBy?.id === userId) ? () => remove(file.id) : null
              }
              fail={setError}
            />
          ))}
        </ul>
      ) : null}
    </>
  )

  return (
    <Card title={texts.title}>
      {mayWrite ? <DropZone begin={(chosen) => void begin(chosen)}>{list}</DropZone> : list}
      {error ? (
        <p role="alert" className="px-4 pb-3 text-sm text-danger">
          {error}
        </p>
      ) : null}
      {nextCursor ? (
        <button
          type="button"
          onClick={more}
          className="block w-full border-t px-4 py-3 text-left text-sm text-accent-text hover:underline"
        >
          {texts.more}
        </button>
      ) : null}
      <p aria-live="polite" className="sr-only">
        {said}
      </p>
      {shown ? (
        <Preview files={items.filter(hasPreview)} shown={shown} show={setShown} fail={setError} />
      ) : null}
    </Card>
  )
}

/** The newest page in the place of what it tells of; what is older stays as it was. */
function merged(newest: Page, before: Page): Page {
  const last = newest.items.at(-1)
  if (newest.nextCursor === null || !last) return newest
  const older = before.items.filter(({ id }) => id < last.id)
  return {
    items: [...newest.items, ...older],
    nextCursor: older.length > 0 ? before.nextCursor : newest.nextCursor,
  }
}
