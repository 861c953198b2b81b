import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Thumbnail } from './thumbnail.ts'

export type Kind = 'picture' | 'pdf' | 'square'
export type Asked = { kind: Kind; bytes: Uint8Array }
export type Told = { thumbnail: Thumbnail } | { broken: string }

export type Limits = {
  /** Longer than that nobody's picture takes; what does is kept without a small one. Milliseconds. */
  withinMs: number
  /**
   * Of the process's memory, in bytes. What a picture says of itself keeps it far below (`mostHeld` in thumbnail.ts):
   * one that needs more is not what it says. A worker has two at once, and a container of 1 GiB.
   */
  memory: number
}
const usual: Limits = { withinMs: 30_000, memory: 320 * 1024 ** 2 }
const watchEveryMs = 20

/** A picture's process ended before it had answered, and we did not end it. Its memory may have gone to something else. */
export class ProcessEnded extends Error {
  override name = 'ProcessEnded'

  constructor(by: string) {
    super(`the process that makes a small picture ended before it was done: ${by}`)
  }
}

const none: Told = { thumbnail: { width: null, height: null, picture: null } }

/**
 * Makes a small picture in a process of its own, with none of the worker's secrets: whatever a file does to who reads
 * it, the worker lives, and other jobs go on. Native code neither ends with a thread nor keeps to its memory.
 * A picture whose process had to be ended for its memory is broken; a document has no small picture then, nor where its
 * process died.
 * @param options.signal ends it
 * @throws ProcessEnded of a picture, which may be a good one; and when no process can be started
 */
export async function thumbnailOf(
  asked: Asked,
  { signal, ...limits }: Partial<Limits> & { signal?: AbortSignal } = {},
): Promise<Told> {
  const { withinMs, memory } = { ...usual, ...limits }
  signal?.throwIfAborted()
  const child = started(asked)
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  const timers: NodeJS.Timeout[] = []
  const isPdf = asked.kind === 'pdf'
  try {
    return await new Promise<Told>((resolve, reject) => {
      child.once('message', (told) => resolve(told as Told))
      child.once('error', reject)
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      child.once('exit', (code, by) =>
        isPdf ? resolve(none) : reject(new ProcessEnded(by ?? `code ${code}`)),
      )
      timers.push(setTimeout(() => resolve(none), withinMs))
      const watch = () => {
        if (residentBytes(child) <= memory) return
        resolve(isPdf ? none : { broken: `it takes more than ${memory} bytes of memory` })
      }
      timers.push(setInterval(watch, watchEveryMs))
    })
  } finally {
    for (const timer of timers) clearInterval(timer)
    process.off('exit', end)
    if (end()) await once(child, 'exit')
  }
}

/** The process, which is sent the bytes and answers with one message. It does not end by itself. */
function started({ kind, bytes }: Asked): ChildProcess {
  const child = fork(join(import.meta.dirname, 'thumbnail-process.ts'), [kind, `${bytes.length}`], {
    env: { MALLOC_ARENA_MAX: '2', VIPS_DISC_THRESHOLD: '4g', NODE_ENV: process.env.NODE_ENV },
    execArgv: ['--max-old-space-size=64', '--max-semi-space-size=4'],
    serialization: 'advanced',
    stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
  })
  // It may die before it has read all of them: that is told by its end.
  child.stdin?.on('error', () => {})
  child.stdin?.end(bytes)
  return child
}

/** How much memory a process has; 0 once it has ended, and where the system is not Linux: there only its time is limited. */
function residentBytes({ pid }: ChildProcess): number {
  try {
    const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kibibytes) * 1024
  } catch {
    return 0
  }
}
