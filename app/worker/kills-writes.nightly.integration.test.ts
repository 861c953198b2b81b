import { setTimeout } from 'node:timers/promises'
import { uuid } from '@headroom/fixtures/random.ts'
import { type RunningSandbox, startSandbox } from '@headroom/payments-sandbox/server.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployment, startDeployment } from './testing/deployment.ts'
import { draws } from './testing/history.ts'
import { killAtRandom } from './testing/kill-at-random.ts'

/** KILL_SEEDS=20 plays as many; KILL_SEED=7 begins with that one, which a failure names. */
const first = Number(process.env.KILL_SEED ?? 1)
const seeds = Array.from({ length: Number(process.env.KILL_SEEDS ?? 1) }, (_, n) => first + n)

describe.each(seeds)('what writes bring about, while workers and Redis are killed (seed %i)', (seed) => {
  let sandbox: RunningSandbox
  let deployment: Deployment
  const [organisation, person, task] = [uuid(seed, 0, 0), uuid(seed, 0, 1), uuid(seed, 0, 2)]

  beforeAll(async () => {
    sandbox = await startSandbox({ seed: `kills of writes ${seed}`, frozen: true })
    deployment = await startDeployment({ stripe: sandbox, webhookSecret: 'whsec_of_the_test' })
    const project = uuid(seed, 0, 3)
    await deployment.database.query(`
      insert into organisations (id, name, slug) values ('${organisation}', 'Kills', '${organisation}');
      insert into users (id, email, name) values ('${person}', '${person}@example.test', 'Person');
      insert into memberships (org_id, user_id, role) values ('${organisation}', '${person}', 'member');
      insert into projects (org_id, id, name, key) values ('${organisation}', '${project}', 'Kills', 'KIL');
      insert into tasks (org_id, id, project_id, number, title, status, position)
        values ('${organisation}', '${task}', '${project}', 1, 'Kills', 'todo', 'a0')`)
  })
  afterAll(async () => {
    await deployment?.stop()
    await sandbox?.close()
  })

  /** As a change of a task announces it, and by which somebody is told. */
  const write = () =>
    deployment.database.query(`insert into outbox (org_id, topic, payload)
      select '${organisation}', 'task.activity', jsonb_build_object(
        'taskId', '${task}', 'taskKey', 'KIL-1', 'taskTitle', 'Kills', 'kind', 'updated', 'actorId', '${person}',
        'detail', '', 'at', '2026-01-01T00:00:00Z',
        'notify', jsonb_build_array(jsonb_build_object('userId', '${person}', 'kind', 'assigned')))
      from generate_series(1, 20)`)

  /** @returns how many rows have not the effects that they ask for, once each */
  async function wrong(): Promise<Record<string, number>> {
    const { rows } = await deployment.database.query(`
      select (select count(*)::int from outbox where relayed_at is null) as waiting,
        (select count(*)::int from outbox o where topic = 'task.activity'
          and not exists (select from activity a where a.org_id = o.org_id and a.outbox_id = o.id)) as lost,
        (select count(*)::int from outbox o where topic = 'task.activity'
          and not exists (select from notifications n where n.org_id = o.org_id and n.outbox_id = o.id)) as untold,
        (select count(*)::int - count(distinct outbox_id)::int from activity) as doubled,
        (select count(*)::int from outbox where settled_at is null) as unsettled`)
    return Object.fromEntries(
      Object.entries(rows[0] as Record<string, number>).filter(([, count]) => count > 0),
    )
  }

  async function killWhileWriting(): Promise<Record<string, number>> {
    const killing = killAtRandom(deployment, [[draws(seed + 4_000_000), ['worker-1', 'worker-2', 'redis']]])
    while (!killing.happened()) {
      await write()
      await setTimeout(100)
    }
    return killing.end()
  }

  it('is there once each, and is known to be', { timeout: 240_000 }, async () => {
    const kills = await killWhileWriting()
    await expect.poll(wrong, { timeout: 150_000, interval: 1_000 }).toEqual({})
    console.log(`killed: ${JSON.stringify(kills)}`)
  })

  it('would be seen missing where nothing looks for what Redis lost', { timeout: 240_000 }, async () => {
    // As if each job had ended when it was relayed.
    await deployment.database.query(`
      create function settle_at_once() returns trigger language plpgsql as
        $$ begin new.settled_at = coalesce(new.settled_at, new.relayed_at); return new; end $$;
      create trigger settle_at_once before update on outbox for each row execute function settle_at_once()`)
    await killWhileWriting()
    // Redis ends in the middle of work, and remembers nothing.
    for (let n = 0; n < 3; n++) {
      for (let batch = 0; batch < 20; batch++) await write()
      await setTimeout(300)
      await deployment.kill('redis', { forgets: true })
    }
    const relayed = async () => (await wrong()).waiting ?? 0
    await expect.poll(relayed, { timeout: 60_000 }).toBe(0)
    await setTimeout(5_000)
    expect((await wrong()).lost ?? 0).toBeGreaterThan(0)
  })
})
