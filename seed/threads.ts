import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Range } from './rows.ts'
import { connectForBulk, type Writing, type Written, writePart } from './write.ts'

/**
 * Writes the parts, several at once, each thread with a connection of its own.
 * @param onWritten told of each part as it is done
 * @returns what was written of each part, in their order
 */
export async function writeAll(
  writing: Writing,
  parts: readonly Range[],
  threads: number,
  onWritten: (written: Written) => void,
): Promise<Written[]> {
  const written: Written[] = []
  const done = (index: number, part: Written) => {
    written[index] = part
    onWritten(part)
  }
  if (threads <= 1 || parts.length === 1) {
    const client = await connectForBulk(writing.adminUrl)
    try {
      for (const [index, part] of parts.entries()) done(index, await writePart(client, writing, part))
    } finally {
      await client.end()
    }
    return written
  }
  const waiting = parts.map((part, index) => ({ part, index }))
  const workers = Array.from(
    { length: Math.min(threads, parts.length) },
    () => new Worker(join(import.meta.dirname, 'writer.ts'), { workerData: writing }),
  )
  try {
    await Promise.all(workers.map((worker) => serve(worker, waiting, done)))
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  return written
}

/** Hands parts to a thread until none is left. */
function serve(
  worker: Worker,
  waiting: { part: Range; index: number }[],
  done: (index: number, part: Written) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let busyWith = -1
    worker.on('error', reject)
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a seeding thread ended with ${code}`)),
    )
    worker.on('message', (said: Written | Error | null) => {
      if (said instanceof Error) return reject(said)
      try {
        if (said !== null) done(busyWith, said)
      } catch (error) {
        return reject(error)
      }
      const next = waiting.shift()
      if (next) busyWith = next.index
      worker.postMessage(next?.part ?? null)
    })
  })
}
