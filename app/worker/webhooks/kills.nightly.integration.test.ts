import { setTimeout } from 'node:timers/promises'
import { execute } from '@worklane/domain/execute.ts'
import { operations } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import type { EventType } from '@worklane/domain/webhooks/events.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployment, startDeployment } from '../testing/deployment.ts'
import { draws } from '../testing/history.ts'
import { killAtRandom } from '../testing/kill-at-random.ts'
import { faultsOf, type Intent, type Taken } from './testing/ledger.ts'
import { type Receiver, startReceiver, verified } from './testing/receiver.ts'

/** KILL_SEEDS=20 plays as many; KILL_SEED=7 begins with that one, which a failure names. */
const first = Number(process.env.KILL_SEED ?? 1)
const seeds = Array.from({ length: Number(process.env.KILL_SEEDS ?? 1) }, (_, n) => first + n)
const organisations = 4
const writes = 150
/** What each endpoint of an organisation wants to be told. */
const wishes: Record<string, EventType[]> = {
  all: ['task.created', 'task.updated', 'comment.created'],
  some: ['task.updated'],
}

describe.each(seeds)('webhooks of a receiver that fails, under kills (seed %i)', (seed) => {
  const shared = { ...process.env }
  let killed: Deployment
  let receiver: Receiver
  let tenants: Tenant[]
  /** By the path of its endpoint. */
  const secrets = new Map<string, string>()

  beforeAll(async () => {
    const more = { ENCRYPTION_KEYS: 'k'.repeat(32), WEBHOOKS_ALLOW_PRIVATE: '1' }
    ;[killed, receiver] = await Promise.all([startDeployment({ more }), startReceiver()])
    // This process writes, into the database of the other ones.
    const { app, auth } = killed.database.urls
    Object.assign(process.env, {
      ...{ DATABASE_URL: killed.database.adminUrl, APP_DATABASE_URL: app, AUTH_DATABASE_URL: auth },
      ...more,
    })
    tenants = await Promise.all(Array.from({ length: organisations }, createTenant))
    for (const { id, people } of tenants)
      for (const [name, events] of Object.entries(wishes)) {
        const path = `/${id}/${name}`
        const { secret } = await execute(operations['webhook.create'], people.admin.actor, {
          ...{ url: receiver.url + path, events },
        })
        secrets.set(path, secret)
      }
  })
  afterAll(async () => {
    await Promise.allSettled([receiver?.close(), killed?.stop(), closeRuntime()])
    Object.assign(process.env, shared)
  })

  it('come to each endpoint that wants them, and none is lost, doubled, or told to another', {
    timeout: 900_000,
  }, async () => {
    const [draw, ofReceiver] = [draws(seed), draws(seed + 1_000_000)]
    const taken: Taken[] = []
    // A signature is good for some minutes: it is looked at as it comes.
    const answering =
      (fails: () => number | null): Receiver['answer'] =>
      (request) => {
        const told = toldBy(request)
        const status = fails() ?? 200
        if (status === 200) taken.push(told)
        return status
      }
    receiver.answer = answering(() => (ofReceiver() < 0.2 ? 503 : ofReceiver() < 0.1 ? 0 : null))
    const killing = killAtRandom(killed, [
      [draws(seed + 2_000_000), ['worker-1', 'worker-2']],
      [draws(seed + 3_000_000), ['redis']],
    ])
    let isOver = false
    const hurrying = (async () => {
      for (; !isOver; await setTimeout(500)) await hurry()
    })()

    const intents: Intent[] = []
    for (let n = 0; n < writes || !killing.happened(); n++) {
      const tenant = tenants[Math.floor(draw() * tenants.length)] as Tenant
      const event = await write(tenant, draw(), `write ${n}`)
      for (const [endpoint, events] of Object.entries(wishes))
        if (events.includes(event.split(' ')[0] as EventType))
          intents.push({ organisation: tenant.id, endpoint, event })
      await setTimeout(draw() * 200)
    }
    const kills = await killing.end()
    receiver.answer = answering(() => null)
    const ended = performance.now()
    await expect.poll(waiting, { timeout: 300_000, interval: 500 }).toEqual({ jobs: 0, deliveries: 0 })
    isOver = true
    await hurrying

    const seconds = ((performance.now() - ended) / 1_000).toFixed(0)
    console.log(
      `${intents.length} to tell, ${receiver.received.length} requests, ${taken.length} taken, quiet after ${seconds} s; killed: ${JSON.stringify(kills)}`,
    )
    expect(faultsOf(intents, taken)).toEqual([])
    expect(await count("from webhook_deliveries where state <> 'delivered'")).toBe(0)
    expect(await count('from webhook_deliveries')).toBe(intents.length)
  })

  /** One write of a kind that chance decides. @returns what names its event among all */
  async function write({ people, project, task }: Tenant, chance: number, name: string): Promise<string> {
    const { actor } = people.member
    if (chance < 0.4) {
      await execute(operations['task.create'], actor, { projectId: project, title: name })
      return `task.created ${name}`
    }
    if (chance < 0.8) {
      await execute(operations['task.update'], actor, { taskId: task, title: name })
      return `task.updated ${name}`
    }
    await execute(operations['comment.create'], actor, { taskId: task, body: name })
    return `comment.created ${name}`
  }

  /** What a request says, whose signature is by the endpoint's own secret. */
  function toldBy(request: Parameters<Receiver['answer']>[0]): Taken {
    const { type, data } = verified(request, secrets.get(request.path) ?? '')
    const { comment, task } = data as { comment?: { body: string }; task: { title: string } }
    const [, organisation = '', endpoint = ''] = request.path.split('/')
    return { organisation, endpoint, event: `${type} ${comment?.body ?? task.title}`, id: request.id }
  }

  const count = async (what: string): Promise<number> =>
    (await killed.database.query(`select count(*)::int as n ${what}`)).rows[0].n

  const waiting = async () => ({
    jobs: await count("from outbox where topic like 'webhook.%' and settled_at is null"),
    deliveries: await count("from webhook_deliveries where state = 'waiting'"),
  })

  /** Pauses between tries are of hours. */
  const hurry = () =>
    killed.database.query(
      "update webhook_deliveries set next_at = now(), ask_at = now() where state = 'waiting' and ask_at = next_at and next_at > now()",
    )
})
