import { Readable } from 'node:stream'
import type { BlobKey } from '@worklane/data/blob-keys.ts'
import type { BlobStore } from '@worklane/data/blob-store.ts'
import type { OrgId } from '@worklane/data/ids.ts'
import type { Plan } from '@worklane/domain/actor.ts'
import { BeyondPlan } from '@worklane/domain/billing/entitlements.ts'
import { limitOf } from '@worklane/domain/billing/plans.ts'
import {
  type ExportFilters,
  type ExportFormat,
  type ExportKind,
  typeOfFormat,
} from '@worklane/domain/exports/shapes.ts'
import { countRows, files, scopeOf, type Table, tablesOf } from '@worklane/domain/exports/tables.ts'
import { originalKey } from '@worklane/domain/files/store.ts'
import { kindOf } from '@worklane/domain/files/types.ts'
import { tenantDb } from '@worklane/domain/runtime.ts'
import { documents, pages, type Reading } from './documents.ts'
import { Zip } from './zip.ts'

export type Making = {
  orgId: OrgId
  kind: ExportKind
  format: ExportFormat
  filters: ExportFilters
  /** Who asked. */
  me: string
  plan: Plan
}

/** How far it is. */
export type Progress = { done: number; total: number | null }

/** How long all rows may take to be read: so long the database keeps what was removed meanwhile. */
const snapshotMs = 15 * 60_000

/**
 * Reads what is exported and writes it to the store as it comes. All rows are of one moment, so that they fit each
 * other; the bytes of files, which never change, follow after it.
 * @throws BeyondPlan
 */
export async function makeExport(
  store: BlobStore,
  key: BlobKey,
  making: Making,
  progress: Progress,
  stop: AbortController,
): Promise<void> {
  if (making.kind === 'organisation') return makeZip(store, key, making, progress, stop)
  const [table] = tablesOf[making.kind] as [Table]
  const format = making.format === 'json' ? 'json' : 'csv'
  await inSnapshot(making, progress, async (reading) => {
    const body = Readable.from(documents[format](table, reading))
    await store.write(key, body, typeOfFormat[format], stop.signal)
  })
}

async function inSnapshot(
  { orgId, kind, filters, me, plan }: Making,
  progress: Progress,
  read: (reading: Reading) => Promise<void>,
): Promise<void> {
  await tenantDb({ orgId }).snapshot(async (tx) => {
    const scope = await scopeOf(tx, { filters, me, plan })
    const rows = await countRows(tx, kind, scope)
    const limit = limitOf(plan, 'exportRows')
    if (limit !== null && rows > limit) throw new BeyondPlan('exportRows', plan, rows)
    progress.total = rows + (kind === 'organisation' ? await files.count(tx, scope) : 0)
    const count = (read: number) => {
      progress.done += read
    }
    await read({ tx, scope, read: count })
  }, snapshotMs)
}

/** Every table in both formats, and every file at the path that the table of files says. */
async function makeZip(
  store: BlobStore,
  key: BlobKey,
  making: Making,
  progress: Progress,
  stop: AbortController,
): Promise<void> {
  const zip = new Zip(stop.signal)
  const written = store.write(key, zip.body, typeOfFormat.zip, stop.signal)
  // Nobody takes up what is read any more: it must not wait for that.
  written.catch((error) => stop.abort(error))
  try {
    const kept: Kept[] = []
    await inSnapshot(making, progress, async (reading) => {
      for (const table of tablesOf.organisation) {
        await zip.add(`csv/${table.name}.csv`, Readable.from(documents.csv(table, reading)))
        // The same rows once more: they were counted already.
        const again = { ...reading, read: () => {} }
        await zip.add(`json/${table.name}.json`, Readable.from(documents.json(table, again)))
      }
      for await (const rows of pages(files, { ...reading, read: () => {} }))
        for (const { id, path, type } of rows) kept.push({ id, path: String(path), type: String(type) })
    })
    await addFiles(store, making.orgId, kept, zip, progress)
    zip.end()
  } catch (error) {
    stop.abort(error)
    await written.catch(() => {})
    throw error
  }
  await written
}

type Kept = { id: string; path: string; type: string }

/** The files that were there, and a list of those that were removed meanwhile. */
async function addFiles(
  store: BlobStore,
  orgId: OrgId,
  kept: readonly Kept[],
  zip: Zip,
  progress: Progress,
): Promise<void> {
  const missing: string[] = []
  for (const { id, path, type } of kept) {
    const key = originalKey({ orgId }, id)
    if (await store.propertiesOf(key)) {
      const source = (await store.read(key, true)) as unknown as Readable
      await zip.add(path, source, kindOf(type) !== 'text')
    } else missing.push(path)
    progress.done++
  }
  if (missing.length > 0) await zip.add('files/missing.txt', Readable.from([`${missing.join('\n')}\n`]))
}
