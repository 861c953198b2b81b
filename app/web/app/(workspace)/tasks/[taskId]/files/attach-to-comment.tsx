import { acceptedNames } from '@worklane/domain/files/types.ts'
import { useEffect, useState } from 'react'
import { files as texts } from '#web/texts/files.ts'
import { UploadList } from './upload-list.tsx'
import { useUploads } from './use-uploads.ts'

/** What a comment that is being written has of files, and whether one of them is still under way. */
export type Attaching = { fileIds: string[]; isBusy: boolean }

type Attached = { id: string; name: string }
type Props = { taskId: string; tell: (attaching: Attaching) => void }

/** Files of a comment before it is sent: they are uploaded while one writes. */
export function AttachToComment({ taskId, tell }: Props) {
  const [attached, setAttached] = useState<Attached[]>([])
  const { uploads, begin, pause, resume, cancel } = useUploads(taskId, [], (id, name) =>
    setAttached((before) => [...before, { id, name }]),
  )
  const isBusy = uploads.some(({ state }) => state !== 'failed')

  // biome-ignore lint/correctness/useExhaustiveDependencies: who listens may be a new function with each render
  useEffect(() => tell({ fileIds: attached.map(({ id }) => id), isBusy }), [attached, isBusy])

  async function takeOff(id: string) {
    setAttached((before) => before.filter((each) => each.id !== id))
    const { api } = await import('#web/lib/api.ts')
    await api.file.remove.mutate({ fileId: id }).catch(() => {})
  }

  return (
    <div className="mt-2 text-sm">
      <UploadList
        uploads={uploads}
        pause={pause}
        resume={resume}
        cancel={cancel}
        className="-mx-4 divide-y"
      />
      {attached.length > 0 ? (
        <ul aria-label={texts.attached} className="mb-2 flex flex-wrap gap-1.5">
          {attached.map(({ id, name }) => (
            <li key={id} className="flex max-w-full items-center gap-1 rounded-md border bg-sunken pl-2">
              <span className="truncate">{name}</span>
              <button
                type="button"
                aria-label={texts.removeOf(name)}
                onClick={() => void takeOff(id)}
                className="grid size-6 place-items-center rounded-md text-muted hover:text-danger"
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <label className="inline-block cursor-pointer rounded text-xs font-semibold text-accent-text hover:underline has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent">
        {texts.attach}
        <input
          type="file"
          multiple
          accept={acceptedNames}
          className="sr-only"
          onChange={({ currentTarget }) => {
            void begin([...(currentTarget.files ?? [])])
            currentTarget.value = ''
          }}
        />
      </label>
    </div>
  )
}
