import { AsyncLocalStorage } from 'node:async_hooks'
import type { Transaction } from '@worklane/data/tenant.ts'
import { byteOrderMark, csvRows } from '@worklane/domain/csv/write.ts'
import { beforeAll, type Row, rowsAtOnce, type Scope, type Table } from '@worklane/domain/exports/tables.ts'

export type Reading = {
  tx: Transaction
  scope: Scope
  /** Hears of every page of rows. */
  read: (rows: number) => void
}

/** A table as a document, piece by piece: never more than a page of it is in memory. */
export const documents: Record<'csv' | 'json', (table: Table, reading: Reading) => AsyncGenerator<string>> = {
  async *csv(table, reading) {
    yield byteOrderMark + csvRows([table.columns])
    for await (const rows of pages(table, reading))
      yield csvRows(rows.map((row) => table.columns.map((column) => row[column])))
  },

  async *json(table, reading) {
    let isFirst = true
    yield '['
    for await (const rows of pages(table, reading)) {
      const texts = rows.map((row) =>
        JSON.stringify(Object.fromEntries(table.columns.map((column) => [column, row[column] ?? null]))),
      )
      yield `${isFirst ? '\n' : ',\n'}${texts.join(',\n')}`
      isFirst = false
    }
    yield '\n]\n'
  },
}

/** The rows of a table, a page at a time. */
export async function* pages(table: Table, { tx, scope, read }: Reading): AsyncGenerator<Row[]> {
  // Whoever takes up what is read asks for the next page: it must be asked in the name of the tenant all the same.
  const here = AsyncLocalStorage.snapshot()
  let after = beforeAll
  for (;;) {
    const rows = await here(() => table.page(tx, scope, after))
    const last = rows.at(-1)
    if (!last) return
    read(rows.length)
    yield rows
    if (rows.length < rowsAtOnce) return
    after = last.id
  }
}
