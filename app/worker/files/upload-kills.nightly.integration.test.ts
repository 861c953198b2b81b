import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { blobKey } from '@worklane/data/blob-keys.ts'
import { type BlobStore, openBlobStore } from '@worklane/data/blob-store.ts'
import { storeSettings } from '@worklane/data/blobs.ts'
import { readEnvironment } from '@worklane/data/config.ts'
import { orgId } from '@worklane/data/ids.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish } from '@worklane/domain/testing/things.ts'
import pg from 'pg'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removePictureOrphans } from '../pictures/orphans.ts'
import { emptyRemovedPictures } from '../pictures/removal.ts'
import { type Deployment, startDeployment } from '../testing/deployment.ts'
import { draws } from '../testing/history.ts'
import { killAtRandom } from '../testing/kill-at-random.ts'
import { posted, told, type Uploaded, type Uploader, upload } from '../testing/uploads.ts'
import { problemsOf } from '../testing/uploads-kept.ts'
import { removeOrphans } from './orphans.ts'
import { emptyRemoved } from './removal.ts'

/** KILL_SEEDS=20 plays as many; KILL_SEED=7 begins with that one, which a failure names. */
const first = Number(process.env.KILL_SEED ?? 1)
const seeds = Array.from({ length: Number(process.env.KILL_SEEDS ?? 2) }, (_, n) => first + n)
const uploadsEach = 40
const atOnce = 5
const logos = 4
const day = 86_400_000

describe.each(seeds)('uploads under kills of workers, API, Redis and the object store (seed %i)', (seed) => {
  const shared = { ...process.env }
  let killed: Deployment
  let tenant: Tenant
  let uploader: Omit<Uploader, 'draw'>
  let store: BlobStore
  let pool: pg.Pool
  const uploads: Uploaded[] = []

  beforeAll(async () => {
    killed = await startDeployment({ files: true })
    const { adminUrl, urls } = killed.database
    Object.assign(process.env, {
      ...{ DATABASE_URL: adminUrl, APP_DATABASE_URL: urls.worker, AUTH_DATABASE_URL: urls.auth },
      ...{ RELAY_DATABASE_URL: urls.relay, REDIS_URL: killed.redisUrl, ...killed.store },
    })
    tenant = await createTenant()
    const { key } = await furnish(tenant)
    // What was furnished has no bytes.
    await killed.database.query('delete from files; delete from picture_uploads; delete from removed_files')
    uploader = { api: killed.api, key, task: tenant.task }
    const settings = storeSettings(readEnvironment('domain'))
    if (!settings) throw new Error('the deployment has no object store')
    store = openBlobStore(settings)
    pool = new pg.Pool({ connectionString: urls.relay, max: 2 })
    pool.on('error', () => {})
    // A worker binds it, within a minute.
    while ((await store.installation()) === null) await setTimeout(200)
  }, 300_000)
  afterAll(async () => {
    store?.close()
    await Promise.allSettled([pool?.end(), closeRuntime()])
    await killed?.stop()
    Object.assign(process.env, shared)
  }, 120_000)

  const problems = () => problemsOf(killed.database, store, uploads)
  const waiting = async () => {
    const { rows } = await killed.database.query(`
      select (select count(*) from files where uploaded_at is not null and ready_at is null and refused is null)
        + (select count(*) from picture_uploads where uploaded_at is not null and refused is null) as count`)
    return Number(rows[0].count)
  }
  async function nightly(): Promise<void> {
    await emptyRemoved(pool, { open: async () => store })
    await emptyRemovedPictures(pool, { open: async () => store })
    await removeOrphans(pool, store, Date.now() + 3 * day)
    await removePictureOrphans(pool, store, Date.now() + 3 * day)
  }
  async function uploadLogo(draw: () => number): Promise<void> {
    const background = { r: Math.floor(draw() * 255), g: 80, b: 160 }
    const bytes = await sharp({ create: { width: 90, height: 60, channels: 3, background } })
      .png()
      .toBuffer()
    const asked = { name: 'logo.png', size: bytes.length }
    const { id, form } = await told<{ id: string; form: Parameters<typeof posted>[0] }>(
      uploader,
      '/organisation/logo',
      asked,
    )
    await posted(form, bytes)
    await told(uploader, `/organisation/logo/${id}/complete`, {})
  }

  it('each come to one end, and after the night no object is of nobody', { timeout: 600_000 }, async () => {
    const killing = killAtRandom(killed, [
      [draws(seed + 2_000_000), ['worker-1', 'worker-2']],
      [draws(seed + 3_000_000), ['api', 'redis']],
      [draws(seed + 4_000_000), ['store']],
    ])
    let begun = 0
    const uploading = Array.from({ length: atOnce }, async (_, n) => {
      const draw = draws(seed * 100 + n)
      while (begun++ < uploadsEach || !killing.happened()) uploads.push(await upload({ ...uploader, draw }))
    })
    const branding = (async () => {
      for (let n = 0; n < logos; n++) await uploadLogo(draws(seed + 5_000_000 + n))
    })()
    await Promise.all([...uploading, branding])
    const kills = await killing.end()
    const ended = performance.now()
    await expect.poll(waiting, { timeout: 240_000, interval: 500 }).toBe(0)
    const seconds = ((performance.now() - ended) / 1_000).toFixed(0)
    await nightly()
    expect(await problems()).toEqual([])
    const complete = uploads.filter(({ isComplete }) => isComplete).length
    process.stdout.write(
      `${uploads.length} uploads, ${complete} complete, quiet after ${seconds} s; killed: ${JSON.stringify(kills)}\n`,
    )
    expect(complete).toBeGreaterThan(uploadsEach / 2)
  })

  it('would be seen if one were lost, done twice, seen too early, or left behind', async () => {
    const done = uploads.find(({ isComplete, isHonest, inParts }) => isComplete && isHonest && !inParts)
    const left = uploads.find(({ isComplete }) => !isComplete)
    if (!done || !left) throw new Error('there is none of a kind')
    const said = async (change: string, undo: string): Promise<string[]> => {
      await killed.database.query(change)
      const found = await problems()
      await killed.database.query(undo)
      return found
    }
    const where = `where id = '${done.id}'`
    const job = `topic = 'file.check' and payload ->> 'fileId' = '${done.id}'`
    // A job that nobody heard of.
    expect(
      await said(`update files set ready_at = null ${where}`, `update files set ready_at = now() ${where}`),
    ).toEqual([`${done.id} is not ready (checking)`])
    expect(
      await said(
        `insert into outbox (org_id, topic, payload, relayed_at) select org_id, topic, payload, now() from outbox where ${job}`,
        `delete from outbox where ctid = (select max(ctid) from outbox where ${job})`,
      ),
    ).toEqual([`${done.id} was asked to be checked 2 times`])
    expect(
      await said(
        `update files set uploaded_at = now(), ready_at = now() where id = '${left.id}'`,
        `update files set uploaded_at = null, ready_at = null where id = '${left.id}'`,
      ),
    ).toEqual([`${left.id} is seen, and nobody completed it`])
    const owner = orgId(tenant.id)
    const [stray, kept] = [blobKey(owner, randomUUID(), 'original'), blobKey(owner, done.id, 'original')]
    await store.put(stray, Buffer.from('x'), 'text/plain')
    expect(await problems()).toEqual([`${stray} is of nobody`])
    await nightly()
    expect(await problems()).toEqual([])
    await store.removeKeys([kept])
    expect(await problems()).toEqual([`${done.id} is not what was uploaded`])
  }, 120_000)
})
