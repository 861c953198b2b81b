import { randomUUID } from 'node:crypto'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fairly } from './fair.ts'

describe('a fair queue', () => {
  let connection: Redis
  let queue: Queue<OutboxJob>

  beforeAll(() => {
    connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
    queue = new Queue(`fair-${randomUUID()}`, { connection })
  })
  afterEach(() => queue.obliterate({ force: true }))
  afterAll(async () => {
    await connection.del(queue.toKey('rounds'))
    await queue.close()
    await connection.quit()
  })

  let made = 0
  const jobsOf = (organisation: string, count: number) =>
    Array.from({ length: count }, () => {
      const id = `${organisation}${++made}`
      return {
        name: 'job',
        data: { id, orgId: organisation, topic: 'job', payload: {} },
        opts: { jobId: id },
      }
    })
  const fair = () => fairly(queue, connection)

  /** Does what waits, one after another. @returns whose jobs were done, in order */
  async function served(most = Number.POSITIVE_INFINITY): Promise<string> {
    let order = ''
    const worker = new Worker<OutboxJob>(queue.name, null, { connection })
    for (let n = 0; n < most; n++) {
      const job = await worker.getNextJob('token', { block: false })
      if (!job) break
      order += job.data.orgId
      await job.moveToCompleted(null, 'token', false)
    }
    await worker.close()
    return order
  }

  it('serves organisations in turn, however many jobs one of them has', async () => {
    await fair().addBulk(jobsOf('a', 6))
    await fair().addBulk(jobsOf('b', 2))
    await fair().addBulk(jobsOf('c', 1))
    expect(await served()).toBe('abcabaaaa')
  })

  it('has who comes late wait for one job of each other, and not for those of before', async () => {
    await fair().addBulk(jobsOf('a', 200))
    expect(await served(50)).toBe('a'.repeat(50))
    await fair().addBulk(jobsOf('b', 3))
    expect(await served(6)).toBe('ababab')
  })

  it('gives nobody more for having been idle', async () => {
    await fair().addBulk(jobsOf('b', 1))
    await served()
    await fair().addBulk(jobsOf('a', 20))
    await served(10)
    await fair().addBulk(jobsOf('b', 20))
    expect(await served(20)).toBe('ab'.repeat(10))
  })

  it('keeps the order of one organisation’s jobs, over many batches', async () => {
    const jobs = jobsOf('a', 30)
    for (let n = 0; n < 30; n += 10) {
      await fair().addBulk(jobs.slice(n, n + 10))
      await fair().addBulk(jobsOf('b', 1))
    }
    const order: string[] = []
    const worker = new Worker<OutboxJob>(queue.name, null, { connection })
    for (;;) {
      const job = await worker.getNextJob('token', { block: false })
      if (!job) break
      if (job.data.orgId === 'a') order.push(job.data.id)
      await job.moveToCompleted(null, 'token', false)
    }
    await worker.close()
    expect(order).toEqual(jobs.map(({ data }) => data.id))
  })

  it('takes a job once that is enqueued again', async () => {
    const jobs = jobsOf('a', 3)
    await fair().addBulk(jobs)
    await fair().addBulk(jobs)
    expect(await served()).toBe('aaa')
  })

  it('goes on where Redis lost everything', async () => {
    await fair().addBulk(jobsOf('a', 3))
    await connection.del(queue.toKey('rounds'))
    await queue.obliterate({ force: true })
    await fair().addBulk(jobsOf('b', 2))
    expect(await served()).toBe('bb')
  })

  it('serves what is above the largest priority of BullMQ as it comes, and loses none of it', async () => {
    await fair().addBulk(jobsOf('a', 1))
    await connection.hset(queue.toKey('rounds'), 'a', 2 ** 21 - 2)
    await fair().addBulk([...jobsOf('a', 3), ...jobsOf('b', 1)])
    expect(await served()).toBe('abaaa')
  })

  it('would be seen serving one organisation first: a plain queue does', async () => {
    await queue.addBulk(jobsOf('a', 6))
    await queue.addBulk(jobsOf('b', 2))
    expect(await served()).toBe('aaaaaabb')
  })
})
