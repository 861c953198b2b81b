import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Thumbnail } from './thumbnail.ts'

export type Asked = { kind: 'picture' | 'pdf' | 'square'; bytes: Uint8Array }
export type Told = { thumbnail: Thumbnail } | { broken: string }

/** Longer than that nobody's picture takes; what does is kept without a small one. Milliseconds. */
const patienceMs = 30_000
const none: Told = { thumbnail: { width: null, height: null, picture: null } }

/**
 * Makes a small picture in a thread of its own: whatever a file does to who reads it, other jobs go on. One that takes
 * too long or too much memory has none.
 */
export async function thumbnailOf(asked: Asked, withinMs = patienceMs): Promise<Told> {
  const thread = new Worker(join(import.meta.dirname, 'thumbnail-thread.ts'), {
    workerData: asked,
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<Told>((resolve) => {
      timer = setTimeout(() => resolve(none), withinMs)
      thread.once('message', resolve)
      thread.once('error', () => resolve(none))
      thread.once('exit', () => resolve(none))
    })
  } finally {
    clearTimeout(timer)
    await thread.terminate()
  }
}
