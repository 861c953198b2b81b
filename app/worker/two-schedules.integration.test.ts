import { randomUUID } from 'node:crypto'
import { Queue, type Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { schedulesName, schedulesWorker } from './schedules.ts'

const everyMs = 400
const patient = { timeout: 30_000 }

describe('the schedules of two workers', { timeout: 60_000 }, () => {
  const connections: Redis[] = []
  const workers: Worker[] = []
  let prefix: string
  let queue: Queue
  /** When each ran, and in which worker. */
  let ran: { by: number; at: number }[]

  const connect = () => {
    const connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
    connections.push(connection)
    return connection
  }
  beforeEach(async () => {
    ran = []
    prefix = `test-${randomUUID()}`
    queue = new Queue(schedulesName, { connection: connect(), prefix })
    for (const by of [0, 1]) {
      const run = async () => void ran.push({ by, at: Date.now() })
      const worker = schedulesWorker(connect(), { often: { everyMs, run } }, prefix)
      worker.on('error', () => {})
      workers.push(worker)
    }
    // Each process puts them there as it starts.
    for (const _ of workers) await queue.upsertJobScheduler('often', { every: everyMs }, { name: 'often' })
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close(true)))
    await queue.obliterate({ force: true })
    await queue.close()
    for (const connection of connections.splice(0)) connection.disconnect()
  })

  it('run each turn once', async () => {
    await expect.poll(() => ran.length, patient).toBeGreaterThanOrEqual(8)
    const [first, last] = [ran[0]?.at ?? 0, ran.at(-1)?.at ?? 0]
    // Doubled it would be twice as many as there were turns.
    expect(ran.length).toBeLessThanOrEqual((last - first) / everyMs + 2)
  })

  it('go on in the one where the other one died', async () => {
    await expect.poll(() => ran.length, patient).toBeGreaterThanOrEqual(2)
    const [dying] = workers
    connections[1]?.disconnect()
    await dying?.close(true)
    const before = ran.length
    await expect.poll(() => ran.length, patient).toBeGreaterThanOrEqual(before + 4)
    expect(ran.slice(before + 1).every(({ by }) => by === 1)).toBe(true)
  })
})
