import { addAbortSignal, type Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import yazl from 'yazl'

/** A ZIP that is written as it is read: one entry after the other, none of them kept in memory. */
export class Zip {
  readonly #zip = new yazl.ZipFile()
  readonly #signal: AbortSignal
  /** What comes out. */
  readonly body: Readable

  /** @param signal gives up on it */
  constructor(signal: AbortSignal) {
    this.#signal = signal
    this.body = this.#zip.outputStream as Readable
    addAbortSignal(signal, this.body)
    this.body.on('error', () => {})
    this.#zip.on('error', (error: Error) => this.body.destroy(error))
  }

  /** Adds an entry, and is done when all of it was read. @param isPacked for what would only cost time to compress */
  async add(path: string, source: Readable, isPacked = false): Promise<void> {
    addAbortSignal(this.#signal, source)
    const read = finished(source, { writable: false })
    this.#zip.addReadStreamLazy(path, { compress: !isPacked }, (give) => give(null, source))
    // yazl does not look at what becomes of what it reads.
    await read.catch((error: Error) => {
      this.body.destroy(error)
      throw error
    })
  }

  end(): void {
    this.#zip.end()
  }
}
