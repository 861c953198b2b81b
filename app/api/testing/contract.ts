import { randomUUID } from 'node:crypto'
import type { AnyOperation } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { furnish, type Things } from '@worklane/domain/testing/things.ts'
import { beforeAll, expect, it } from 'vitest'
import { type App, type Ask, asSession, restAsk, send } from './asks.ts'

/** What every mounting of the API keeps to: in a process of its own, and inside Next. @param start gives what answers */
export function keepsTheContract(start: () => Promise<App>): void {
  let tenant: Tenant
  let things: Things
  let api: App

  beforeAll(async () => {
    api = await start()
    tenant = await createTenant()
    things = await furnish(tenant)
  })

  const named = (name: string) => operationList.find((each) => each.name === name) as AnyOperation
  const owner = (ask: Ask) => asSession(ask, tenant.people.owner.token)
  const withHeaders = ({ path, init }: Ask, headers: Record<string, string>): Ask => ({
    path,
    init: { ...init, headers: { ...init.headers, ...headers } },
  })
  const createTask = (key: string, title = 'Once') =>
    withHeaders(owner(restAsk(named('task.create'), { projectId: things.projectId, title })), {
      'idempotency-key': key,
    })
  const titled = (title: string) =>
    asAdministrator(async (client) => {
      const { rows } = await client.query(
        'select count(*)::int as n from tasks where org_id = $1 and title = $2',
        [tenant.id, title],
      )
      return rows[0].n as number
    })

  it('does a write once, however often it is sent with one key, even at once', async () => {
    const [key, title] = [randomUUID(), randomUUID()]
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(api, createTask(key, title))))
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(201))
    expect(new Set(answers.map(({ text }) => JSON.parse(text).id)).size).toBe(1)
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(4)
    expect(await titled(title)).toBe(1)
    // Without a key each is a write of its own.
    const plain = () =>
      send(api, owner(restAsk(named('task.create'), { projectId: things.projectId, title })))
    await Promise.all([plain(), plain()])
    expect(await titled(title)).toBe(3)
  })

  it('refuses a key that was used for something else, or that is none', async () => {
    const key = randomUUID()
    await send(api, createTask(key, 'One'))
    expect((await send(api, createTask(key, 'Two'))).status).toBe(409)
    expect((await send(api, createTask('with space', 'Three'))).status).toBe(400)
  })

  it('leaves no key behind a write that failed', async () => {
    const key = randomUUID()
    const bad = withHeaders(
      owner(
        restAsk(named('task.create'), { projectId: things.projectId, title: 'x', assigneeId: randomUUID() }),
      ),
      { 'idempotency-key': key },
    )
    expect((await send(api, bad)).status).toBe(400)
    expect((await send(api, createTask(key, 'After all'))).status).toBe(201)
  })

  it('answers 304 to who has the answer already, and 200 after a write', async () => {
    const read = owner(restAsk(named('task.get'), { taskId: things.taskId }))
    const first = await send(api, read)
    const known = { 'if-none-match': first.headers.get('etag') ?? '' }
    const again = await send(api, withHeaders(read, known))
    expect([again.status, again.text]).toEqual([304, ''])
    await send(api, owner(restAsk(named('task.update'), { taskId: things.taskId, title: 'Newer' })))
    expect((await send(api, withHeaders(read, known))).status).toBe(200)
  })

  it('tells of the rate limit that is nearest', async () => {
    const { headers } = await send(api, owner({ path: '/v1/me', init: { headers: {} } }))
    expect(Number(headers.get('ratelimit-limit'))).toBeGreaterThan(0)
    expect(Number(headers.get('ratelimit-remaining'))).toBeLessThan(Number(headers.get('ratelimit-limit')))
    expect(Number(headers.get('ratelimit-reset'))).toBeLessThanOrEqual(60)
  })

  it('shows one’s own write at once, though the read was kept', async () => {
    const board = owner(restAsk(named('board.get'), { projectId: things.projectId }))
    await send(api, board)
    for (let turn = 0; turn < 5; turn++) {
      const title = randomUUID()
      await send(api, owner(restAsk(named('task.update'), { taskId: things.taskId, title })))
      expect((await send(api, board)).text).toContain(title)
    }
  })

  it('keeps what one tenant reads from another that asks the same', async () => {
    const other = await createTenant()
    const ask = restAsk(named('project.list'), {})
    const own = await send(api, owner(ask))
    const theirs = await send(api, asSession(ask, other.people.owner.token))
    expect(own.text).toContain(tenant.canary)
    expect(theirs.text).toContain(other.canary)
    expect(theirs.text).not.toContain(tenant.canary)
  })

  it('writes down every change with before and after, and no name', async () => {
    const assigneeId = tenant.people.member.actor.userId
    await send(
      api,
      owner(restAsk(named('task.update'), { taskId: things.taskId, priority: 'high', assigneeId })),
    )
    const { text } = await send(
      api,
      owner(restAsk(named('audit.list'), { operation: 'task.update', limit: 1 })),
    )
    const [entry] = JSON.parse(text).items
    expect(entry).toMatchObject({
      actor: { id: tenant.people.owner.actor.userId },
      before: { priority: 'none', assignee: null },
      after: { priority: 'high', assignee: assigneeId },
      target: `task ${things.taskId}`,
    })
    expect(entry.requestId).not.toBe('')
  })
}
