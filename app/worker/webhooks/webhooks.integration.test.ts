import { randomUUID } from 'node:crypto'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import { acceptInvitation } from '@worklane/domain/accounts/invitations.ts'
import type { Actor } from '@worklane/domain/actor.ts'
import { execute, perform } from '@worklane/domain/execute.ts'
import { removeMe } from '@worklane/domain/me/remove.ts'
import { operationList, operations } from '@worklane/domain/operations.ts'
import { closeRuntime, runtime } from '@worklane/domain/runtime.ts'
import { createSession } from '@worklane/domain/sessions/sessions.ts'
import { tokenHash } from '@worklane/domain/sessions/token.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { catalogue, type EventType, eventTypes } from '@worklane/domain/webhooks/events.ts'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkFile } from '../files/check.ts'
import { runImport } from '../imports/apply.ts'
import { askForDue, pruneWebhooks } from './due.ts'
import { fanOut, longestBody } from './fan-out.ts'
import { pauses } from './retries.ts'
import { type Receiver, startReceiver, verified } from './testing/receiver.ts'
import { effectOf, takeJobs, workOff } from './testing/work-off.ts'

describe('webhooks', () => {
  const shared = { ...process.env }
  let database: OwnDatabase
  let relay: pg.Pool
  let tenant: Tenant
  let receiver: Receiver

  beforeAll(async () => {
    // Workers of other tests would take up what these write.
    database = await ownDatabase()
    const { worker, auth, relay: relayUrl } = database.urls
    Object.assign(process.env, {
      ...{ DATABASE_URL: database.adminUrl, APP_DATABASE_URL: worker, AUTH_DATABASE_URL: auth },
      WEBHOOKS_ALLOW_PRIVATE: '1',
    })
    relay = new pg.Pool({ connectionString: relayUrl, max: 2 })
    relay.on('error', () => {})
  })
  afterAll(async () => {
    await Promise.allSettled([relay.end(), closeRuntime(), receiver.close()])
    Object.assign(process.env, shared)
    await database.remove()
  })
  beforeEach(async () => {
    await receiver?.close()
    ;[tenant, receiver] = await Promise.all([createTenant(), startReceiver()])
  })

  const admin = () => tenant.people.admin.actor
  const add = (events: EventType[] = ['task.created'], at: Tenant = tenant, path = '') =>
    execute(operations['webhook.create'], at.people.admin.actor, { url: receiver.url + path, events })
  const createTask = (at: Tenant = tenant) =>
    execute(operations['task.create'], at.people.member.actor, { projectId: at.project, title: 'Told of' })
  const rowsOf = (text: string, values: unknown[] = [tenant.id]) =>
    asAdministrator(async (client) => (await client.query(text, values)).rows)
  const deliveries = async (webhookId: string) =>
    (await execute(operations['webhook.deliveries'], admin(), { webhookId })).items
  /** Time goes by until every pause is over. */
  const waitOut = async () => {
    await rowsOf(
      "update webhook_deliveries set ask_at = now() - interval '1 s' where org_id = $1 and state = 'waiting'",
    )
    return askForDue(relay)
  }

  it('tell a receiver of a task that was created, signed, with what it was then', async () => {
    const { id, secret } = await add()
    const task = await createTask()
    await execute(operations['task.update'], admin(), { taskId: task.id, title: 'Another title' })
    await workOff(tenant.id)
    expect(receiver.received).toHaveLength(1)
    const [request] = receiver.received
    if (!request) throw new Error('nothing came')
    const told = verified(request, secret)
    expect(told).toEqual({
      type: 'task.created',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: catalogue['task.created'].parse({ actorId: tenant.people.member.actor.userId, task }),
    })
    // A link to somebody's picture is good for minutes.
    expect(request.body).not.toContain('avatar')
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringContaining('Worklane-Webhooks/1'),
    })
    expect(await deliveries(id)).toEqual([
      expect.objectContaining({
        ...{ state: 'delivered', type: 'task.created', attempts: 1, lastStatus: 200, lastError: null },
        ...{ messageId: request.id, nextAttemptAt: null },
      }),
    ])
    expect(() => verified(request, `${secret.slice(0, -4)}AAA=`)).toThrow('No matching signature')
    expect(() => verified({ ...request, body: request.body.replace('Told', 'Sold') }, secret)).toThrow()
  })

  it('tell of everything that the catalogue names, in the shape that it names', async () => {
    const { secret } = await add(eventTypes)
    const owner = tenant.people.owner.actor
    const run = (name: keyof typeof operations, input: object, actor: Actor = owner) =>
      perform(
        operationList.find((each) => each.name === name) as (typeof operationList)[number],
        actor,
        input,
      ) as Promise<{ id: string }>
    const project = await run('project.create', { key: 'HOOK', name: 'Hooks' })
    await run('project.update', { projectId: project.id, name: 'Webhooks' })
    const task = await run('task.create', { projectId: project.id, title: 'First' })
    await run('task.update', { taskId: task.id, title: 'Second', description: 'x' })
    await run('task.move', { taskId: task.id, status: 'doing' })
    const comment = await run('comment.create', { taskId: task.id, body: 'Said' })
    await run('comment.update', { commentId: comment.id, body: 'Said better' })
    await run('comment.remove', { commentId: comment.id })
    await run('task.remove', { taskId: task.id })
    await run('project.remove', { projectId: project.id })
    await run('member.remove', { memberId: tenant.people.viewer.actor.userId })
    await joinAndLeave()
    await attach(tenant.task)
    await workOff(tenant.id)
    const told = receiver.received.map((request) => verified(request, secret))
    for (const { type, data } of told)
      expect([type, catalogue[type as EventType].strict().safeParse(data).error?.message]).toEqual([
        type,
        undefined,
      ])
    expect([...new Set(told.map(({ type }) => type))].sort()).toEqual([...eventTypes].sort())
    const changes = told.find(({ type }) => type === 'task.updated')
    expect(changes?.data.changed).toEqual(['title', 'description'])
    expect(told.filter(({ type }) => type === 'member.left')).toHaveLength(2)
    expect(told.filter(({ type }) => type === 'file.ready')).toHaveLength(1)
  })

  /** Somebody attaches a file to a task, which is checked. */
  async function attach(taskId: string): Promise<void> {
    const { actor } = tenant.people.member
    const text = 'Worth reading'
    const { file, form } = await execute(operations['upload.create'], actor, {
      ...{ taskId, name: 'notes.txt', size: text.length },
    })
    const body = new FormData()
    for (const [name, value] of Object.entries(form?.fields ?? {})) body.set(name, value)
    body.set('file', new Blob([text]))
    expect((await fetch(form?.url ?? '', { method: 'POST', body })).status).toBe(204)
    await execute(operations['upload.complete'], actor, { uploadId: file.id })
    for (let n = 0; n < 2; n++)
      await checkFile({
        id: randomUUID(),
        orgId: tenant.id,
        topic: 'file.check',
        payload: { fileId: file.id },
      })
  }

  /** Somebody accepts an invitation, and removes their account again. */
  async function joinAndLeave(): Promise<void> {
    const [email, token] = [`${randomUUID()}@example.test`, randomUUID()]
    const [user] = await rowsOf(
      "insert into users (email, name, email_verified) values ($1, 'Newcomer', now()) returning id",
      [email],
    )
    await rowsOf(
      `insert into invitations (org_id, email, role, token_hash, invited_by, expires_at)
       values ($1, $2, 'member', $3, $4, now() + interval '1 day')`,
      [tenant.id, email, tokenHash(token), tenant.people.owner.actor.userId],
    )
    const session = await createSession(user.id, { proved: true })
    await acceptInvitation(user.id, token, session.token)
    const actor = {
      ...tenant.people.member.actor,
      userId: user.id,
      sessionId: await sessionOf(session.token),
    }
    await execute(removeMe, actor, { confirm: email })
  }
  const sessionOf = async (token: string) =>
    (await rowsOf('select id from sessions where token_hash = $1', [tokenHash(token)]))[0].id

  it('cost who has none no job, and nobody a statement more', async () => {
    const queries = async () => {
      const { pool } = runtime().database
      const before = pool.queries
      await createTask()
      return pool.queries - before
    }
    await createTask()
    const without = await queries()
    expect(await takeJobs(tenant.id)).toEqual([])
    // One that wants something else.
    await add(['project.created'])
    await createTask()
    expect(await takeJobs(tenant.id)).toEqual([])
    await add()
    expect(await queries()).toBe(without)
    expect(await takeJobs(tenant.id)).toHaveLength(1)
  })

  it('tell of tasks that were imported, each once, where they are wanted', async () => {
    const { actor } = tenant.people.member
    const importing = async (titles: string[]) => {
      const content = ['project,title', ...titles.map((title) => `ATL,${title}`)].join('\n')
      const { id } = await execute(operations['import.check'], actor, { name: 'tasks.csv', content })
      await execute(operations['import.apply'], actor, { importId: id })
      const job = { id: randomUUID(), orgId: tenant.id, topic: 'import', payload: { importId: id } }
      for (let n = 0; n < 2; n++) await runImport(job, new AbortController().signal)
    }
    await importing(['Untold'])
    expect(await takeJobs(tenant.id)).toEqual([])
    const { secret } = await add()
    await importing(['First', 'Second'])
    await workOff(tenant.id)
    const told = receiver.received.map((request) => verified(request, secret))
    expect(told.map(({ data }) => (data.task as { title: string }).title).sort()).toEqual(['First', 'Second'])
    for (const { data } of told)
      expect(catalogue['task.created'].strict().safeParse(data).error?.message).toBeUndefined()
  })

  it('are tried again after an outage, under the same id, and show both tries', async () => {
    const { id, secret } = await add()
    await createTask()
    receiver.answer = () => 503
    await workOff(tenant.id)
    const [failed] = await deliveries(id)
    expect(failed).toMatchObject({ state: 'waiting', attempts: 1, lastStatus: 503 })
    const pause = Date.parse(failed?.nextAttemptAt ?? '') - Date.parse(failed?.lastAt ?? '')
    expect(pause).toBeGreaterThanOrEqual(pauses[0])
    expect(pause).toBeLessThan(pauses[0] * 1.1 + 5_000)
    // Not before its time.
    expect(await askForDue(relay)).toBe(0)
    receiver.answer = () => 0
    expect(await waitOut()).toBe(1)
    await workOff(tenant.id)
    receiver.answer = () => 204
    expect(await waitOut()).toBe(1)
    // Asked for, and not due once more.
    expect(await askForDue(relay)).toBe(0)
    await workOff(tenant.id)
    expect(receiver.received.map(({ status }) => status)).toEqual([503, 0, 204])
    expect(new Set(receiver.received.map((request) => request.id)).size).toBe(1)
    for (const request of receiver.received) verified(request, secret)
    const { tries } = await execute(operations['webhook.delivery'], admin(), { deliveryId: failed?.id ?? '' })
    expect(tries.map(({ number, status, error, response }) => [number, status, error, response])).toEqual([
      [3, 204, null, ''],
      [2, null, 'The connection was cut off.', ''],
      [1, 503, null, 'not taken'],
    ])
    expect(await deliveries(id)).toMatchObject([{ state: 'delivered', attempts: 3 }])
  })

  it('leave a receiver alone for as long as it asks', async () => {
    const busy = await startReceiver({ 'retry-after': '900' })
    try {
      busy.answer = () => 429
      const { id } = await execute(operations['webhook.create'], admin(), {
        url: busy.url,
        events: ['task.created'],
      })
      await createTask()
      await workOff(tenant.id)
      const [refused] = await deliveries(id)
      const pause = Date.parse(refused?.nextAttemptAt ?? '') - Date.parse(refused?.lastAt ?? '')
      expect(pause).toBeGreaterThanOrEqual(900_000)
      expect(pause).toBeLessThan(1_000_000)
    } finally {
      await busy.close()
    }
  })

  it('are given up after the last try, and can be sent again from the log', async () => {
    const { id } = await add()
    await createTask()
    receiver.answer = () => 500
    await workOff(tenant.id)
    for (let n = 0; n < pauses.length; n++) {
      await waitOut()
      await workOff(tenant.id)
    }
    expect(receiver.received).toHaveLength(pauses.length + 1)
    const [given] = await deliveries(id)
    expect(given).toMatchObject({ state: 'failed', nextAttemptAt: null })
    expect(await waitOut()).toBe(0)
    await execute(operations['webhook.resend'], admin(), { deliveryId: given?.id ?? '' })
    await workOff(tenant.id)
    // Its retries begin anew.
    expect(await deliveries(id)).toMatchObject([{ state: 'waiting', attempts: pauses.length + 2 }])
    receiver.answer = () => 200
    await waitOut()
    await workOff(tenant.id)
    expect(await deliveries(id)).toMatchObject([{ state: 'delivered' }])
    expect(new Set(receiver.received.map((request) => request.id)).size).toBe(1)
  })

  it('come once more where a worker ended before it wrote down that they came, and never after that', async () => {
    const { id } = await add()
    await createTask()
    const [event] = await takeJobs(tenant.id)
    if (!event) throw new Error('no event')
    await effectOf(event)
    const [delivery] = await takeJobs(tenant.id)
    if (!delivery) throw new Error('no delivery')
    const { post } = await import('./post.ts')
    const ends: typeof post = async (...asked) => {
      await post(...asked)
      throw new Error('the worker ends here')
    }
    await expect(effectOf(delivery, ends)).rejects.toThrow('the worker ends here')
    await Promise.all([effectOf(delivery), effectOf(delivery)])
    const times = receiver.received.length
    expect(times).toBeGreaterThanOrEqual(2)
    expect(new Set(receiver.received.map((request) => request.id)).size).toBe(1)
    for (let n = 0; n < 3; n++) for (const job of [event, delivery]) await effectOf(job)
    await workOff(tenant.id)
    expect(receiver.received).toHaveLength(times)
    expect(await deliveries(id)).toMatchObject([{ state: 'delivered', attempts: 1 }])
  })

  it('of one organisation never reach another', async () => {
    const other = await createTenant()
    const [own, theirs] = [
      await add(['task.created'], tenant, '/own'),
      await add(['task.created'], other, '/theirs'),
    ]
    const [first, second] = [await createTask(), await createTask(other)]
    await workOff(tenant.id)
    await workOff(other.id)
    const told = receiver.received.map((request) => [
      request.path,
      JSON.parse(request.body).data.task.id as string,
    ])
    expect(told.sort()).toEqual(
      [
        ['/own', first.id],
        ['/theirs', second.id],
      ].sort(),
    )
    const at = (path: string) => receiver.received.find((request) => request.path === path)
    expect(() => verified(at('/own') as never, theirs.secret)).toThrow('No matching signature')
    verified(at('/own') as never, own.secret)
    // A job with somebody else's id finds nothing.
    const [foreign] = await deliveries(own.id)
    await execute(operations['webhook.resend'], admin(), { deliveryId: foreign?.id ?? '' })
    await effectOf({
      ...{ id: randomUUID(), orgId: other.id, topic: 'webhook.delivery' },
      payload: { deliveryId: foreign?.id, attempt: 1 },
    })
    expect(receiver.received).toHaveLength(2)
    await expect(
      execute(operations['webhook.delivery'], other.people.owner.actor, { deliveryId: foreign?.id ?? '' }),
    ).rejects.toMatchObject({ kind: 'notFound' })
  })

  it('are signed by two secrets for a day after one was rolled, and by one from then on', async () => {
    const { id, secret } = await add()
    const rolled = await execute(operations['webhook.rotateSecret'], admin(), { webhookId: id })
    expect(rolled.secret).not.toBe(secret)
    expect(Date.parse(rolled.previousSecretUntil ?? '') - Date.now()).toBeGreaterThan(23.9 * 3_600_000)
    await createTask()
    await workOff(tenant.id)
    for (const each of [secret, rolled.secret]) verified(receiver.received[0] as never, each)
    await rowsOf("update webhook_endpoints set previous_until = now() - interval '1 s' where org_id = $1")
    await createTask()
    await workOff(tenant.id)
    verified(receiver.received[1] as never, rolled.secret)
    expect(() => verified(receiver.received[1] as never, secret)).toThrow('No matching signature')
  })

  it('keep their secrets sealed, and show them in no log', async () => {
    const { id, secret } = await add()
    const rolled = await execute(operations['webhook.rotateSecret'], admin(), { webhookId: id })
    const kept = await rowsOf(
      `select (select jsonb_agg(w) from webhook_endpoints w where org_id = $1) as endpoints,
         (select jsonb_agg(a) from audit_log a where org_id = $1) as log,
         (select jsonb_agg(i) from idempotency i where org_id = $1) as keys`,
    )
    const text = JSON.stringify(kept)
    expect(text).toContain('webhook.rotateSecret')
    for (const each of [secret, rolled.secret])
      for (const part of [each, each.slice('whsec_'.length)]) expect(text).not.toContain(part)
    expect(JSON.stringify(await execute(operations['webhook.list'], admin(), {}))).not.toContain('whsec_')
    // Carried over to another organisation it opens for nobody.
    const other = await createTenant()
    const theirs = await add(['task.created'], other)
    await rowsOf(
      'update webhook_endpoints set secret = (select secret from webhook_endpoints where id = $2) where id = $1',
      [theirs.id, id],
    )
    await createTask(other)
    await expect(workOff(other.id)).rejects.toThrow('was changed, or sealed for another purpose')
  })

  it('are disabled by a receiver that is gone, which its admins are told once, where they have proved their address', async () => {
    const { id } = await add()
    await rowsOf("update memberships set role = 'admin' where org_id = $1 and role = 'manager'")
    await rowsOf(
      "update users set email_verified = null where email like 'manager.%' and id in (select user_id from memberships where org_id = $1)",
    )
    await Promise.all([createTask(), createTask(), createTask()])
    receiver.answer = () => 410
    const events = await takeJobs(tenant.id)
    for (const event of events) await effectOf(event)
    await Promise.all((await takeJobs(tenant.id)).map((job) => effectOf(job)))
    const webhook = await execute(operations['webhook.get'], admin(), { webhookId: id })
    expect(webhook).toMatchObject({ enabled: false, disabledBecause: 'gone' })
    expect((await deliveries(id)).map(({ state }) => state)).toEqual(['failed', 'failed', 'failed'])
    const mails = await rowsOf("select payload from outbox where org_id = $1 and topic = 'mail'")
    expect(mails.map(({ payload }) => payload.to.split('.')[0]).sort()).toEqual(['admin', 'owner'])
    expect(mails[0].payload.data.text).toContain('gone (410)')
    expect(mails[0].payload.data.subject).toBe('A webhook of yours is disabled')
    const [entry] = await rowsOf(
      "select * from audit_log where org_id = $1 and operation = 'webhook.disable'",
    )
    expect(entry).toMatchObject({ actor_id: null, after: { enabled: false, disabledBecause: 'gone' } })
    // Nothing more is told, until somebody enables it again.
    const before = receiver.received.length
    await createTask()
    await workOff(tenant.id)
    expect(receiver.received).toHaveLength(before)
    await expect(execute(operations['webhook.test'], admin(), { webhookId: id })).rejects.toMatchObject({
      kind: 'conflict',
    })
    receiver.answer = () => 200
    await execute(operations['webhook.update'], admin(), { webhookId: id, enabled: true })
    await execute(operations['webhook.test'], admin(), { webhookId: id })
    await workOff(tenant.id)
    expect(JSON.parse(receiver.received.at(-1)?.body ?? '')).toMatchObject({ type: 'webhook.test' })
  })

  it('are disabled after five days in which nothing arrived, and not where something did', async () => {
    const { id } = await add()
    const fail = async () => {
      receiver.answer = () => 500
      await createTask()
      await workOff(tenant.id)
      return execute(operations['webhook.get'], admin(), { webhookId: id })
    }
    const daysAgo = (days: number) =>
      rowsOf(
        'update webhook_endpoints set failing_since = now() - make_interval(hours => $2) where org_id = $1',
        [tenant.id, 24 * days - 1],
      )
    expect((await fail()).failingSince).not.toBeNull()
    await daysAgo(5)
    expect(await fail()).toMatchObject({ enabled: true })
    receiver.answer = () => 200
    await createTask()
    await workOff(tenant.id)
    expect((await execute(operations['webhook.get'], admin(), { webhookId: id })).failingSince).toBeNull()
    await fail()
    await daysAgo(6)
    expect(await fail()).toMatchObject({ enabled: false, disabledBecause: 'failing' })
    const mails = await rowsOf("select payload from outbox where org_id = $1 and topic = 'mail'")
    expect(mails).toHaveLength(2)
  })

  it('are ten at most, however many are added at the same time', async () => {
    const all = await Promise.allSettled(Array.from({ length: 14 }, () => add()))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    const refused = all.find((each) => each.status === 'rejected')
    expect(refused?.reason).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('10 webhooks'),
    })
    expect(await rowsOf('select from webhook_endpoints where org_id = $1')).toHaveLength(10)
  })

  it('are of paid plans: on a smaller one they are told nothing, and can be seen and removed', async () => {
    const { id } = await add()
    // Written on the plan before, and taken up on this one.
    await createTask()
    await rowsOf("update organisations set plan = 'free' where id = $1")
    const free = { ...admin(), plan: 'free' as const }
    await workOff(tenant.id)
    expect(receiver.received).toEqual([])
    await expect(
      execute(operations['webhook.create'], free, { url: receiver.url, events: ['task.created'] }),
    ).rejects.toMatchObject({ kind: 'beyondPlan', members: { need: 'webhooks', liftedBy: 'team' } })
    await execute(
      operations['task.create'],
      { ...tenant.people.member.actor, plan: 'free' },
      { projectId: tenant.project, title: 'Untold' },
    )
    expect(await takeJobs(tenant.id)).toEqual([])
    expect((await execute(operations['webhook.list'], free, {})).items.map((each) => each.id)).toEqual([id])
    await execute(operations['webhook.remove'], free, { webhookId: id })
  })

  it('hold the longest task that there can be', async () => {
    const { secret } = await add()
    const longest = { title: '\u0001'.repeat(200), description: '\u0001'.repeat(10_000) }
    await execute(operations['task.create'], admin(), { projectId: tenant.project, ...longest })
    await workOff(tenant.id)
    const [request] = receiver.received
    expect(verified(request as never, secret).data).toMatchObject({ task: longest })
    expect(request?.body.length).toBeGreaterThan(60_000)
    expect(request?.body.length).toBeLessThan(longestBody)
  })

  it('are forgotten after thirty days, with their tries', async () => {
    const { id } = await add()
    await createTask()
    await createTask()
    await workOff(tenant.id)
    await rowsOf(
      `update webhook_events set created_at = now() - interval '30 days 1 minute'
       where org_id = $1 and id = (select min(id::text)::uuid from webhook_events where org_id = $1)`,
    )
    expect(await pruneWebhooks(relay)).toBe(1)
    expect(await deliveries(id)).toHaveLength(1)
    expect(await rowsOf('select from webhook_attempts where org_id = $1')).toHaveLength(1)
  })

  it('would be seen to come twice, were an event not known by its id', async () => {
    const { id } = await add()
    await createTask()
    const [event] = await takeJobs(tenant.id)
    if (!event) throw new Error('no event')
    for (let n = 0; n < 3; n++) await fanOut(event)
    expect(await deliveries(id)).toHaveLength(1)
    for (let n = 0; n < 3; n++) await fanOut({ ...event, id: randomUUID() })
    expect(await deliveries(id)).toHaveLength(4)
  })
})
