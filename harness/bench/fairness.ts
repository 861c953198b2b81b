import { setTimeout as sleep } from 'node:timers/promises'
import { neighbours } from '@headroom/perf-budgets/slo.ts'
import { postgresAddress } from '@worklane/data/postgres-address.ts'
import { withPostgres } from '@worklane/data/reach-postgres.ts'
import Table from 'cli-table3'
import type pg from 'pg'
import { type Stack, startStack } from '../stack/stack.ts'
import { percentile } from './truth/books.ts'

export type Fairness = {
  /** Jobs that the busy organisation had waiting, and how long the workers had to do with them. Seconds. */
  jobs: number
  seconds: number
  /** From a write of the other organisation to its effect. Milliseconds. */
  delays: number[]
}

const everyMs = 50
const patienceMs = 180_000

/**
 * How long one organisation waits for its effects while another one has thousands of jobs waiting: rows of the outbox
 * written at once for one, and one every 50 ms for the other until the first one's are done. By the real relay and
 * worker; delays by the database's clock, from the id of the row to that of its effect.
 * @param jobs of the busy organisation
 * @param faults `plain-queues` for queues that serve jobs as they come
 */
export async function fairness(jobs: number, faults = ''): Promise<Fairness> {
  const stack = await startStack({ parts: ['postgres', 'redis', 'worker'], faults })
  return measure(stack, jobs).finally(() => stack.stop())
}

const measure = ({ env }: Stack, jobs: number): Promise<Fairness> =>
  withPostgres(postgresAddress('DATABASE_URL', env.DATABASE_URL ?? ''), async (client) => {
    const [busy, other] = [await organisation(client), await organisation(client)]
    // The first ones compile the code, and open connections.
    await write(client, other, 50)
    await until(client, other, 50)
    const before = await done(client, other)
    const began = performance.now()
    await write(client, busy, jobs)
    let written = before
    while ((await done(client, busy)) < jobs) {
      await write(client, other, 1)
      written++
      await sleep(everyMs)
      if (performance.now() - began > patienceMs)
        throw new Error(`${jobs} jobs took longer than three minutes`)
    }
    const seconds = (performance.now() - began) / 1_000
    await until(client, other, written)
    return { jobs, seconds, delays: (await delaysOf(client, other)).slice(before) }
  })

async function organisation(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    "insert into organisations (name, slug) values ('Fairness', gen_random_uuid()::text) returning id",
  )
  return rows[0]?.id ?? ''
}

/** As a task that was changed announces it. */
async function write(client: pg.ClientBase, organisationId: string, count: number): Promise<void> {
  const payload = {
    taskId: '00000000-0000-7000-8000-000000000001',
    taskKey: 'FAI-1',
    taskTitle: 'Fair',
    kind: 'updated',
    actorId: '00000000-0000-7000-8000-000000000002',
    detail: '',
    at: new Date().toISOString(),
    notify: [],
  }
  await client.query(
    "insert into outbox (org_id, topic, payload) select $1, 'task.activity', $2::jsonb from generate_series(1, $3::int)",
    [organisationId, JSON.stringify(payload), count],
  )
}

async function done(client: pg.ClientBase, organisationId: string): Promise<number> {
  const { rows } = await client.query<{ done: number }>(
    'select count(*)::int as done from activity where org_id = $1',
    [organisationId],
  )
  return rows[0]?.done ?? 0
}

async function until(client: pg.ClientBase, organisationId: string, count: number): Promise<void> {
  const began = performance.now()
  while ((await done(client, organisationId)) < count) {
    if (performance.now() - began > patienceMs) throw new Error(`not ${count} effects within three minutes`)
    await sleep(everyMs)
  }
}

/** In the order of the writes. */
async function delaysOf(client: pg.ClientBase, organisationId: string): Promise<number[]> {
  const { rows } = await client.query<{ delay: number }>(
    `select extract(epoch from uuid_extract_timestamp(a.id) - uuid_extract_timestamp(o.id))::float8 * 1000 as delay
     from outbox o join activity a on a.org_id = o.org_id and a.outbox_id = o.id
     where o.org_id = $1 order by o.id`,
    [organisationId],
  )
  return rows.map(({ delay }) => delay)
}

/** Prints both side by side. @returns whether the fair queue keeps its limit */
export async function benchFairness(jobs: number, print: (line: string) => void): Promise<boolean> {
  print(`one organisation with ${jobs.toLocaleString('en')} jobs at once, another one with 20 a second …`)
  const fair = await fairness(jobs)
  const plain = await fairness(jobs, 'plain-queues')
  const table = new Table({
    head: ['queue', 'the other’s jobs', 'wait p50', 'p95', 'longest', 'all done in'],
    style: { head: [], border: [] },
  })
  for (const [name, { delays, seconds }] of [
    ['in turn', fair],
    ['as they come', plain],
  ] as const)
    table.push([
      name,
      String(delays.length),
      inWords(percentile(delays, 0.5)),
      inWords(percentile(delays, 0.95)),
      inWords(Math.max(...delays)),
      `${seconds.toFixed(1)} s`,
    ])
  print(table.toString())
  const holds = percentile(fair.delays, 0.95) <= neighbours.effectDelayP95
  print(
    `wanted: p95 of at most ${inWords(neighbours.effectDelayP95)} in turn: ${holds ? 'kept' : 'not kept'}`,
  )
  return holds
}

const inWords = (ms: number) => (ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`)
