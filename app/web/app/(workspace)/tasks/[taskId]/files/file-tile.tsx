import { bytes } from '@worklane/domain/billing/amounts.ts'
import type { File as Attached } from '@worklane/domain/files/shapes.ts'
import { useState } from 'react'
import { files as texts } from '#web/texts/files.ts'

type Props = {
  file: Attached
  /** Opens its preview; null where it has none. */
  show: (() => void) | null
  /** Null for who may not. */
  remove: (() => Promise<void>) | null
  fail: (text: string) => void
}

const linkClass = 'rounded px-1 py-0.5 text-xs font-semibold text-accent-text hover:underline'

/** A file as it stands among the others. */
export function FileTile({ file, show, remove, fail }: Props) {
  const { name, size, state, createdBy } = file
  return (
    <li className="flex min-w-0 flex-col rounded-lg border">
      {show ? (
        <button
          type="button"
          aria-label={texts.show(name)}
          onClick={show}
          className="block overflow-hidden rounded-t-lg"
        >
          <Picture file={file} />
        </button>
      ) : (
        <Picture file={file} />
      )}
      <div className="flex flex-1 flex-col gap-0.5 border-t p-2">
        <p className="truncate text-sm font-semibold" title={name}>
          {name}
        </p>
        <p className="truncate text-xs text-muted">{texts.by(bytes(size), createdBy?.name)}</p>
        <State file={file} />
        <div className="-mx-1 mt-auto flex flex-wrap gap-x-1 pt-1">
          {state === 'ready' ? <Download file={file} fail={fail} /> : null}
          {remove ? <Remove name={name} remove={remove} /> : null}
        </div>
      </div>
    </li>
  )
}

function Picture({ file: { thumbnail, name } }: { file: Attached }) {
  const box = 'block aspect-[4/3] w-full'
  if (thumbnail)
    return (
      // biome-ignore lint/performance/noImgElement: it is small already, and comes from the object store by a signed link
      <img src={thumbnail} alt="" loading="lazy" className={`${box} bg-sunken object-cover object-top`} />
    )
  return (
    <span aria-hidden className={`${box} grid place-items-center rounded-t-lg bg-sunken text-sm text-muted`}>
      {name.slice(name.lastIndexOf('.') + 1).toUpperCase()}
    </span>
  )
}

function State({ file: { state, refused } }: { file: Attached }) {
  if (refused) return <p className="text-xs text-danger">{texts.refused[refused]}</p>
  if (state === 'checking') return <p className="text-xs text-muted">{texts.checking}</p>
  return state === 'uploading' ? <p className="text-xs text-warn">{texts.unfinished}</p> : null
}

/** The link is asked for when it is needed: it is good for a minute. */
export function Download({ file: { id, name }, fail }: { file: Attached; fail: (text: string) => void }) {
  async function open() {
    try {
      const { api } = await import('#web/lib/api.ts')
      const { url } = await api.file.link.query({ fileId: id })
      location.assign(url)
    } catch (reason) {
      fail(reason instanceof Error ? reason.message : texts.failedToOpen)
    }
  }
  return (
    <button type="button" aria-label={texts.downloadOf(name)} onClick={open} className={linkClass}>
      {texts.download}
    </button>
  )
}

/** Asks once more, in its own place. */
function Remove({ name, remove }: { name: string; remove: () => Promise<void> }) {
  const [isSure, setSure] = useState(false)
  const [isPending, setPending] = useState(false)

  async function go() {
    if (!isSure) return setSure(true)
    setPending(true)
    await remove()
    setPending(false)
    setSure(false)
  }

  return (
    <button
      type="button"
      disabled={isPending}
      aria-label={isSure ? texts.removeSureOf(name) : texts.removeOf(name)}
      onClick={go}
      onBlur={() => setSure(false)}
      className={`rounded px-1 py-0.5 text-xs font-semibold hover:underline ${isSure ? 'bg-danger-soft text-danger' : 'text-muted'}`}
    >
      {isSure ? texts.removeSure : texts.remove}
    </button>
  )
}
