import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type BlobStore, openBlobStore } from '@worklane/data/blob-store.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import { Queue, type Worker } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyRemoved } from './files/removal.ts'
import { schedulesName, schedulesWorker } from './schedules.ts'

/** Longer than the test looks for the others, and shorter than it waits. */
const answerMs = 2_000

describe('the schedules, while the object store accepts and is silent', () => {
  const prefix = `test-${randomUUID()}`
  let connection: Redis
  let database: OwnDatabase
  let pool: pg.Pool
  let server: Server
  let store: BlobStore
  let queue: Queue
  let worker: Worker
  let asked = 0
  const failed: Error[] = []
  let askedAgain = 0

  beforeAll(async () => {
    database = await ownDatabase()
    pool = new pg.Pool({ connectionString: database.urls.relay, max: 3 })
    // Its database is removed while it closes.
    pool.on('error', () => {})
    await database.query(`insert into removed_files (organisation_id, id, parts_id, again_at)
      values (gen_random_uuid(), gen_random_uuid(), 'parts', now() + interval '1 hour')`)
    server = createServer(() => {
      asked++
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const secrets = { accessKeyId: 'any', secretAccessKey: 'any' }
    store = openBlobStore(
      { endpoint, publicEndpoint: endpoint, bucket: 'files', region: 'auto', ...secrets },
      { answerMs, putMs: answerMs, completeMs: answerMs },
    )
    connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
    queue = new Queue(schedulesName, { connection, prefix })
    worker = schedulesWorker(
      connection,
      {
        'empty-removed-files': {
          everyMs: 15_000,
          run: () => emptyRemoved(pool, { open: async () => store }),
        },
        'ask-again': {
          everyMs: 10_000,
          run: async () => {
            askedAgain++
          },
        },
      },
      prefix,
    )
    worker.on('failed', (_, error) => failed.push(error))
  })
  afterAll(async () => {
    store.close()
    server.close().closeAllConnections()
    await worker.close()
    await queue.obliterate({ force: true })
    await queue.close()
    await connection.quit()
    await pool.end()
    await database.remove()
  })

  it('have a place for the others, and the store is given up', { timeout: 30_000 }, async () => {
    const due = (name: string) => queue.add(name, {})
    await due('empty-removed-files')
    await expect.poll(() => asked, { timeout: 5_000 }).toBeGreaterThan(0)
    // As many as there are places: its turn comes while it waits.
    for (let turn = 0; turn < 4; turn++) await due('empty-removed-files')
    await due('ask-again')
    await expect.poll(() => askedAgain, { timeout: answerMs / 2 }).toBe(1)
    expect(failed).toEqual([])
    await expect.poll(() => failed.length, { timeout: 4 * answerMs }).toBe(1)
    expect(failed).toMatchObject([{ name: 'TimeoutError' }])
    const { rows } = await database.query('select emptied_at from removed_files')
    expect(rows).toEqual([{ emptied_at: null }])
  })
})
