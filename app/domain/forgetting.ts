import type { Redis } from 'ioredis'
import { countFailure, forgetKeys } from './cache.ts'
import { runtime } from './runtime.ts'

/** How Redis holds a session. */
export const sessionKey = (hash: string) => `session:${hash}`

/** Stands in a session's place after a change; longer than any request takes between its read and its keeping. */
export const forgotten = 'forgotten'
const forgottenSeconds = 30

/** Says that a row's writer has done its work. Set after it on the same connection, so a snapshot has both or neither. */
const doneKey = (row: string) => `forgotten-by-writer:${row}`
/** Longer than a row of the cache's outbox is repeated. */
const doneSeconds = 900

/** What one transaction wants forgotten: a row of cache_outbox. */
export type Forgetting = { id: string; keys: string[] }

/** Forgets tags after the commit. Where Redis is away the relay does it when it is back. */
export async function forgetNow(row: string, keys: string[]): Promise<void> {
  if (keys.length === 0) return
  const pipeline = runtime().redis.pipeline()
  forgetKeys(pipeline, keys)
  pipeline.set(doneKey(row), '1', 'EX', doneSeconds)
  await pipeline.exec().catch(countFailure)
}

/**
 * Drops what Redis knows of sessions, and for a moment keeps anybody from putting it back: a request that read the
 * session before it changed may still be under way. Where Redis is away the relay does it when it is back.
 */
export async function markSessions(hashes: string[]): Promise<void> {
  const { redis } = runtime()
  const mark = (hash: string) => redis.set(sessionKey(hash), forgotten, 'EX', forgottenSeconds)
  await Promise.all(hashes.map((hash) => mark(hash).catch(countFailure)))
}

/**
 * Does what the writers of these rows may have had no chance to do; once more is no harm. Who watches a board that
 * nobody told of a change looks at it anew.
 * @throws when Redis did not take all of it
 */
export async function repeatForgetting(redis: Redis, rows: Forgetting[]): Promise<void> {
  if (rows.length === 0) return
  const done = await redis.mget(rows.map(({ id }) => doneKey(id)))
  const keys = new Set(rows.flatMap((row, index) => (done[index] === null ? row.keys : [])))
  const pipeline = redis.pipeline()
  for (const key of keys) {
    if (key.startsWith(sessionKey(''))) pipeline.set(key, forgotten, 'EX', forgottenSeconds)
    else forgetKeys(pipeline, [key])
    const [, tenant, project] = /^cache:(\{.+\})\/board:(.+)$/.exec(key) ?? []
    if (project) pipeline.publish(`live:${tenant}:${project}`, JSON.stringify({ event: 'open', data: {} }))
  }
  const failed = (await pipeline.exec())?.find(([error]) => error !== null)
  if (failed?.[0]) throw failed[0]
}
