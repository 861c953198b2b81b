import { singleMetric } from '@worklane/api/single-metric.ts'
import { Redis } from 'ioredis'
import type { CacheEntry, CacheHandler } from 'next/dist/server/lib/cache-handlers/types.js'
import { Counter } from 'prom-client'

/**
 * What `'use cache: remote'` keeps, in Redis, for all web processes together. For what is the same for every
 * tenant; what belongs to one goes through the domain's own cache, whose keys begin with the tenant.
 */
const entryKey = (key: string) => `next-cache:entry:${key}`
/** Tag → when it was revalidated, in milliseconds since the epoch. */
const tagsKey = 'next-cache:tags'
/** Longer than this nothing is kept, whatever Next's own "forever" says. */
const longestSeconds = 30 * 86_400

type Kept = Omit<CacheEntry, 'value'>
type Tagged = { staleAt?: number; expiredAt?: number }

const lookups = (outcome: 'hit' | 'miss' | 'failure') => counter().inc({ outcome })
const counter = () =>
  singleMetric(
    'next_cache_lookups_total',
    (name) =>
      new Counter({
        name,
        help: "What 'use cache: remote' looked for, by what came of it; failures are those of Redis",
        labelNames: ['outcome'],
      }),
  )

/** @param redisUrl without one, as during a build, nothing is kept */
export function remoteCache(redisUrl: string | undefined): CacheHandler & { close(): Promise<void> } {
  const redis = redisUrl
    ? new Redis(redisUrl.trim(), { maxRetriesPerRequest: 1, lazyConnect: true })
    : undefined
  // Readiness tells of it; without a listener a lost Redis would end the process.
  redis?.on('error', () => {})
  const pending = new Map<string, Promise<void>>()

  return {
    async get(key, softTags) {
      if (!redis) return undefined
      await pending.get(key)
      try {
        const stored = await redis.getBuffer(entryKey(key))
        const entry = stored && unpack(stored)
        const found = entry && (await withTags(redis, entry.kept, softTags))
        lookups(found ? 'hit' : 'miss')
        return found ? { ...found, value: streamOf(entry.value) } : undefined
      } catch {
        lookups('failure')
        return undefined
      }
    },

    async set(key, pendingEntry) {
      if (!redis) return
      const storing = store(redis, key, pendingEntry).finally(() => pending.delete(key))
      pending.set(key, storing)
      await storing
    },

    async refreshTags() {},

    /** Tags are read with each entry, which is the same round trip. */
    getExpiration: async () => Number.POSITIVE_INFINITY,

    async updateTags(tags, durations) {
      if (!redis || tags.length === 0) return
      const now = Date.now()
      const { expire } = durations ?? {}
      // Without durations they end at once; with some they are served once more while a new one is made.
      const expiredAt = !durations ? now : expire === undefined ? undefined : now + expire * 1000
      const update: Tagged = durations
        ? { staleAt: now, ...(expiredAt ? { expiredAt } : {}) }
        : { expiredAt: now }
      await redis.hset(tagsKey, Object.fromEntries(tags.map((tag) => [tag, JSON.stringify(update)])))
    },

    async close() {
      await redis?.quit().catch(() => {})
    },
  }
}

async function store(redis: Redis, key: string, pendingEntry: Promise<CacheEntry>): Promise<void> {
  try {
    const { value, ...kept } = await pendingEntry
    const bytes = Buffer.from(await new Response(value).arrayBuffer())
    const seconds = Math.min(Math.floor(kept.expire), longestSeconds)
    if (seconds > 0) await redis.set(entryKey(key), pack(kept, bytes), 'EX', seconds)
  } catch {
    // A half-made entry or a lost Redis: the next one who asks makes it anew.
    lookups('failure')
  }
}

/** The entry as its tags leave it; undefined once one of them expired after it was made. */
async function withTags(redis: Redis, kept: Kept, softTags: string[]): Promise<Kept | undefined> {
  const tags = [...kept.tags, ...softTags]
  if (tags.length === 0) return kept
  const now = Date.now()
  const updates = (await redis.hmget(tagsKey, ...tags)).map((text): Tagged => JSON.parse(text ?? '{}'))
  const since = (at: number | undefined) => at !== undefined && at >= kept.timestamp && at <= now
  if (updates.some(({ expiredAt }) => since(expiredAt))) return undefined
  return updates.some(({ staleAt }) => since(staleAt)) ? { ...kept, revalidate: -1 } : kept
}

/** One line of JSON, and the bytes behind it. */
const pack = (kept: Kept, value: Buffer) => Buffer.concat([Buffer.from(`${JSON.stringify(kept)}\n`), value])

function unpack(stored: Buffer): { kept: Kept; value: Buffer } {
  const end = stored.indexOf('\n')
  return { kept: JSON.parse(stored.subarray(0, end).toString()), value: stored.subarray(end + 1) }
}

const streamOf = (bytes: Buffer) => new Blob([new Uint8Array(bytes)]).stream()
