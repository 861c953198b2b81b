import { setTimeout as sleep } from 'node:timers/promises'
import { clientConfigOf } from '@worklane/data/postgres-address.ts'
import { UtcClient } from '@worklane/data/utc-client.ts'

/**
 * Who asks the database: the web and the API in the course of a request, or a worker because of what a write brought
 * about. The outbox relay, which asks all the time, is neither. Each deployment has roles of its own.
 */
const roles = {
  requests: '^worklane_(app|auth)(_[0-9a-f]+)?$',
  effects: '^worklane_worker(_[0-9a-f]+)?$',
} as const

export type Statements = {
  /** How many statements Postgres has finished for them; without those that a connection begins with. */
  calls(of: keyof typeof roles): Promise<number>
  /** False of a revision whose workers ask under the application's name. */
  tellsEffects: boolean
  /**
   * Waits until the workers have done all that was written since this was opened.
   * @throws Error when that takes longer than it ever should, since what failed asks for less
   */
  untilIdle(patienceMs?: number): Promise<void>
  end(): Promise<void>
}

/** What a worker wrote into the activity feed because of it, tells that it was done, and not only tried. */
const waiting = `select from outbox o where relayed_at is null or (
    relayed_at >= $1 and topic = 'task.activity'
      and not exists (select from activity a where a.org_id = o.org_id and a.outbox_id = o.id))
  limit 1`

/** A worker that asked for nothing in so many looks in a row, this far apart, has done what was waiting. */
const idle = { looks: 4, everyMs: 100, patienceMs: 30_000 }

/** @param url an administrator's: statements are counted by `pg_stat_statements` */
export async function openStatements(url: string): Promise<Statements> {
  const client = new UtcClient(clientConfigOf('DATABASE_URL', url))
  // A lost connection fails the next query; untold of here it would end the process.
  client.on('error', () => {})
  await client.connect()
  await client.query('create extension if not exists pg_stat_statements')
  const known = await client.query('select from pg_roles where rolname ~ $1', [roles.effects])
  const opened = await client.query<{ at: Date }>('select now() as at')
  const calls: Statements['calls'] = async (of) => {
    const { rows } = await client.query<{ calls: string }>(
      `select coalesce(sum(calls), 0) as calls from pg_stat_statements
        where userid in (select oid from pg_roles where rolname ~ $1) and query not like '%set_config(%'`,
      [roles[of]],
    )
    return Number(rows[0]?.calls)
  }
  const isWaiting = async () => (await client.query(waiting, [opened.rows[0]?.at])).rowCount !== 0
  return {
    calls,
    tellsEffects: known.rowCount !== 0,
    async untilIdle(patienceMs = idle.patienceMs) {
      const until = performance.now() + patienceMs
      let before = -1
      for (let quiet = 0; quiet < idle.looks; await sleep(idle.everyMs)) {
        if (performance.now() > until)
          throw new Error(`the workers were not done within ${patienceMs / 1_000} s`)
        const now = await calls('effects')
        quiet = now === before && !(await isWaiting()) ? quiet + 1 : 0
        before = now
      }
    },
    end: () => client.end(),
  }
}
