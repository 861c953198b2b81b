import type { Player } from './app.ts'

const ofEveryone = [
  'index',
  'place',
  'userGroup',
  'step',
  'random',
  'seen',
  'seenTag',
  'dueAt',
  'present',
  'listens',
] as const satisfies (keyof Player)[]

type Column = Float64Array | unknown[]

/**
 * The users of a VU while they think, which they nearly always do: a row of a table each. As an object each of them
 * would take 2 KB in k6, which its garbage collector looks through again and again (docs/decisions/016).
 */
export class ThinkingUsers<User extends Player> {
  readonly #names: readonly (keyof User)[]
  readonly #columns: Column[] = []
  /** Who stays an object: others may hold on to them while they rest. */
  readonly #whole = new Map<number, User>()
  readonly #rows: number

  /**
   * @param own what a user of the app has beside what all have; undefined when the app does not say, and then all
   * stay objects
   * @param rows how many users there can be
   */
  constructor(own: readonly (keyof User)[] | undefined, rows: number) {
    this.#names = own ? [...ofEveryone, ...own] : []
    this.#rows = rows
  }

  put(row: number, user: User): void {
    const names = this.#names
    if (names.length === 0 || user.listens !== 'never') {
      this.#whole.set(row, user)
      return
    }
    for (let place = 0; place < names.length; place++) {
      const value = user[names[place] as keyof User]
      let column = this.#columns[place]
      if (!column) {
        column = typeof value === 'number' ? new Float64Array(this.#rows) : []
        this.#columns[place] = column
      }
      column[row] = value as number
    }
  }

  take(row: number): User {
    const whole = this.#whole.get(row)
    if (whole) return whole
    const names = this.#names
    const user: Partial<User> = {}
    for (let place = 0; place < names.length; place++)
      user[names[place] as keyof User] = (this.#columns[place] as Column)[row] as User[keyof User]
    return user as User
  }
}
