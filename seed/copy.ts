import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Row, Table } from './rows.ts'

const chunkRows = 500

/**
 * Streams a table in by COPY, as fast as the server takes it.
 * @returns how many rows, and the SHA-256 of what was sent
 */
export async function copyTable(client: pg.Client, table: Table): Promise<{ rows: number; digest: string }> {
  const digest = createHash('sha256').update(`${table.name}(${table.columns.join(',')})\n`)
  let rows = 0
  function* chunks() {
    let chunk: string[] = []
    for (const row of table.rows()) {
      chunk.push(line(row))
      rows++
      if (chunk.length === chunkRows) {
        const text = chunk.join('')
        digest.update(text)
        chunk = []
        yield text
      }
    }
    const text = chunk.join('')
    digest.update(text)
    yield text
  }
  const target = client.query(copyFrom(`copy ${table.name} (${table.columns.join(', ')}) from stdin`))
  await pipeline(Readable.from(chunks()), target)
  return { rows, digest: digest.digest('hex') }
}

/** A row in COPY's text format. https://www.postgresql.org/docs/current/sql-copy.html, "Text Format" */
const line = (row: Row): string => `${row.map(field).join('\t')}\n`

function field(value: Row[number]): string {
  if (value === null) return '\\N'
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'number') return String(value)
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
}
