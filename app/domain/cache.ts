import { createHash, randomBytes } from 'node:crypto'
import type { ChainableCommander, Redis } from 'ioredis'
import type { Actor } from './actor.ts'
import { faults } from './faults.ts'
import type { CacheRule } from './operation.ts'
import { runtime } from './runtime.ts'

/** How often the cache had the answer; read by the metrics. */
export const cacheCounts = { hits: 0, misses: 0, failures: 0 }

/** The tenant stands first in every key, and no key can be spelt without one. */
const entryKey = (actor: Pick<Actor, 'orgId'>, question: string) => `cache:{${ownerOf(actor)}}:${question}`
const generationKey = (actor: Pick<Actor, 'orgId'>, tag: string) => `cache:{${ownerOf(actor)}}/${tag}`
const ownerOf = ({ orgId }: Pick<Actor, 'orgId'>) => (faults().leakingCache ? 'everybody' : orgId)
/** Longer than any entry lives, so that a generation never comes back while an entry remembers it. */
const generationSeconds = 86_400

/** Loads that are under way in this process: who asks the same at the same time waits for the same answer. */
const flights = new Map<string, Promise<unknown>>()

/**
 * The kept answer to a question, or a new one. Each tag of a tenant has a generation, which a write changes; an
 * entry is good while the generations are those that it was read under. So an answer that was read before a write
 * is neither served nor shared after it: one reads one's own write. Without Redis every question is loaded.
 */
export async function cached<T>(
  actor: Actor,
  name: string,
  rule: CacheRule<never>,
  input: unknown,
  load: () => Promise<T>,
): Promise<T> {
  const { redis } = runtime()
  const key = entryKey(actor, `${name}:${rule.shared ? '' : asker(actor)}:${digestOf(input)}`)
  const tags = rule.tags(actor, input as never).map((tag) => generationKey(actor, tag))
  const looked = await lookUp(redis, key, tags)
  if (looked === null) return load()
  const { entry, generation } = looked
  if (entry?.startsWith(generation)) {
    cacheCounts.hits++
    return JSON.parse(entry.slice(generation.length)) as T
  }
  cacheCounts.misses++
  const flight = key + generation
  const underWay = flights.get(flight) as Promise<T> | undefined
  if (underWay) return underWay
  const loading = load()
  flights.set(flight, loading)
  try {
    const value = await loading
    await redis.set(key, generation + JSON.stringify(value), 'EX', rule.seconds).catch(countFailure)
    return value
  } finally {
    // Not before it is kept: who looked it up a moment ago, and hears in this turn that it was not, would load again.
    setImmediate(() => flights.delete(flight))
  }
}

/**
 * What an answer that is a person's own may depend on. A session is told of another role a moment after the write: an
 * answer to the old role, given in between, would else be kept for the new one.
 */
const asker = ({ userId, role, plan }: Actor) => `${userId}/${role}/${plan}`

async function lookUp(redis: Redis, key: string, tags: string[]) {
  try {
    // Two commands in one round trip: the client pipelines what is asked in the same tick.
    const [entry, generations] = await Promise.all([redis.get(key), redis.mget(tags)])
    return { entry, generation: `${generations.map((each) => each ?? '').join(',')}\n` }
  } catch (error) {
    countFailure(error)
    return null
  }
}

/** Under which keys Redis holds the generations of a tenant's tags. */
export const tagKeys = (actor: Pick<Actor, 'orgId'>, tags: Iterable<string>): string[] =>
  [...tags].map((tag) => generationKey(actor, tag))

/** Gives each tag a new generation, so that nothing is good any more that was kept under it. */
export function forgetKeys(pipeline: ChainableCommander, keys: string[]): void {
  for (const key of keys) pipeline.set(key, randomBytes(9).toString('base64url'), 'EX', generationSeconds)
}

/** Forgets what is kept under the tags of a tenant; for the worker, whose jobs are repeated until they succeed. */
export async function forgetTags(actor: Pick<Actor, 'orgId'>, tags: Iterable<string>): Promise<void> {
  const pipeline = runtime().redis.pipeline()
  forgetKeys(pipeline, tagKeys(actor, tags))
  if (pipeline.length > 0) await pipeline.exec().catch(countFailure)
}

export function countFailure(_: unknown): void {
  cacheCounts.failures++
}

/** The same input gives the same text, whatever the order of its fields. */
function digestOf(input: unknown): string {
  const sorted = JSON.stringify(input, (_, value: unknown) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  return sorted.length <= 60 ? sorted : createHash('sha1').update(sorted).digest('base64url')
}
