import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import type pg from 'pg'

type Ended = Pick<OutboxJob, 'orgId' | 'id'>

/** More than that Redis tells as well: `relayUnsettled` asks it. */
const most = 50_000

/**
 * Tells the outbox which jobs have ended, many in one statement. What a crash keeps from being told is found out later
 * (`relayUnsettled`).
 * @param pool of the relay
 */
export function settlements(pool: pg.Pool, onError: (error: unknown) => void, everyMs = 500) {
  let ended: Ended[] = []
  let telling: Promise<void> = Promise.resolve()
  const tell = () => {
    telling = telling.then(async () => {
      if (ended.length === 0) return
      const told = ended
      ended = []
      await settle(pool, told).catch((error) => {
        ended = [...told, ...ended].slice(0, most)
        onError(error)
      })
    })
    return telling
  }
  const timer = setInterval(tell, everyMs)
  return {
    /** A job had its effect, or is a dead letter. */
    note: (job: Ended) => void ended.push(job),
    async stop(): Promise<void> {
      clearInterval(timer)
      await tell()
    },
  }
}

/** @param jobs by their rows of the outbox */
export async function settle(pool: pg.Pool, jobs: readonly Ended[]): Promise<void> {
  await pool.query({
    name: 'settle',
    text: `update outbox o set settled_at = clock_timestamp()
           from unnest($1::uuid[], $2::uuid[]) as ended (org_id, id)
           where o.org_id = ended.org_id and o.id = ended.id and o.settled_at is null`,
    values: [jobs.map(({ orgId }) => orgId), jobs.map(({ id }) => id)],
  })
}
