import { randomUUID } from 'node:crypto'
import { type BlobStore, openBlobStore } from '@worklane/data/blob-store.ts'
import { storeSettings } from '@worklane/data/blobs.ts'
import { readEnvironment } from '@worklane/data/config.ts'
import { orgId, userId } from '@worklane/data/ids.ts'
import { type PictureOwner, pictureKey } from '@worklane/data/picture-keys.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindBucket } from '../files/installation.ts'
import { removePictureOrphans } from './orphans.ts'

const day = 86_400_000

describe('the nightly look for orphans of pictures', () => {
  let database: OwnDatabase
  let pool: pg.Pool
  let store: BlobStore
  const person = userId(randomUUID())
  const organisation = orgId(randomUUID())
  const [avatar, logo, onItsWay] = [randomUUID(), randomUUID(), randomUUID()]
  const ofPerson: PictureOwner = { kind: 'person', id: person }
  const ofOrganisation: PictureOwner = { kind: 'organisation', id: organisation }

  beforeAll(async () => {
    database = await ownDatabase()
    pool = new pg.Pool({ connectionString: database.urls.relay, max: 2 })
    const settings = storeSettings(readEnvironment('domain'))
    if (!settings) throw new Error('the services of the tests have no object store')
    store = openBlobStore({ ...settings, bucket: `pictures-${randomUUID()}` })
    await store.makeBucket()
    expect(await bindBucket(pool, { open: async () => store })).toBe(null)
    await database.query(`
      insert into users (id, email, name, avatar) values ('${person}', 'ada@example.test', 'Ada', '${avatar}');
      insert into organisations (id, name, slug, logo) values ('${organisation}', 'Orphans', 'orphans', '${logo}');
      insert into picture_uploads (org_id, id, user_id, type, size, upload_until)
      values ('${organisation}', '${onItsWay}', '${person}', 'image/png', 1, now())`)
  })
  afterAll(async () => {
    store?.close()
    await pool.end()
    await database.remove()
  })

  const put = (owner: PictureOwner, id: string, variant: 'upload' | 'square' = 'square') =>
    store.put(pictureKey(owner, id, variant), Buffer.from('x'), 'image/webp')
  const keys = async () => {
    const found: string[] = []
    for await (const { key } of store.objects('pictures/')) found.push(key)
    return found
  }
  const tomorrow = () => Date.now() + day + 60_000

  it('leaves what is shown, and what is on its way, and what is young', async () => {
    await put(ofPerson, avatar)
    await put(ofOrganisation, logo)
    await put(ofPerson, onItsWay, 'upload')
    await put(ofPerson, randomUUID())
    expect(await removePictureOrphans(pool, store)).toBe(0)
    expect(await keys()).toHaveLength(4)
  })

  it('removes what nobody is shown: of one who has another, of one who is none, and under the name of another', async () => {
    await put({ kind: 'person', id: userId(randomUUID()) }, avatar)
    await put({ kind: 'organisation', id: orgId(person) }, avatar)
    expect(await removePictureOrphans(pool, store, tomorrow())).toBe(3)
    expect(await keys()).toEqual(
      [
        pictureKey(ofOrganisation, logo, 'square'),
        pictureKey(ofPerson, avatar, 'square'),
        pictureKey(ofPerson, onItsWay, 'upload'),
      ].sort(),
    )
  })

  it('removes nothing where more than a tenth would go, nor of the bucket of another installation', async () => {
    for (let count = 0; count < 11; count++) await put(ofPerson, randomUUID())
    await expect(removePictureOrphans(pool, store, tomorrow())).rejects.toMatchObject({ why: 'too many' })
    await store.sayInstallation(randomUUID())
    await expect(removePictureOrphans(pool, store, tomorrow())).rejects.toMatchObject({
      why: 'foreign bucket',
    })
    expect(await keys()).toHaveLength(14)
  })
})
