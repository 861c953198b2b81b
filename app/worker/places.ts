/** How long a job at least waits that found its organisation's places taken. */
const shortestMs = 250
const longestMs = 30_000

/**
 * The places of a worker process that one organisation's jobs may take. The others stay free for everybody else, also
 * while nobody else has a job: who comes then waits for nobody.
 */
export class Places {
  readonly #each: number
  readonly #taken = new Map<string, number>()
  /** Jobs of an organisation that were put back since it last had a place free. */
  readonly #putBack = new Map<string, number>()

  /** @param each of one organisation at most */
  constructor(each: number) {
    this.#each = each
  }

  /**
   * Takes a place, which has to be given back.
   * @returns null when it has one, and otherwise how long to wait; longer the more wait. Milliseconds
   */
  take(organisation: string): number | null {
    const taken = this.#taken.get(organisation) ?? 0
    if (taken < this.#each) {
      this.#taken.set(organisation, taken + 1)
      this.#putBack.delete(organisation)
      return null
    }
    const putBack = (this.#putBack.get(organisation) ?? 0) + 1
    this.#putBack.set(organisation, putBack)
    return Math.min(shortestMs * Math.ceil(putBack / this.#each), longestMs)
  }

  give(organisation: string): void {
    const left = (this.#taken.get(organisation) ?? 0) - 1
    if (left > 0) this.#taken.set(organisation, left)
    else this.#taken.delete(organisation)
  }
}
