import type { File as Attached } from '@worklane/domain/files/shapes.ts'
import type { Upload } from '@worklane/domain/files/uploads.ts'
import { type Refusal, refusalOf } from '#web/components/refusal.tsx'
import { files as texts } from '#web/texts/files.ts'

export type Progress = {
  key: string
  name: string
  size: number
  sent: number
  state: 'waiting' | 'sending' | 'paused' | 'offline' | 'failed'
  /** Whether a pause loses nothing. */
  inParts: boolean
  refusal: Refusal | null
}

export type Uploading = {
  pause(): void
  resume(): void
  /** Ends it for good, here and at the store. */
  cancel(): Promise<void>
}

/** How often a broken connection is tried again before somebody is asked; each time twice as long. Milliseconds. */
const tries = 6
const firstPauseMs = 1_000

type Asked = {
  key: string
  taskId: string
  file: File
  /** One that was begun earlier and goes on. */
  begun: Attached | undefined
  tell: (progress: Progress) => void
  /** It is with the store, and will be checked. */
  done: (id: string) => void
}

/** Sends a file, through broken connections and pauses, until the store has it or somebody gives up. */
export function startUploading({ key, taskId, file, begun, tell, done }: Asked): Uploading {
  let upload: Upload | undefined
  let running: AbortController | undefined
  const progress: Progress = {
    key,
    name: file.name,
    size: file.size,
    sent: 0,
    state: 'waiting',
    inParts: false,
    refusal: null,
  }
  const say = (change: Partial<Progress>) => tell({ ...Object.assign(progress, change) })

  async function run(signal: AbortSignal): Promise<void> {
    const { api } = await import('#web/lib/api.ts')
    const { goOn, transfer } = await import('./transfer.ts')
    upload ??= begun
      ? goOn(begun)
      : await api.upload.create.mutate({ taskId, name: file.name, size: file.size })
    if (signal.aborted) return
    say({ state: 'sending', inParts: upload.form === null })
    // The last bytes are on their way for as long as the store has not said that it has them.
    await transfer(upload, file, { signal, tell: (sent) => say({ sent: Math.min(sent, file.size) }) })
    done(upload.file.id)
  }

  async function persist(): Promise<void> {
    running?.abort()
    const mine = new AbortController()
    running = mine
    for (let tried = 0; ; tried++) {
      try {
        return await run(mine.signal)
      } catch (reason) {
        if (mine.signal.aborted) return
        if (!isPassing(reason) || (tried >= tries && navigator.onLine))
          return say({ state: 'failed', refusal: refusalOf(toRead(reason), texts.failed) })
        if (!navigator.onLine) tried = 0
        await quiet(firstPauseMs * 2 ** tried, mine.signal, () => say({ state: 'offline' }))
        if (mine.signal.aborted) return
      }
    }
  }

  void persist()
  return {
    pause() {
      running?.abort()
      say({ state: 'paused' })
    },
    resume() {
      say({ state: 'waiting', refusal: null })
      void persist()
    },
    async cancel() {
      running?.abort()
      if (!upload) return
      const { api } = await import('#web/lib/api.ts')
      await api.file.remove.mutate({ fileId: upload.file.id }).catch(() => {})
    },
  }
}

/** What the API refuses has a reason; everything else may go better next time. */
function isPassing(reason: unknown): boolean {
  const status = (reason as { data?: { httpStatus?: number } } | null)?.data?.httpStatus
  return status === undefined || status >= 500 || status === 429
}

const toRead = (reason: unknown) => (isPassing(reason) ? null : reason)

/** Waits so long, or while one is offline until one is back. */
function quiet(ms: number, signal: AbortSignal, offline: () => void): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener('online', end)
      resolve()
    }
    const timer = navigator.onLine ? setTimeout(end, ms) : undefined
    if (!navigator.onLine) offline()
    addEventListener('online', end)
    signal.addEventListener('abort', end, { once: true })
  })
}
