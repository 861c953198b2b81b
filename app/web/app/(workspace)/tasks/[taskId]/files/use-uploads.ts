import type { File as Attached } from '@worklane/domain/files/shapes.ts'
import { typeOfName } from '@worklane/domain/files/types.ts'
import { useEffect, useRef, useState } from 'react'
import { files as texts } from '#web/texts/files.ts'
import type { Progress, Uploading } from './uploading.ts'

/** What is being uploaded to a task, and how to begin more. @param done hears of each file that the store has whole */
export function useUploads(
  taskId: string,
  attached: readonly Attached[],
  done: (id: string, name: string) => void,
) {
  const [uploads, setUploads] = useState<Progress[]>([])
  const running = useRef(new Map<string, Uploading>())
  const isBusy = uploads.some(({ state }) => state !== 'failed')

  // What is under way would be lost with the page.
  useEffect(() => {
    if (!isBusy) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [isBusy])

  const show = (progress: Progress) =>
    setUploads((before) =>
      before.some(({ key }) => key === progress.key)
        ? before.map((each) => (each.key === progress.key ? progress : each))
        : [...before, progress],
    )
  function hide(key: string) {
    running.current.delete(key)
    setUploads((before) => before.filter((each) => each.key !== key))
  }

  async function begin(chosen: Iterable<File>) {
    const { startUploading } = await import('./uploading.ts')
    for (const file of chosen) {
      const key = crypto.randomUUID()
      const reason = unfit(file)
      if (reason) {
        show(refused(key, file, reason))
        continue
      }
      const begun = attached.find(
        ({ state, name, size }) => state === 'uploading' && name === file.name && size === file.size,
      )
      const upload = startUploading({
        key,
        taskId,
        file,
        begun,
        tell: (progress) => running.current.has(key) && show(progress),
        done(id) {
          hide(key)
          done(id, file.name)
        },
      })
      running.current.set(key, upload)
    }
  }

  return {
    uploads,
    begin,
    pause: (key: string) => running.current.get(key)?.pause(),
    resume: (key: string) => running.current.get(key)?.resume(),
    cancel(key: string) {
      void running.current.get(key)?.cancel()
      hide(key)
    },
  }
}

/** Why nobody has to ask the server. */
function unfit({ name, size }: File): string | null {
  if (typeOfName(name) === null) return texts.kind
  return size === 0 ? texts.empty : null
}

const refused = (key: string, { name, size }: File, text: string): Progress => ({
  key,
  name,
  size,
  sent: 0,
  state: 'failed',
  inParts: false,
  refusal: { text, way: null },
})
