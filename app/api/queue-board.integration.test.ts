import { randomUUID } from 'node:crypto'
import { operatorsOf } from '@worklane/data/operators.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'
import { boardPath } from './operators.ts'
import { openQueueBoard, type QueueBoard } from './queue-board.ts'

const origin = 'http://worklane.test'
const link = 'http://worklane.test/sign-in?token=let-me-in'
const page = `${boardPath}/`
const list = `${boardPath}/api/queues?activeQueue=mail&status=latest&page=1&jobsPerPage=10`

describe('the dashboard of the queues', () => {
  const inherited = { ...process.env }
  let database: OwnDatabase
  let redis: Redis
  let mails: Queue
  let tenant: Tenant
  let staff: Tenant
  let board: QueueBoard | undefined
  const api = createApi({
    origin,
    openQueueBoard: async () => {
      board ??= openQueueBoard(boardPath, redis.duplicate())
      return board
    },
  })

  beforeAll(async () => {
    database = await ownDatabase()
    const redisUrl = new URL('/10', process.env.REDIS_URL).href
    Object.assign(process.env, {
      ...{ DATABASE_URL: database.adminUrl, APP_DATABASE_URL: database.urls.app, REDIS_URL: redisUrl },
      ...{ AUTH_DATABASE_URL: database.urls.auth, OPERATOR_DATABASE_URL: database.urls.operator },
    })
    redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
    await redis.flushdb()
    mails = new Queue('mail', { connection: redis })
    ;[tenant, staff] = [await createTenant(), await createTenant()]
    const { rows } = await database.query(
      `select email from users where id = '${staff.people.owner.actor.userId}'`,
    )
    await operatorsOf(database.adminUrl).add(rows[0].email)
    await fillMails()
  })
  afterAll(async () => {
    await board?.close()
    await mails?.close()
    redis?.disconnect()
    await closeRuntime()
    await database.remove()
    Object.assign(process.env, inherited)
  })

  /** One that waits, and one that has failed with an error that quotes what it was given. */
  async function fillMails(): Promise<void> {
    const job = () => ({
      id: randomUUID(),
      orgId: tenant.id,
      topic: 'mail',
      payload: { to: 'ada@example.test', template: 'sign-in-link', data: { link } },
    })
    await mails.add('mail', job(), { jobId: 'fails', attempts: 1 })
    const worker = new Worker(
      'mail',
      async ({ data }) => {
        throw new Error(`550 <${data.payload.to}> is unknown; the mail had ${data.payload.data.link}`)
      },
      { connection: redis },
    )
    await new Promise((resolve) => worker.once('failed', resolve))
    await worker.close()
    await mails.add('mail', job(), { jobId: 'waits' })
    await (await mails.getJob('waits'))?.log(`sent to ada@example.test by ${link}`)
  }
  const ask = (path: string, token?: string, method = 'GET') =>
    api.request(path, { method, headers: token ? { cookie: `authjs.session-token=${token}` } : {} })
  const operator = () => staff.people.owner.token
  const texts = async (path: string) => (await ask(path, operator())).text()

  it.each([
    ['nobody', () => undefined],
    ['the owner of an organisation', () => tenant.people.owner.token],
    ['somebody else of the operator’s organisation', () => staff.people.admin.token],
  ])('is an address that does not exist to %s', async (_, token) => {
    for (const path of [boardPath, page, `${page}static/js/main.js`, list]) {
      const [there, nowhere] = await Promise.all([
        ask(path, token()),
        ask(path.replace('operator', 'nonesuch'), token()),
      ])
      expect(there.status).toBe(404)
      const told = async (response: Response) => ({
        headers: [...response.headers].filter(([name]) => name !== 'x-request-id'),
        text: (await response.text()).replaceAll(/"requestId":"[^"]*"/g, ''),
      })
      const { headers, text } = await told(nowhere)
      expect(await told(there)).toEqual({ headers, text: text.replaceAll('nonesuch', 'operator') })
    }
  })

  it('shows an operator a page that loads nothing from elsewhere, and holds no style and no script', async () => {
    const answer = await ask(page, operator())
    const html = await answer.text()
    expect(answer.status).toBe(200)
    const policy = answer.headers.get('content-security-policy')
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+="|https?:\/\//)
    const scripts = [...html.matchAll(/<script([^>]*)>/g)].map(([, attributes]) => attributes)
    expect(scripts.filter((each) => !/src="static|type="application\/json"/.test(each ?? ''))).toEqual([])
    // All that it names is there.
    const named = [...html.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, path]) => path)
    expect(named.length).toBeGreaterThan(3)
    for (const path of named) expect([path, (await ask(page + path, operator())).status]).toEqual([path, 200])
  })

  it('shows how many jobs there are, whose, and why they failed, and nothing of what they hold', async () => {
    const listed = await texts(list)
    const mail = JSON.parse(listed).queues.find(({ name }: { name: string }) => name === 'mail')
    expect(mail.counts).toMatchObject({ failed: 1 })
    expect(mail.readOnlyMode).toBe(true)
    expect(mail.jobs).toHaveLength(2)
    expect(mail.jobs[0].data).toMatchObject({ orgId: tenant.id, topic: 'mail', payload: '[hidden]' })
    const all = [listed]
    for (const id of ['fails', 'waits'])
      for (const more of ['', '/logs', '/flow'])
        all.push(await texts(`${boardPath}/api/queues/mail/${id}${more}`))
    expect(all.join('\n')).toContain('550 <[hidden]> is unknown; the mail had http://worklane.test/[hidden]')
    expect(all.join('\n')).not.toMatch(/ada@|let-me-in/)
    // What it would say, if nothing were hidden.
    expect(JSON.stringify(await mails.getJob('fails'))).toMatch(/(?=.*ada@)(?=.*let-me-in)/)
  })

  it('lets nobody do anything', async () => {
    const doing = [
      ['PUT', 'pause'],
      ['PUT', 'mail/retry/failed'],
      ['PUT', 'mail/fails/retry'],
      ['PUT', 'mail/waits/clean'],
      ['PUT', 'mail/empty'],
      ['PUT', 'mail/obliterate'],
      ['POST', 'mail/add'],
      ['PATCH', 'mail/waits/update-data'],
      ['DELETE', 'mail/waits'],
    ] as const
    for (const [method, path] of doing)
      expect([path, (await ask(`${boardPath}/api/queues/${path}`, operator(), method)).status]).toEqual([
        path,
        404,
      ])
    expect(await mails.getJobCounts('waiting', 'failed')).toMatchObject({ waiting: 1, failed: 1 })
  })

  it('is not there where nobody gave the API one', async () => {
    const without = createApi({ origin })
    const answer = await without.request(page, { headers: { cookie: `authjs.session-token=${operator()}` } })
    expect(answer.status).toBe(404)
  })
})
