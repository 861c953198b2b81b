import { writeFile } from 'node:fs/promises'
import type { Kind, Told } from './own-process.ts'
import { ofPdf, ofPicture, squareOf } from './thumbnail.ts'

// What strangers made is read in a process of its own, which can be ended (own-process.ts).
process.on('disconnect', () => process.exit())
// A terminal, or systemd, tells all processes to stop: the worker is to end first, and no file is broken by it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// Where the machine or the container has no memory left this one ends, and not the worker. Other systems have no such file.
await writeFile('/proc/self/oom_score_adj', '1000').catch(() => {})

const [kind, size] = process.argv.slice(2) as [Kind, string]
const bytes = new Uint8Array(Number(size))
let read = 0
for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
  bytes.set(chunk, read)
  read += chunk.length
}
const made = { picture: ofPicture, pdf: ofPdf, square: squareOf }
const told: Told = await made[kind](bytes).then(
  (thumbnail) => ({ thumbnail }),
  (error: Error) => ({ broken: error.message }),
)
process.send?.(told)
