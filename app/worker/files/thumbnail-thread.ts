import { parentPort, workerData } from 'node:worker_threads'
import type { Asked, Told } from './in-thread.ts'
import { ofPdf, ofPicture, squareOf } from './thumbnail.ts'

// What strangers made is read in a thread of its own, which can be ended (in-thread.ts).
const { kind, bytes } = workerData as Asked
const made = { picture: ofPicture, pdf: ofPdf, square: squareOf }
const told: Told = await made[kind](bytes).then(
  (thumbnail) => ({ thumbnail }),
  (error: Error) => ({ broken: error.message }),
)
parentPort?.postMessage(told)
