import type { Redis } from 'ioredis'
import { runtime } from '../runtime.ts'

/** What the public may know of how Worklane is. */
export type Status = { at: string; parts: { name: PartName; works: boolean }[] }
type PartName = 'pages' | 'api' | 'work' | 'live' | 'mail'

/** The worker's sign of life: its relay went round not long ago. */
const relayKey = 'worker:relay'
const relaySeconds = 15
/** A part that takes longer than this to answer does not work. */
const patience = 2_000

/** Asks each part what only it can answer. Costs a few round trips; whoever shows it keeps it for a while. */
export async function currentStatus(): Promise<Status> {
  const { env, database, auth, redis } = runtime()
  const probes: Record<PartName, Promise<unknown>> = {
    pages: auth.query('select 1'),
    api: answers(`${env.ORIGIN}/openapi.json`),
    work: database.pool.query('select 1'),
    live: redis.ping(),
    mail: relayIsAlive(redis),
  }
  const parts = Object.entries(probes).map(async ([name, probe]) => ({
    name: name as PartName,
    works: await inTime(probe),
  }))
  return { at: new Date().toISOString(), parts: await Promise.all(parts) }
}

/** To be called at each turn of the relay; writes at most every few seconds. */
export function relayBeat(redis: Redis): () => Promise<void> {
  let beaten = 0
  return async () => {
    if (Date.now() - beaten < (relaySeconds / 3) * 1000) return
    beaten = Date.now()
    await redis.set(relayKey, beaten, 'EX', relaySeconds)
  }
}

async function answers(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(patience) })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
}

async function relayIsAlive(redis: Redis): Promise<void> {
  if ((await redis.exists(relayKey)) === 0) throw new Error('no worker has moved anything for a while')
}

async function inTime(probe: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('no answer in time')), patience)
  return Promise.race([probe, late.promise])
    .then(
      () => true,
      () => false,
    )
    .finally(() => clearTimeout(timer))
}
