import { randomUUID } from 'node:crypto'
import { blobKey } from '@worklane/data/blob-keys.ts'
import { type BlobStore, openBlobStore } from '@worklane/data/blob-store.ts'
import { storeSettings } from '@worklane/data/blobs.ts'
import { readEnvironment } from '@worklane/data/config.ts'
import { orgId } from '@worklane/data/ids.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindBucket } from './installation.ts'
import { LookStopped, removeOrphans } from './orphans.ts'

const day = 86_400_000

describe('the nightly look for orphans of files', () => {
  let database: OwnDatabase
  let pool: pg.Pool
  let store: BlobStore
  let organisation: string
  let task: string

  beforeAll(async () => {
    // A database and a bucket of its own: what is missing in either is judged.
    database = await ownDatabase()
    pool = new pg.Pool({ connectionString: database.urls.relay, max: 2 })
    store = await newBucket()
    // A worker does so before anybody uploads.
    expect(await bindBucket(pool, { open: async () => store })).toBe(null)
    const { rows } = await database.query(`
      with org as (insert into organisations (name, slug) values ('Orphans', 'orphans') returning id),
      project as (insert into projects (org_id, key, name) select id, 'ATL', 'Atlas' from org returning org_id, id)
      insert into tasks (org_id, project_id, number, title, position)
      select org_id, id, 1, 'First', 'a0' from project returning org_id, id`)
    organisation = rows[0].org_id
    task = rows[0].id
  })
  afterAll(async () => {
    for (const each of opened) each.close()
    await pool.end()
    await database.remove()
  })

  const opened: BlobStore[] = []
  async function newBucket(): Promise<BlobStore> {
    const settings = storeSettings(readEnvironment('domain'))
    if (!settings) throw new Error('the services of the tests have no object store')
    const made = openBlobStore({ ...settings, bucket: `orphans-${randomUUID()}` })
    opened.push(made)
    await made.makeBucket()
    return made
  }

  const owner = () => orgId(organisation)
  const row = async (state: 'ready' | 'uploading') => {
    const ready = state === 'ready' ? 'now()' : 'null'
    const { rows } = await database.query(`
      insert into files (org_id, task_id, name, type, size, upload_until, uploaded_at, ready_at)
      values ('${organisation}', '${task}', 'a.png', 'image/png', 1, now(), ${ready}, ${ready}) returning id`)
    return rows[0].id as string
  }
  const put = (id: string, variant: 'upload' | 'original' | 'thumbnail') =>
    store.put(blobKey(owner(), id, variant), Buffer.from('x'), 'image/png')
  const has = async (id: string, variant: 'upload' | 'original' | 'thumbnail') =>
    (await store.propertiesOf(blobKey(owner(), id, variant))) !== null
  const refusedOf = async (id: string) =>
    (await database.query(`select refused from files where id = '${id}'`)).rows[0]?.refused

  it('finds what only one side has, and keeps what both have', async () => {
    const [kept, lost, empty, uploading] = [
      await row('ready'),
      await row('ready'),
      await row('ready'),
      await row('uploading'),
    ]
    const [first, last] = ['00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff']
    for (const variant of ['upload', 'original', 'thumbnail'] as const) await put(kept, variant)
    await put(empty, 'thumbnail')
    await put(uploading, 'upload')
    for (const id of [first, last]) await put(id, 'original')
    const upload = await store.beginParts(blobKey(owner(), randomUUID(), 'original'), 'image/png')

    // All of it is young: it may be on its way from one side to the other.
    expect(await removeOrphans(pool, store)).toEqual({ objects: 0, rows: 0, uploads: 0 })
    expect(await removeOrphans(pool, store, Date.now() + 3 * day)).toEqual({
      objects: 3,
      rows: 2,
      uploads: 1,
    })

    expect([await has(kept, 'original'), await has(kept, 'thumbnail'), await has(kept, 'upload')]).toEqual([
      ...[true, true],
      false,
    ])
    expect(await has(uploading, 'upload')).toBe(true)
    expect([await has(first, 'original'), await has(last, 'original')]).toEqual([false, false])
    expect([await refusedOf(kept), await refusedOf(lost), await refusedOf(empty)]).toEqual([
      null,
      'lost',
      'lost',
    ])
    expect(upload).not.toBe('')
    for await (const { key } of store.openUploads()) expect.unreachable(`${key} is still open`)
    // Once more there is nothing left to be found, but the small picture of what was lost.
    expect(await removeOrphans(pool, store, Date.now() + 3 * day)).toMatchObject({ rows: 0, uploads: 0 })
  })

  const keysOf = async (of: BlobStore) => {
    const keys: string[] = []
    for await (const { key } of of.objects()) keys.push(key)
    return keys
  }
  const ready = async () =>
    (await database.query('select from files where ready_at is not null and refused is null')).rowCount
  const later = Date.now() + 3 * day
  const stoppedBy = async (look: Promise<unknown>) => {
    const error = await look.then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(LookStopped)
    return error as LookStopped
  }

  it('removes nothing where more than a tenth of the objects, and more than ten, have no file', async () => {
    const strays = Array.from({ length: 11 }, () => randomUUID())
    for (const id of strays) await put(id, 'original')
    const before = await keysOf(store)
    const { why, message } = await stoppedBy(removeOrphans(pool, store, later))
    expect(why).toBe('too many')
    expect(message).toMatch(/^1[12] objects have no file/)
    expect(await keysOf(store)).toEqual(before)
    // Ten are not too many.
    await store.removeKeys(strays.slice(2).map((id) => blobKey(owner(), id, 'original')))
    expect(await removeOrphans(pool, store, later)).toMatchObject({ rows: 0 })
    for (const id of strays) expect(await has(id, 'original')).toBe(false)
  })

  it('is stopped by nobody who posts forms of ready files once more, however many', async () => {
    const posted = Array.from({ length: 12 }, () => row('ready'))
    for (const id of await Promise.all(posted))
      for (const variant of ['original', 'upload'] as const) await put(id, variant)
    const stray = randomUUID()
    await put(stray, 'original')
    expect(await removeOrphans(pool, store, later)).toMatchObject({ objects: 13, rows: 0 })
    expect(await has(stray, 'original')).toBe(false)
    for (const id of await Promise.all(posted))
      expect([await has(id, 'upload'), await has(id, 'original')]).toEqual([false, true])
  })

  it('says of none that it is lost where more than a tenth, and more than ten, would be', async () => {
    const made = []
    for (let n = 0; n < 11; n++) made.push(await row('ready'))
    const before = await ready()
    expect((await stoppedBy(removeOrphans(pool, store, later))).message).toMatch(
      /and 11 files have no object/,
    )
    expect(await ready()).toBe(before)
    await database.query(`delete from files where id = any('{${made.join()}}')`)
  })

  it('does nothing with the bucket of another installation, nor with an empty one in the place of its own', async () => {
    const other = await ownDatabase()
    const otherPool = new pg.Pool({ connectionString: other.urls.relay, max: 2 })
    try {
      await put(randomUUID(), 'original')
      const before = await keysOf(store)
      // A database without a file, and the bucket of this one: everything in it would go.
      expect((await stoppedBy(removeOrphans(otherPool, store, later))).message).toMatch(
        /is of another installation than this database: correct S3_BUCKET or the database/,
      )
      expect(await keysOf(store)).toEqual(before)

      // This database, and a bucket that nobody has yet: all its files would be lost.
      const empty = await newBucket()
      const kept = await ready()
      expect(kept).toBeGreaterThan(0)
      expect((await stoppedBy(removeOrphans(pool, empty, later))).message).toMatch(/does not say whose it is/)
      expect([await ready(), await empty.installation()]).toEqual([kept, null])

      // What has files and no marker is somebody's, too.
      await empty.put(blobKey(owner(), randomUUID(), 'original'), Buffer.from('x'), 'image/png')
      const open = async () => empty
      expect(await bindBucket(otherPool, { open })).toMatch(/does not say whose it is/)
      // Whoever knows that they belong together puts it there.
      const { rows } = await other.query('select id from installation')
      await empty.sayInstallation(rows[0].id)
      expect(await bindBucket(otherPool, { open })).toBe(null)
      expect(await removeOrphans(otherPool, empty, later)).toMatchObject({ objects: 1 })
      expect(await keysOf(empty)).toEqual([])
    } finally {
      await otherPool.end()
      await other.remove()
    }
  })
})
