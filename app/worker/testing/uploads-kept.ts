import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { fileOfKey } from '@worklane/data/blob-keys.ts'
import type { BlobStore } from '@worklane/data/blob-store.ts'
import { orgId } from '@worklane/data/ids.ts'
import { pictureOfKey } from '@worklane/data/picture-keys.ts'
import type { OwnDatabase } from '@worklane/data/testing/own-database.ts'
import { originalKey } from '@worklane/domain/files/store.ts'
import type { Uploaded } from './uploads.ts'

type Row = {
  id: string
  org: string
  isReady: boolean
  refused: string | null
  checks: number
  entries: number
}

const everyFile = `
  select f.id, f.org_id as org, f.ready_at is not null as "isReady", f.refused,
    (select count(*)::int from outbox o where o.topic = 'file.check' and o.payload ->> 'fileId' = f.id::text) as checks,
    (select count(*)::int from audit_log a where a.target = 'file ' || f.id) as entries
  from files f`

/** What is not as it should be once all is quiet, in words; nothing where every upload came to its end, once. */
export async function problemsOf(
  database: OwnDatabase,
  store: BlobStore,
  uploads: readonly Uploaded[],
): Promise<string[]> {
  const rows = new Map(((await database.query(everyFile)).rows as Row[]).map((row) => [row.id, row]))
  const problems: string[] = []
  const known = new Set(uploads.map(({ id }) => id))
  for (const id of rows.keys()) if (!known.has(id)) problems.push(`${id} was begun twice`)
  for (const one of uploads) {
    const row = rows.get(one.id)
    if (!row) problems.push(`${one.id} is not there`)
    else problems.push(...(await problemsOfOne(one, row, store)))
  }
  return [...problems, ...(await orphans(database, store, rows))]
}

async function problemsOfOne(one: Uploaded, row: Row, store: BlobStore): Promise<string[]> {
  const { id, isComplete, isHonest, inParts, digest } = one
  const problems: string[] = []
  if (row.entries !== 1) problems.push(`${id} has ${row.entries} entries in the audit log`)
  if (row.checks !== (isComplete ? 1 : 0)) problems.push(`${id} was asked to be checked ${row.checks} times`)
  if (!isComplete) return row.isReady ? [...problems, `${id} is seen, and nobody completed it`] : problems
  if (!isHonest) return row.refused === 'type' ? problems : [...problems, `${id} is not refused`]
  // A store that is killed while it takes a part may keep another one: that is told, too.
  if (inParts && row.refused === 'size') return problems
  if (!row.isReady || row.refused) return [...problems, `${id} is not ready (${row.refused ?? 'checking'})`]
  const key = originalKey({ orgId: orgId(row.org) }, id)
  const bytes = await store.read(key).then(buffer, () => Buffer.alloc(0))
  const kept = createHash('sha256').update(bytes).digest('hex')
  return kept === digest ? problems : [...problems, `${id} is not what was uploaded`]
}

/** What the store has of nobody. */
async function orphans(
  database: OwnDatabase,
  store: BlobStore,
  rows: ReadonlyMap<string, Row>,
): Promise<string[]> {
  const shown = await database.query(
    'select logo as id from organisations union select avatar from users union select id from picture_uploads',
  )
  const pictures = new Set(shown.rows.map(({ id }) => id))
  const found: string[] = []
  for (const prefix of ['orgs/', 'pictures/'])
    for await (const { key } of store.objects(prefix)) {
      const [file, picture] = [fileOfKey(key), pictureOfKey(key)]
      const row = file && rows.get(file.id)
      const isKept = picture ? pictures.has(picture.id) : row && !row.refused
      if (!isKept) found.push(`${key} is of nobody`)
    }
  return found
}
