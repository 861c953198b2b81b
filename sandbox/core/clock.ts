import TinyQueue from 'tinyqueue'

/** Something that happens by itself: a trial's end, a renewal. What it means is decided when it is due. */
export type Due = { at: number; kind: string; id: string }

type Queued = Due & { rank: number; order: number }

const earlierFirst = (a: Queued, b: Queued) => a.at - b.at || a.rank - b.rank || a.order - b.order

const keyOf = ({ at, kind, id }: Due) => `${at} ${kind} ${id}`

/** Seconds since 1970, and what is due when. One for the sandbox, one for each test clock. */
export class Clock {
  /** The test clock's id; null for the sandbox's own. */
  readonly id: string | null
  readonly #queue = new TinyQueue<Queued>([], earlierFirst)
  readonly #realNow: (() => number) | undefined
  readonly #planned = new Set<string>()
  #order = 0
  #offset = 0
  #frozen: number | undefined

  /** @param realNow what it follows; without it the clock stands still at `start` */
  constructor(id: string | null, start: number, realNow?: () => number) {
    this.id = id
    this.#realNow = realNow
    if (realNow) this.#offset = start - realNow()
    else this.#frozen = start
  }

  get now(): number {
    return this.#frozen ?? (this.#realNow?.() ?? 0) + this.#offset
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined
  }

  /**
   * What is past already comes with the next step, what is planned already comes once.
   * @param rank the lower comes first at the same time; among equals, the one that was asked for first
   */
  schedule(at: number, kind: string, id: string, rank = 1): void {
    const key = keyOf({ at, kind, id })
    if (this.#planned.has(key)) return
    this.#planned.add(key)
    this.#queue.push({ at, kind, id, rank, order: this.#order++ })
  }

  /** When the next thing is due. */
  get next(): number | undefined {
    return this.#queue.peek()?.at
  }

  /** Everything that is due until then, in order, each at its own time. */
  advanceTo(time: number, happen: (due: Due) => void): void {
    const wasFrozen = this.isFrozen
    const start = this.now
    try {
      for (let due = this.#queue.peek(); due && due.at <= time; due = this.#queue.peek()) {
        this.#queue.pop()
        this.#planned.delete(keyOf(due))
        this.#frozen = Math.max(start, due.at, this.#frozen ?? start)
        happen(due)
      }
    } finally {
      this.#frozen = Math.max(time, start)
      if (!wasFrozen) this.unfreeze()
    }
  }

  freeze(): void {
    this.#frozen = this.now
  }

  /** Goes on from the time that it shows. */
  unfreeze(): void {
    if (this.#frozen === undefined || !this.#realNow) return
    this.#offset = this.#frozen - this.#realNow()
    this.#frozen = undefined
  }
}
