import { parentPort, workerData } from 'node:worker_threads'
import type { Range } from './rows.ts'
import { connectForBulk, type Writing, writePart } from './write.ts'

/** A thread that writes the parts it is sent, one after the other. */
const writing = workerData as Writing
const client = await connectForBulk(writing.adminUrl)
parentPort?.on('message', async (part: Range | null) => {
  if (part === null) {
    await client.end()
    return parentPort?.close()
  }
  try {
    parentPort?.postMessage(await writePart(client, writing, part))
  } catch (error) {
    parentPort?.postMessage(error instanceof Error ? error : new Error(String(error)))
  }
})
parentPort?.postMessage(null)
