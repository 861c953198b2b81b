import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startGuard } from '../../harness/stack/guard.ts'
import { type PortBlock, takePortBlock } from '../../harness/stack/ports.ts'
import { startRedis } from '../../harness/stack/redis.ts'
import { provide } from '../../harness/toolchain/provide.ts'
import { execute } from './execute.ts'
import { publish } from './live/channel.ts'
import { hub } from './live/hub.ts'
import { setRole } from './members/operations.ts'
import { closeRuntime } from './runtime.ts'
import { endSession } from './sessions/sessions.ts'
import { moveTask } from './tasks/writes.ts'
import { createTenant, type Tenant } from './testing/tenants.ts'

/** As every request has it: one that hangs is told from one that is slow by then. */
const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  const began = Date.now()
  const answer = await work
  expect(Date.now() - began).toBeLessThan(ms)
  return answer
}

describe('while Redis', () => {
  const guard = startGuard()
  const shared = process.env.REDIS_URL
  let directory: string
  let ports: PortBlock
  let store: Parameters<typeof startRedis>[1]
  let redis: Awaited<ReturnType<typeof startRedis>>
  let tenant: Tenant

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stalled-redis-'))
    ports = await takePortBlock()
    const { redis: program } = await provide(['redis'])
    store = {
      program: program.path,
      port: await ports.next(),
      directory,
      logFile: join(directory, 'redis.log'),
    }
    redis = await startRedis(guard, store)
    process.env.REDIS_URL = redis.url
    // As it is outside of tests: limits let through what they cannot count.
    process.env.RATE_LIMIT_PATIENCE_MS = '250'
  })
  beforeEach(async () => {
    tenant = await createTenant()
    expect(await hub.isReady()).toBe(true)
  })
  afterAll(async () => {
    await hub.close()
    await closeRuntime()
    await redis.part.stop()
    guard.end()
    ports.release()
    process.env.REDIS_URL = shared
    await rm(directory, { recursive: true, force: true })
  })

  const writes = async () => {
    const { member, admin } = tenant.people
    await execute(moveTask, member.actor, { taskId: tenant.task, status: 'doing' })
    // Redis is told inside of these transactions, which hold the organisation's lock and the session's.
    await execute(setRole, admin.actor, { memberId: member.actor.userId, role: 'viewer' })
    expect(await endSession(member.actor.userId, member.actor.sessionId as string)).toBe(true)
  }

  it('hangs, every write ends, and frees its locks', async () => {
    redis.part.signal('SIGSTOP')
    try {
      await within(20_000, writes())
    } finally {
      redis.part.signal('SIGCONT')
    }
  })

  it('is away, streams are refused at once, and leave nothing behind that waits for it', async () => {
    await redis.part.stop()
    await expect.poll(() => hub.isReady()).toBe(false)
    const asked = Array.from({ length: 50 }, async (_, n) => {
      expect(await hub.isReady()).toBe(false)
      // One that began just before.
      const subscription = hub.subscribe(`live:{${tenant.id}}:${n}`, {
        onMessage: () => {},
        onClose: () => {},
      })
      await expect(subscription.ready).rejects.toThrow()
      subscription.end()
    })
    await within(2_000, Promise.all(asked))
    expect(hub.size).toBe(0)
    await within(20_000, writes())
    redis = await startRedis(guard, store)
    await expect.poll(() => hub.isReady()).toBe(true)
    const told: unknown[] = []
    const channel = `live:{${tenant.id}}:again`
    const listening = hub.subscribe(channel, { onMessage: ({ data }) => told.push(data), onClose: () => {} })
    await listening.ready
    await publish(tenant.people.owner.actor, 'again', 'task', 'moved')
    await expect.poll(() => told).toEqual(['moved'])
    listening.end()
  })
})
