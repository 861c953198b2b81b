/** What has to be done to forget a change again; see Sandbox.transaction. */
export type Undo = () => void

/** The objects of one kind, in the order in which they came. Rows are replaced and never written into. */
export class Table<Row extends { id: string; customer?: unknown }> {
  readonly #rows: (Row | undefined)[] = []
  readonly #places = new Map<string, number>()
  readonly #ofCustomer = new Map<unknown, string[]>()
  readonly #onChange: (undo: Undo) => void

  constructor(onChange: (undo: Undo) => void) {
    this.#onChange = onChange
  }

  get(id: string): Row | undefined {
    return this.#rows[this.#places.get(id) ?? -1]
  }

  /** @throws Error where one of this id is there already */
  insert(row: Row): Row {
    if (this.#places.has(row.id)) throw new Error(`${row.id} is there already`)
    this.#places.set(row.id, this.#rows.length)
    this.#rows.push(row)
    const siblings = this.#ofCustomer.get(row.customer) ?? []
    if (typeof row.customer === 'string') {
      this.#ofCustomer.set(row.customer, siblings)
      siblings.push(row.id)
    }
    this.#onChange(() => {
      this.#places.delete(row.id)
      this.#rows.pop()
      if (typeof row.customer === 'string') siblings.pop()
    })
    return row
  }

  /** What a customer had from the start, the oldest first; what was given to them later is not among it. */
  ofCustomer(customer: string): Row[] {
    return (this.#ofCustomer.get(customer) ?? []).flatMap((id) => this.get(id) ?? [])
  }

  replace(row: Row): Row {
    this.#set(row.id, row)
    return row
  }

  remove(id: string): void {
    this.#set(id, undefined)
  }

  /** @param before the id from which on one looks back */
  *newestFirst(before?: string): Generator<Row> {
    const start = before === undefined ? this.#rows.length : (this.#places.get(before) ?? 0)
    for (let place = start - 1; place >= 0; place--) {
      const row = this.#rows[place]
      if (row) yield row
    }
  }

  /** @param after the id from which on one looks forward */
  *oldestFirst(after?: string): Generator<Row> {
    const start = after === undefined ? 0 : (this.#places.get(after) ?? this.#rows.length) + 1
    for (let place = start; place < this.#rows.length; place++) {
      const row = this.#rows[place]
      if (row) yield row
    }
  }

  #set(id: string, row: Row | undefined): void {
    const place = this.#places.get(id)
    if (place === undefined) throw new Error(`${id} is not there`)
    const before = this.#rows[place]
    this.#rows[place] = row
    this.#onChange(() => {
      this.#rows[place] = before
    })
  }
}
