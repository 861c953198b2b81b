import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis as UpstashRedis } from '@upstash/redis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGuard } from '../../../harness/stack/guard.ts'
import { takePortBlock } from '../../../harness/stack/ports.ts'
import { startRedis } from '../../../harness/stack/redis.ts'
import { provide } from '../../../harness/toolchain/provide.ts'
import { orgId, userId } from '../ids.ts'
import { addressLimit, type Limit, limitsOf } from './classes.ts'
import { createLimiter } from './limiter.ts'
import { startRestFront } from './rest-front.ts'

const token = 'a token of the test'

/** A busy machine is slow, and no store that is away. */
const patienceMs = 10_000

describe('rate limits', () => {
  let redis: Redis
  let front: Awaited<ReturnType<typeof startRestFront>>

  beforeAll(async () => {
    redis = new Redis(process.env.REDIS_URL ?? '', { enableAutoPipelining: true })
    front = await startRestFront(redis, token)
  })
  afterAll(async () => {
    await front.close()
    await redis.quit()
  })

  /** A limit of its own for every test. */
  const limitOf = (requests: number, windowSeconds = 60): Limit => ({
    ...addressLimit(randomUUID(), 'sign-in'),
    ...{ requests, windowSeconds },
  })
  const ways = { 'over a socket': () => undefined, 'over REST': () => ({ url: front.url, token }) }

  describe.each(Object.entries(ways))('%s', (_, rest) => {
    it('allow as many as they say, and tell the next one when to come back', async () => {
      const limiter = createLimiter({ redis, rest: rest(), patienceMs })
      const limit = limitOf(3)
      const verdicts = []
      for (let turn = 0; turn < 4; turn++) verdicts.push(await limiter.check([limit]))
      expect(verdicts.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
        [true, 2],
        [true, 1],
        [true, 0],
        [false, 0],
      ])
      const last = verdicts[3]
      expect(last?.decided).toBe(true)
      expect(last?.retryAfterSeconds).toBeGreaterThanOrEqual(1)
      expect(last?.retryAfterSeconds).toBeLessThanOrEqual(60)
    })

    it('are shared by processes', async () => {
      const limit = limitOf(2)
      const [one, other] = [
        createLimiter({ redis, rest: rest(), patienceMs }),
        createLimiter({ redis, rest: rest(), patienceMs }),
      ]
      expect((await one.check([limit])).allowed).toBe(true)
      expect((await other.check([limit])).allowed).toBe(true)
      expect((await one.check([limit])).allowed).toBe(false)
    })

    it('let a request through only when all of its limits do, and tell of the tightest', async () => {
      const limiter = createLimiter({ redis, rest: rest(), patienceMs })
      const [wide, narrow] = [limitOf(100), limitOf(1)]
      expect(await limiter.check([wide, narrow])).toMatchObject({ allowed: true, limit: 1, remaining: 0 })
      expect(await limiter.check([wide, narrow])).toMatchObject({ allowed: false, limit: 1 })
      expect((await limiter.check([wide])).allowed).toBe(true)
    })
  })

  it('are the same by both ways for the same requests, which count together', async () => {
    const limit = limitOf(5)
    const limiters = [
      createLimiter({ redis, patienceMs }),
      createLimiter({ redis, rest: { url: front.url, token }, patienceMs }),
    ]
    const allowed: boolean[] = []
    for (let turn = 0; turn < 8; turn++)
      allowed.push((await (limiters[turn % 2] as (typeof limiters)[0]).check([limit])).allowed)
    expect(allowed.filter(Boolean)).toHaveLength(5)
  })

  it('never let an organisation beyond the cap of the machine, whatever its plan pays for', () => {
    const caller = { userId: userId(randomUUID()), orgId: orgId(randomUUID()), key: null }
    const kinds = ['read', 'write', 'heavy'] as const
    const shared = kinds.map((of) => limitsOf({ ...caller, plan: 'business' }, of, 1, 400)[1]?.requests)
    expect(shared).toEqual([400, 100, 20])
    expect(limitsOf({ ...caller, plan: 'free' }, 'read', 1, 5_000)[1]?.requests).toBe(1_200)
  })

  it('keep tenants, people and keys apart', () => {
    const [a, b] = [orgId(randomUUID()), orgId(randomUUID())]
    const caller = { userId: userId(randomUUID()), plan: 'free' as const, key: null }
    const keys = [
      ...limitsOf({ ...caller, orgId: a }, 'read'),
      ...limitsOf({ ...caller, orgId: b, key: { id: 'k' } }, 'read'),
      ...limitsOf({ ...caller, orgId: b }, 'write'),
    ].map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('let requests through and say so while the store is away, or refuses them itself', async () => {
    const nobody = new Redis({
      port: 1,
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    })
    nobody.on('error', () => {})
    const told: unknown[] = []
    const away = createLimiter({ redis: nobody, onUnavailable: (error) => told.push(error) })
    for (let turn = 0; turn < 5; turn++)
      expect(await away.check([limitOf(1)])).toMatchObject({ allowed: true, decided: false })
    // One tried; the others did not wait for it.
    expect(told).toHaveLength(1)

    const gone = await startRestFront(redis, token)
    const limiter = createLimiter({ redis, rest: { url: gone.url, token: 'a wrong one' } })
    expect((await limiter.check([limitOf(1)])).decided).toBe(false)
    await gone.close()
  })

  it('hold again once the store that was away is back', async () => {
    const guard = startGuard()
    const ports = await takePortBlock()
    const directory = await mkdtemp(join(tmpdir(), 'limiter-'))
    const store = {
      program: (await provide(['redis'])).redis.path,
      port: await ports.next(),
      ...{ directory, logFile: join(directory, 'redis.log') },
    }
    const first = await startRedis(guard, store)
    const own = new Redis(first.url, { enableAutoPipelining: true, maxRetriesPerRequest: 1 })
    own.on('error', () => {})
    const limiter = createLimiter({ redis: own, patienceMs })
    const limit = limitOf(1)
    expect(await limiter.check([limit])).toMatchObject({ allowed: true, decided: true })
    expect(await limiter.check([limit])).toMatchObject({ allowed: false, decided: true })

    await first.part.stop()
    expect(await limiter.check([limit])).toMatchObject({ allowed: true, decided: false })

    const second = await startRedis(guard, store)
    const decided = async () => (await limiter.check([limitOf(1)])).decided
    await expect.poll(decided, { timeout: 10_000 }).toBe(true)
    // It counts anew: the store began empty, without the scripts that it knew.
    expect(await limiter.check([limit])).toMatchObject({ allowed: true, decided: true })
    expect(await limiter.check([limit])).toMatchObject({ allowed: false, decided: true })
    own.disconnect()
    await second.part.stop()
    guard.end()
    ports.release()
    await rm(directory, { recursive: true })
  })
})

describe("Upstash's REST protocol", () => {
  let redis: Redis
  let front: Awaited<ReturnType<typeof startRestFront>>
  let client: UpstashRedis

  beforeAll(async () => {
    redis = new Redis(process.env.REDIS_URL ?? '')
    front = await startRestFront(redis, token)
    client = new UpstashRedis({ url: front.url, token, enableTelemetry: false, retry: false })
  })
  afterAll(async () => {
    await front.close()
    await redis.quit()
  })

  it('is spoken by the front: values, scripts, pipelines, transactions', async () => {
    const key = `rest:${randomUUID()}`
    expect(await client.set(key, 'grüße ✓')).toBe('OK')
    expect(await client.get(key)).toBe('grüße ✓')
    expect(await client.eval('return redis.call("get", KEYS[1])', [key], [])).toBe('grüße ✓')
    await client.del(key)
    const pipeline = client.pipeline()
    pipeline.incr(key)
    pipeline.incrby(key, 4)
    expect(await pipeline.exec()).toEqual([1, 5])
    const multi = client.multi()
    multi.incr(key)
    multi.get(key)
    expect(await multi.exec()).toEqual([6, 6])
    expect(await client.mget(key, `${key}:none`)).toEqual([6, null])
    await client.del(key)
  })

  it('refuses a wrong token, an unknown script and a command that is none', async () => {
    const stranger = new UpstashRedis({
      url: front.url,
      token: 'another',
      enableTelemetry: false,
      retry: false,
    })
    await expect(stranger.get('x')).rejects.toThrow(/WRONGPASS/)
    await expect(client.evalsha('0'.repeat(40), [], [])).rejects.toThrow(/NOSCRIPT/)
    const response = await fetch(front.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: '{"not":"a command"}',
    })
    expect(response.status).toBe(400)
  })
})
