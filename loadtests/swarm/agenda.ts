/** What tells the time and wakes: k6's timers, or a test's. Milliseconds. */
export type Clock = {
  now(): number
  setTimeout(act: () => void, after: number): unknown
  clearTimeout(timer: never): void
}

/** What happens at a time that the agenda does not know of. */
type Rounds = {
  /** Those of a row are due. */
  onDue(row: number, dueAt: number): void
  /**
   * Before each look at who is due.
   * @returns when it wants to be called again, at the latest
   */
  onRound(now: number): number
}

/** A think time of less than this many slots would be played too coarsely. */
const slotsPerThinkTime = 100
/** People do not act on a finer grid, and one timer wakes a VU for all users of a slot. Milliseconds. */
const widestSlot = 100

/** Due times fall on multiples of so many milliseconds: a hundredth of the think time, from 1 to 100. */
export const slotWidthMsFor = (think: number): number =>
  Math.max(1, Math.min(widestSlot, Math.floor(think / slotsPerThinkTime)))

/**
 * Who is due when, by their rows, and the one loop that wakes for them: at the next due time, whoever it belongs to and
 * whenever it was added.
 */
export class Agenda {
  readonly #clock: Clock
  readonly #width: number
  readonly #slots = new Map<number, number[]>()
  /** The next that has not begun. */
  #slot: number
  /** Of the loop while it sleeps. */
  #wakeAt = 0
  #timer: unknown
  #wake: (() => void) | null = null

  /** @param width of a slot, in ms */
  constructor(clock: Clock, width: number) {
    this.#clock = clock
    this.#width = width
    this.#slot = Math.floor(clock.now() / width)
  }

  /**
   * On the slot nearest to a time, so that think times are neither longer nor shorter on average.
   * @param from not earlier than this; a slot that has begun already is played with the next one
   * @returns when they are due
   */
  add(row: number, at: number, from: number): number {
    const width = this.#width
    const slot = Math.max(Math.round(at / width), Math.ceil(from / width), this.#slot)
    const others = this.#slots.get(slot)
    if (others) others.push(row)
    else this.#slots.set(slot, [row])
    const dueAt = slot * width
    if (this.#wake && dueAt < this.#wakeAt) this.#sleepUntil(dueAt)
    return dueAt
  }

  async run(endsAt: number, { onDue, onRound }: Rounds): Promise<void> {
    for (let now = this.#clock.now(); now < endsAt; now = this.#clock.now()) {
      const latest = onRound(now)
      for (const current = Math.floor(now / this.#width); this.#slot <= current; ) {
        // It has begun: whoever is added from here on is due in a later one.
        const slot = this.#slot++
        const due = this.#slots.get(slot)
        if (!due) continue
        this.#slots.delete(slot)
        for (let place = 0; place < due.length; place++) onDue(due[place] as number, slot * this.#width)
      }
      const wakeAt = this.#next(Math.min(latest, endsAt))
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#sleepUntil(wakeAt)
      })
    }
  }

  #sleepUntil(at: number): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer as never)
    this.#wakeAt = at
    this.#timer = this.#clock.setTimeout(
      () => {
        const wake = this.#wake
        this.#timer = undefined
        this.#wake = null
        wake?.()
      },
      Math.max(0, at - this.#clock.now()),
    )
  }

  /** When the next users are due, or something else is; an empty slot wakes nobody. */
  #next(latest: number): number {
    for (let slot = this.#slot; slot * this.#width < latest; slot++)
      if (this.#slots.has(slot)) return slot * this.#width
    return latest
  }
}
