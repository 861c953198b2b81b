import { createHash, randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Makes ids and everything else that looks random. With the same seed, the same ones in the same order. */
export class Ids {
  readonly #seed: string
  #count = 0

  constructor(seed?: string) {
    this.#seed = seed ?? randomBytes(16).toString('hex')
  }

  /** @param prefix as Stripe's, for example "cus" */
  next(prefix: string, length = 24): string {
    return `${prefix}_${this.text(length)}`
  }

  text(length: number, letters = alphabet): string {
    let text = ''
    while (text.length < length) {
      for (const byte of this.#digest()) text += letters[byte % letters.length]
    }
    return text.slice(0, length)
  }

  /** At least 0, below 1. */
  share(): number {
    return this.#digest().readUInt32BE(0) / 2 ** 32
  }

  #digest(): Buffer {
    return createHash('sha256')
      .update(`${this.#seed}:${this.#count++}`)
      .digest()
  }
}
