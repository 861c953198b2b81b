import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import type { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kinds } from './kinds.ts'
import { type Effect, NotNow, openQueue, type RunningWorker, startWorker } from './queue.ts'

const patient = { timeout: 30_000 }

describe('a worker of a queue', { timeout: 60_000 }, () => {
  let connection: Redis
  let prefix: string
  let queue: Queue<OutboxJob>
  const running: RunningWorker[] = []

  beforeAll(() => {
    connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
  })
  beforeEach(() => {
    prefix = `test-${randomUUID()}`
    queue = openQueue('mail', connection, prefix)
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ worker }) => worker.close(true)))
    await queue.obliterate({ force: true })
    await queue.close()
  })
  afterAll(() => connection.quit())

  function work(effect: Effect, kind = {}): RunningWorker {
    const started = startWorker('mail', connection, effect, { kind: { ...kinds.mail, ...kind }, prefix })
    started.worker.on('error', () => {})
    running.push(started)
    return started
  }
  async function add(orgId = 'a'): Promise<string> {
    const id = randomUUID()
    await queue.add('mail', { id, orgId, topic: 'mail', payload: {} }, { jobId: id })
    return id
  }
  const stateOf = async (id: string) => queue.getJobState(id)

  it('ends a job that takes too long, tells it so, and tries again', async () => {
    let tries = 0
    let told: unknown
    work(
      async (_, signal) => {
        if (++tries > 1) return
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => {
            told = signal.reason
            resolve()
          }),
        )
        await sleep(60_000, undefined, { ref: false })
      },
      { timeoutMs: 200 },
    )
    const id = await add()
    await expect.poll(() => stateOf(id), patient).toBe('completed')
    expect(tries).toBe(2)
    expect(String(told)).toMatch('the job took longer than 0.2 s')
    expect((await queue.getJob(id))?.attemptsMade).toBe(2)
  })

  it('keeps what failed as often as it may as a dead letter, with why', async () => {
    work(async () => {
      throw new Error('no mail server')
    })
    const id = randomUUID()
    await queue.add('mail', { id, orgId: 'a', topic: 'mail', payload: {} }, { jobId: id, attempts: 1 })
    await expect.poll(() => stateOf(id), patient).toBe('failed')
    expect((await queue.getJob(id))?.failedReason).toBe('no mail server')
  })

  it('takes up again what said that it is not its turn, and counts no try', async () => {
    let asked = 0
    work(async () => {
      if (++asked < 3) throw new NotNow(20)
    })
    const id = await add()
    await expect.poll(() => stateOf(id), patient).toBe('completed')
    expect(asked).toBe(3)
    expect((await queue.getJob(id))?.attemptsMade).toBe(1)
  })

  it('keeps places free of one organisation whose jobs take long', async () => {
    const open = Promise.withResolvers<void>()
    const [begun, most] = [new Map<string, number>(), new Map<string, number>()]
    work(
      async ({ orgId }) => {
        const now = (begun.get(orgId) ?? 0) + 1
        begun.set(orgId, now)
        most.set(orgId, Math.max(most.get(orgId) ?? 0, now))
        if (orgId === 'a') await open.promise
        begun.set(orgId, now - 1)
      },
      { concurrency: 2, perOrganisation: 1 },
    )
    const long = await Promise.all([add('a'), add('a'), add('a')])
    await expect.poll(() => begun.get('a'), patient).toBe(1)
    const other = await add('b')
    await expect.poll(() => stateOf(other), patient).toBe('completed')
    expect((await Promise.all(long.map(stateOf))).filter((state) => state === 'completed')).toEqual([])
    open.resolve()
    for (const id of long) await expect.poll(() => stateOf(id), patient).toBe('completed')
    expect(most.get('a')).toBe(1)
  })

  it('that stops waits for what it does, and takes nothing more', async () => {
    const done: string[] = []
    const { stop } = work(
      async ({ id }) => {
        await sleep(500)
        done.push(id)
      },
      { concurrency: 1 },
    )
    const first = await add()
    await expect.poll(() => stateOf(first), patient).toBe('active')
    const second = await add()
    await stop()
    expect(done).toEqual([first])
    expect([await stateOf(first), await stateOf(second)]).toEqual(['completed', 'waiting'])
  })

  it('that stops puts a long job back that can be begun anew, and another one does it', async () => {
    let begun = 0
    const { stop } = work(async (_, signal) => {
      begun++
      await sleep(60_000, undefined, { signal, ref: false })
    })
    const id = await add()
    await expect.poll(() => begun, patient).toBe(1)
    const began = performance.now()
    await stop()
    // A process has ten seconds to stop.
    expect(performance.now() - began).toBeLessThan(9_000)
    expect(await stateOf(id)).not.toBe('active')
    work(async () => {})
    await expect.poll(() => stateOf(id), patient).toBe('completed')
    expect((await queue.getJob(id))?.attemptsMade).toBe(1)
  })

  it('that died leaves its job to another one', async () => {
    const dying = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
    const { worker } = startWorker('mail', dying, () => sleep(60_000, undefined, { ref: false }), { prefix })
    worker.on('error', () => {})
    const id = await add()
    await expect.poll(() => stateOf(id), patient).toBe('active')
    // As if it were killed: nothing of it reaches Redis any more.
    dying.disconnect()
    await worker.close(true)
    const doing: string[] = []
    work(async (job) => void doing.push(job.id))
    await expect.poll(() => stateOf(id), { timeout: 50_000 }).toBe('completed')
    expect(doing).toEqual([id])
  })
})
