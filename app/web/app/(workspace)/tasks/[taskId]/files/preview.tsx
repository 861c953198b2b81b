import type { File as Attached } from '@worklane/domain/files/shapes.ts'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { buttonClass } from '#web/components/ui/button.tsx'
import { files as texts } from '#web/texts/files.ts'

type Props = {
  files: readonly Attached[]
  shown: string
  show: (id: string | null) => void
  fail: (text: string) => void
}

/** One picture, or the first page of a document, over everything else; the arrow keys lead to the next one. */
export function Preview({ files, shown, show, fail }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [source, setSource] = useState<{ id: string; url: string } | null>(null)
  const place = files.findIndex(({ id }) => id === shown)
  const file = files[place]

  useEffect(() => dialog.current?.showModal(), [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: what fails and closes are new functions with each render
  useEffect(() => {
    let isCurrent = true
    if (!file) return show(null)
    // Of a document there is only the small picture; a link to it would download it.
    if (file.kind === 'pdf') return setSource({ id: file.id, url: file.thumbnail ?? '' })
    void (async () => {
      try {
        const { api } = await import('#web/lib/api.ts')
        const { url } = await api.file.link.query({ fileId: file.id, to: 'show' })
        if (isCurrent) setSource({ id: file.id, url })
      } catch (reason) {
        fail(reason instanceof Error ? reason.message : texts.failedToOpen)
        show(null)
      }
    })()
    return () => {
      isCurrent = false
    }
  }, [file?.id])

  const go = (by: number) => show(files[(place + by + files.length) % files.length]?.id ?? null)
  function keys({ key }: KeyboardEvent) {
    if (key === 'ArrowRight') go(1)
    if (key === 'ArrowLeft') go(-1)
  }

  if (!file) return null
  return (
    <dialog
      ref={dialog}
      aria-label={texts.preview}
      onClose={() => show(null)}
      onKeyDown={keys}
      className="m-auto max-h-[94dvh] w-fit max-w-[min(70rem,94vw)] rounded-xl border bg-surface p-0 text-ink backdrop:bg-black/60"
    >
      <header className="flex items-center gap-1 border-b py-2 pr-2 pl-4">
        <h3 className="min-w-0 flex-1 truncate text-sm font-semibold">{file.name}</h3>
        {files.length > 1 ? (
          <>
            <Go text={texts.previous} work={() => go(-1)} />
            <Go text={texts.next} work={() => go(1)} />
          </>
        ) : null}
        <Go text={texts.close} work={() => dialog.current?.close()} />
      </header>
      <div className="grid min-h-40 min-w-64 place-items-center bg-sunken p-3">
        {source?.id === file.id ? (
          // biome-ignore lint/performance/noImgElement: it comes from the object store, by a link that is good for a minute
          <img src={source.url} alt={file.name} className="max-h-[78dvh] max-w-full rounded object-contain" />
        ) : (
          <p className="text-sm text-muted">…</p>
        )}
      </div>
      {file.kind === 'pdf' ? <p className="px-4 py-2 text-xs text-muted">{texts.firstPage}</p> : null}
    </dialog>
  )
}

const Go = ({ text, work }: { text: string; work: () => void }) => (
  <button type="button" onClick={work} className={`${buttonClass({ look: 'bare' })} px-2`}>
    {text}
  </button>
)
