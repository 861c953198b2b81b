import { acceptedNames } from '@worklane/domain/files/types.ts'
import { type DragEvent, type ReactNode, useState } from 'react'
import { files as texts } from '#web/texts/files.ts'

/** Takes files that are dropped anywhere on it, or chosen with mouse or keyboard. */
export function DropZone({ begin, children }: { begin: (files: File[]) => void; children: ReactNode }) {
  const [isOver, setOver] = useState(false)

  function over(event: DragEvent) {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    setOver(true)
  }

  function leave(event: DragEvent) {
    const to = event.relatedTarget
    if (!(to instanceof Node) || !event.currentTarget.contains(to)) setOver(false)
  }

  function drop(event: DragEvent) {
    event.preventDefault()
    setOver(false)
    begin([...event.dataTransfer.files])
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is dropped here can be chosen with the field in it
    <div onDragOver={over} onDragLeave={leave} onDrop={drop}>
      <div className="border-b p-4">
        <label
          className={`flex cursor-pointer flex-col items-center gap-1 rounded-lg border border-dashed px-4 py-5 text-center text-sm transition-colors has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent ${isOver ? 'border-accent bg-accent-soft' : 'border-muted/50 hover:bg-sunken'}`}
        >
          <span>
            {isOver ? (
              texts.letGo
            ) : (
              <>
                {texts.drop} <span className="font-semibold text-accent-text underline">{texts.choose}</span>
              </>
            )}
          </span>
          <span className="text-xs text-muted">{texts.hint}</span>
          <input
            type="file"
            multiple
            accept={acceptedNames}
            className="sr-only"
            onChange={({ currentTarget }) => {
              begin([...(currentTarget.files ?? [])])
              // The same file may be chosen once more.
              currentTarget.value = ''
            }}
          />
        </label>
      </div>
      {children}
    </div>
  )
}
