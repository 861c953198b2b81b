import { randomUUID } from 'node:crypto'
import { exportKey } from '@worklane/data/blob-keys.ts'
import { type BlobStore, openBlobStore } from '@worklane/data/blob-store.ts'
import { storeSettings } from '@worklane/data/blobs.ts'
import { readEnvironment } from '@worklane/data/config.ts'
import { orgId } from '@worklane/data/ids.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindBucket } from '../files/installation.ts'
import { LookStopped, removeOrphans } from '../files/orphans.ts'

const day = 86_400_000
const later = () => Date.now() + 3 * day

describe('the nightly look at the files of exports', () => {
  let database: OwnDatabase
  let pool: pg.Pool
  let store: BlobStore
  let organisation: string

  beforeAll(async () => {
    database = await ownDatabase()
    pool = new pg.Pool({ connectionString: database.urls.relay, max: 2 })
    const settings = storeSettings(readEnvironment('domain'))
    if (!settings) throw new Error('the services of the tests have no object store')
    store = openBlobStore({ ...settings, bucket: `export-orphans-${randomUUID()}` })
    await store.makeBucket()
    expect(await bindBucket(pool, { open: async () => store })).toBe(null)
    const { rows } = await database.query(
      "insert into organisations (name, slug) values ('Orphans', 'orphans') returning id",
    )
    organisation = rows[0].id
  })
  afterAll(async () => {
    store.close()
    await pool.end()
    await database.remove()
  })

  const keyOf = (id: string, run: string) => exportKey(orgId(organisation), id, run)
  const put = (id: string, run: string) => store.put(keyOf(id, run), Buffer.from('x'), 'text/csv')
  const has = async (id: string, run: string) => (await store.propertiesOf(keyOf(id, run))) !== null
  const row = async (state: 'running' | 'ready' | 'failed', run: string) => {
    const { rows } = await database.query(`
      insert into exports (org_id, kind, format, state, run, expires_at)
      values ('${organisation}', 'tasks', 'csv', '${state}', '${run}', now() + interval '7 days') returning id`)
    return rows[0].id as string
  }

  it('removes what no row knows of, and keeps what is ready or being written', async () => {
    const [ready, running, failed, old] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
    const [one, two, three] = [
      await row('ready', ready),
      await row('running', running),
      await row('failed', failed),
    ]
    await put(one, ready)
    await put(one, old)
    await put(two, running)
    await put(three, failed)
    const unknown = randomUUID()
    await put(unknown, ready)
    await store.beginParts(keyOf(two, randomUUID()), 'text/csv')

    // It is young: it may be on its way.
    expect(await removeOrphans(pool, store)).toEqual({ objects: 0, rows: 0, uploads: 0 })
    expect(await removeOrphans(pool, store, later())).toEqual({ objects: 3, rows: 0, uploads: 1 })
    expect([await has(one, ready), await has(two, running)]).toEqual([true, true])
    const gone = [await has(one, old), await has(three, failed), await has(unknown, ready)]
    expect(gone).toEqual([false, false, false])
    expect(await removeOrphans(pool, store, later())).toEqual({ objects: 0, rows: 0, uploads: 0 })
  })

  it('removes nothing where more than a tenth, and more than ten, have no row', async () => {
    const strays = Array.from({ length: 11 }, () => randomUUID())
    for (const stray of strays) await put(stray, stray)
    await expect(removeOrphans(pool, store, later())).rejects.toThrow(LookStopped)
    for (const stray of strays) expect(await has(stray, stray)).toBe(true)
  })
})
